"""The motions of a vote: what a ballot may say to each, and what was said."""

from __future__ import annotations

import collections
from typing import Counter, Dict, List

from proof.verifier.menus import Chosen, Menu
from proof.verifier.reading import Fault, Fields, Files, object_of

UNITS = ("heads", "area_dm2")
MATTERS = (
    *("common_parts", "committee", "covenant", "fund_raise", "fund_use", "manager"),
    *("other", "rebuild", "rules"),
)
COMPLETIONS = ("add1", "add1-exhaustive", "none")
ASKED = (
    "completion",
    "depends_on",
    "id",
    "kind",
    "matter",
    "menu",
    "menu_rule",
    "options",
    "title",
)


class Motion:
    """One question: yes or no, one of several options, or works from a menu."""

    def __init__(self, fields: Fields) -> None:
        part = ("scope",) if "scope" in fields.value else ()
        fields.only(*ASKED, *part)
        self.scope = _scope(fields.inner("scope")) if part else ""
        self.id = fields.text("id")
        self.title = fields.text("title")
        fields.text("kind", ("major", "ordinary"))
        if fields.maybe_text("matter") is not None:
            fields.text("matter", MATTERS)
        self.depends_on = fields.maybe_text("depends_on")
        self.options: List[str] = []
        for option in fields.objects("options"):
            option.only("id", "title")
            option.text("title")
            self.options.append(option.text("id"))
        self.menu = None if fields.value["menu"] is None else Menu(fields.inner("menu"))
        self.menu_rule = fields.text("menu_rule", ("equal-shares", "greedy"))
        self.completion = fields.text("completion", COMPLETIONS)
        self.chosen: Counter[Chosen] = collections.Counter()
        self.said: Dict[str, List[int]] = {}
        words = [] if self.menu else self.options or ["yes", "no"]
        for word in (*words, "abstain", "invalid"):
            self.said[word] = [0, 0]
        self.chose = [0, 0]

    def allows(self, said: object, staffed: bool) -> bool:
        """Is this an answer to the motion? Papers that an official enters may be marked invalidly."""
        if self.menu is not None and not isinstance(said, str):
            return self.menu.choice(said) is not None
        if not isinstance(said, str) or said not in self.said:
            return False
        return said != "invalid" or staffed or said in self.options

    def count(self, said: object, heads: int, area: int) -> None:
        """Add what ballots with this answer, which is allowed, weigh together."""
        chosen = None if self.menu is None or isinstance(said, str) else self.menu.choice(said)
        total = self.chose
        if chosen is not None:
            self.chosen[chosen] += heads
        else:
            total = self.said[str(said)]
        total[0] += heads
        total[1] += area

    def sums(self, *words: str) -> List[int]:
        """Heads and area of all who said one of these words."""
        return [sum(self.said[word][unit] for word in words) for unit in range(len(UNITS))]

    def tally(self, roll: Dict[str, int | None], top: str = "") -> Dict[str, Dict[str, int | None]]:
        """The published numbers of a motion; of options, `top` is the yes and the others are no."""
        if self.menu is not None:
            yes, no = self.chose, [0, 0]
        elif self.options:
            yes, no = self.sums(top), self.sums(*(each for each in self.options if each != top))
        else:
            yes, no = self.sums("yes"), self.sums("no")
        found = {
            "yes": yes,
            "no": no,
            "abstain": self.sums("abstain"),
            "invalid": self.sums("invalid"),
        }
        found["participating"] = [sum(parts) for parts in zip(yes, no, found["abstain"])]
        tally: Dict[str, Dict[str, int | None]] = {"roll": {unit: roll[unit] for unit in UNITS}}
        for word, numbers in found.items():
            tally[word] = dict(zip(UNITS, numbers))
        return tally


def _scope(fields: Fields) -> str:
    """The building, or the entrance of one, whose owners alone were asked."""
    fields.only("building", "entrance", "kind")
    kind = fields.text("kind", ("building", "entrance"))
    names = ("building", "entrance") if kind == "entrance" else ("building",)
    return "/".join(fields.text(name) for name in names)


def read_motions(files: Files) -> Dict[str, Motion]:
    """What was asked, in the order in which it was asked."""
    fields = Fields(object_of(files, "motions.json"), "motions.json", 0)
    fields.only("motions")
    motions: Dict[str, Motion] = {}
    for part in fields.objects("motions"):
        motion = Motion(part)
        if motion.id in motions:
            raise part.fault("id", "is there twice")
        motions[motion.id] = motion
    if len({motion.scope for motion in motions.values()}) > 1:
        raise Fault("motions.json", 0, "the motions of one box ask different owners")
    return motions
