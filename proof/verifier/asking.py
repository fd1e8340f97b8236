"""The motions of a vote: what a ballot may say to each, and what was said."""

from __future__ import annotations

import collections
from typing import Counter, Dict, List, Tuple

from proof.verifier.menus import Chosen, Menu
from proof.verifier.reading import Fault, Fields, Files, object_of

UNITS = ("heads", "area_dm2", "shares")
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
APPROVAL = "approval"
"""How the works of a menu are approved; votes from before it was asked do not say it."""
LATER = ("above_bound", "after", "rule", "scope")
"""What a question says where it is not as usual: who was asked, the second vote it is put in, the cost."""
WHOLE = ".whole"
"""What the id of the question ends with that approves whatever the method chooses."""


class Motion:
    """One question: yes or no, one of several options, or works from a menu."""

    def __init__(self, fields: Fields) -> None:
        before = APPROVAL not in fields.value
        more = tuple(name for name in LATER if name in fields.value)
        fields.only(*ASKED, *(() if before else (APPROVAL,)), *more)
        self.approval = "" if before else fields.text(APPROVAL, ("each", "whole"))
        self.scope = _scope(fields.inner("scope")) if "scope" in more else ""
        self.above_bound = fields.flag("above_bound") if "above_bound" in more else None
        for name in ("after", "rule"):
            if name in more and not fields.text(name):
                raise fields.fault(name, "is empty")
        self.id = fields.text("id")
        self.title = fields.text("title")
        self.needs = [fields.text("kind", ("major", "ordinary")), fields.maybe_text("matter")]
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
        self.as_published = False
        """The numbers were not counted but taken as they were published."""
        self.said: Dict[str, List[int]] = {}
        words = [] if self.menu else self.options or ["yes", "no"]
        for word in (*words, "abstain", "invalid"):
            self.said[word] = [0, 0, 0]
        self.chose = [0, 0, 0]
        self.support: Dict[str, List[int]] = {}
        for name in self.menu.costs if self.menu else ():
            self.support[name] = [0, 0, 0]

    def asks_about(self, menu: Motion) -> bool:
        """Is this the question of yes or no on which the whole menu depends, of the same class?"""
        plain = self.menu is None and not self.options
        return plain and self.needs == menu.needs and menu.depends_on == self.id

    def allows(self, said: object, staffed: bool) -> bool:
        """Is this an answer to the motion? Papers that an official enters may be marked invalidly."""
        if self.menu is not None and not isinstance(said, str):
            return self.menu.choice(said) is not None
        if not isinstance(said, str) or said not in self.said:
            return False
        return said != "invalid" or staffed or said in self.options

    def count(self, said: object, weight: List[int]) -> None:
        """Add what ballots with this answer, which is allowed, weigh together."""
        chosen = None if self.menu is None or isinstance(said, str) else self.menu.choice(said)
        totals = [self.chose]
        if self.menu is not None and chosen is not None:
            self.chosen[chosen] += weight[0]
            totals += [self.support[name] for name in self.menu.wanted(chosen)]
        else:
            totals = [self.said[str(said)]]
        for total in totals:
            for unit, number in enumerate(weight):
                total[unit] += number

    def sums(self, *words: str) -> List[int]:
        """Heads, area and shares of all who said one of these words."""
        return [sum(self.said[word][unit] for word in words) for unit in range(len(UNITS))]

    def tally(
        self, roll: Dict[str, int | None], top: str = "", units: Tuple[str, ...] = UNITS[:2]
    ) -> Dict[str, Dict[str, int | None]]:
        """The published numbers; of several options or works, `top` is the yes and the others are no."""
        if self.menu is not None:
            yes = self.support[top] if top else self.chose
            no = [all_ - own for all_, own in zip(self.chose, yes)]
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
        tally: Dict[str, Dict[str, int | None]] = {"roll": {unit: roll[unit] for unit in units}}
        for word, numbers in found.items():
            tally[word] = dict(zip(units, numbers))
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
    for motion in motions.values():
        if motion.approval == "whole" and motion.menu is not None:
            asked = motions.get(motion.id + WHOLE)
            if asked is None or not asked.asks_about(motion):
                text = f"{motion.id[:40]}: nobody is asked about the whole menu"
                raise fields.fault("motions", text)
    return motions
