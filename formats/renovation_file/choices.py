"""Whether what belongs to a motion, an option, a work of a menu or an item names one that there is."""

from collections.abc import Iterator
from typing import NamedTuple

from formats.file_mapping import Path
from models.values.decisions.menu import Approval, BallotForm, Menu
from models.values.scheme import SchemeContent
from models.values.voting import INVALID, Choice, Motion

SHOWN = 32
TAKEN = (Choice.ABSTAIN.value, INVALID)
"""What a ballot says beside the options of its motion."""


class Wrong(NamedTuple):
    """The code of a problem, where in the file it is, and its words."""

    code: str
    path: Path
    params: dict[str, str]


def wrong_choices(scheme: SchemeContent) -> Iterator[Wrong]:
    """Items whose motion or choice there is not, works whose item there is not, questions of two kinds."""
    motions = {motion.id: motion for motion in scheme.motions}
    for number, item in enumerate(scheme.items):
        at: Path = ("scheme", "items", number)
        motion = motions.get(item.motion)
        if motion is None and item.motion:
            words = {"motion": item.motion[:SHOWN]}
            yield Wrong("opening.motion_unknown", (*at, "motion"), words)
        elif motion is None and item.choice:
            words = {"choice": item.choice[:SHOWN]}
            yield Wrong("opening.choice_alone", (*at, "choice"), words)
        elif motion is not None and item.choice and item.choice not in choices_of(motion):
            known = ", ".join(choices_of(motion)) or "-"
            words = {"choice": item.choice[:SHOWN], "motion": motion.id[:SHOWN], "known": known}
            yield Wrong("opening.choice_unknown", (*at, "choice"), words)
    yield from _without_motion(scheme)
    known_items = {item.id for item in scheme.items}
    for number, work in enumerate(scheme.works):
        if work.item and work.item not in known_items:
            path: Path = ("scheme", "works", number, "item")
            yield Wrong("opening.item_unknown", path, {"item": work.item[:SHOWN]})
    yield from _questions(scheme)


def _questions(scheme: SchemeContent) -> Iterator[Wrong]:
    """Motions that ask in two ways at once, or what no ballot can answer."""
    for number, motion in enumerate(scheme.motions):
        at: Path = ("scheme", "motions", number)
        if motion.options and motion.menu is not None:
            yield Wrong("opening.options_and_menu", at, {"motion": motion.id[:SHOWN]})
        yield from _options(motion, (*at, "options"))
        if motion.menu is not None:
            yield from _menu(motion.menu, (*at, "menu"))
        if motion.menu is None and motion.approval is Approval.WHOLE:
            yield Wrong("opening.approval_unused", (*at, "approval"), {"motion": motion.id[:SHOWN]})


def _options(motion: Motion, at: Path) -> Iterator[Wrong]:
    """Options that a ballot cannot tell apart, from each other or from what it says of none of them."""
    if len(motion.options) == 1:
        yield Wrong("opening.option_alone", at, {"motion": motion.id[:SHOWN]})
    seen: set[str] = set()
    for number, option in enumerate(motion.options):
        if option.id in seen:
            yield Wrong("opening.id_twice", (*at, number, "id"), {})
        seen.add(option.id)
        if not option.id.strip() or option.id in TAKEN:
            yield Wrong("opening.option_taken", (*at, number, "id"), {"taken": ", ".join(TAKEN)})


def _menu(menu: Menu, at: Path) -> Iterator[Wrong]:
    """A menu of no works, or with limits that no ballot keeps or that leave some ballots heavier than others."""
    if not menu.items:
        yield Wrong("opening.list_empty", (*at, "items"), {"field": "items"})
    if not _weighs_alike(menu):
        yield Wrong("opening.menu_points", (*at, "rules"), {})
    for name in ("length", "sum_cost", "points", "sum_points"):
        least = getattr(menu.rules, f"min_{name}")
        most = getattr(menu.rules, f"max_{name}")
        if name == "length":
            most = min(len(menu.items), len(menu.items) if most is None else most)
        if menu.items and least is not None and most is not None and least > most:
            words = {"least": f"min_{name}", "have": str(least), "most": str(most)}
            yield Wrong("opening.menu_limits", (*at, "rules", f"min_{name}"), words)


def _weighs_alike(menu: Menu) -> bool:
    """Whether no ballot gives more points than another may, nor takes some from a work to give others more."""
    rules = menu.rules
    if menu.form is not BallotForm.CUMULATIVE:
        return True
    bounded = rules.max_sum_points is not None
    return bounded and rules.min_points is not None and rules.min_points >= 0


def _without_motion(scheme: SchemeContent) -> Iterator[Wrong]:
    """Where several parts vote, each item says by whose motion it is built: one may pass and one fail."""
    if len({motion.scope for motion in scheme.motions}) > 1:
        for number, item in enumerate(scheme.items):
            if not item.motion:
                path: Path = ("scheme", "items", number, "motion")
                yield Wrong("opening.item_without_motion", path, {"item": item.id[:SHOWN]})


def choices_of(motion: Motion) -> tuple[str, ...]:
    """What may win under a motion: its options, or the works of its menu."""
    if motion.menu is not None:
        return tuple(motion.menu.costs)
    return tuple(option.id for option in motion.options)
