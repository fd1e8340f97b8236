"""The public form of a bundle: the tree of commitments and the published numbers, no ballot opened.

Whether the numbers are the sums of the ballots it cannot show; that the outcome follows from them, it can.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from proof.verifier.asking import UNITS, Motion, read_motions
from proof.verifier.counting import STATES
from proof.verifier.deciding import NAME_OF, read_rules
from proof.verifier.hashing import Leaves
from proof.verifier.packing import LEAVES
from proof.verifier.reading import Fault, Fields, Files, exact_json, object_of
from proof.verifier.receipt import check_receipt, code_of, place_of, read_receipt, typed_code
from proof.verifier.results import Counted, Found, check_one_hand, check_outcomes

BALLOTS_SAY = ("yes", "no", "abstain", "invalid")
BESIDE = ("present", "silent", "objections")
TOOK_PART = tuple(f"{word}_{unit}" for word in BALLOTS_SAY for unit in UNITS[:2])


class PublicBundle(NamedTuple):
    """What the public form of a bundle says, where it agrees with itself."""

    motions: dict[str, Motion]
    results: dict[str, Found]
    leaves: Leaves
    states: dict[str, int]
    roll: dict[str, int | None]


def read_leaves(files: Files, head: dict[str, object]) -> Leaves:
    """The leaves of the tree, as many as were signed and with the root that was signed."""
    leaves = Leaves()
    for number, raw in files.lines(LEAVES):
        line = Fields(exact_json(raw, LEAVES, number), LEAVES, number)
        line.only("leaf")
        leaves.add(line.hex("leaf", 32))
    if len(leaves) != head["tree_size"]:
        text = f"{len(leaves)} commitments, the signed tree has {head['tree_size']}"
        raise Fault(LEAVES, 0, text)
    if leaves.root().hex() != head["root"]:
        raise Fault(LEAVES, 0, "are not the commitments whose root was signed")
    return leaves


def read_public(files: Files, head: dict[str, object]) -> PublicBundle:
    """Check what a bundle shows without its ballots; the signatures are checked already.

    Raises:
        Fault: the first thing that does not agree.
    """
    leaves = read_leaves(files, head)
    motions = read_motions(files)
    rules = read_rules(files, motions)
    fields = Fields(object_of(files, "result.json"), "result.json", 0)
    fields.only("adopted", "ballots", "concentration", "motions", "roll")
    states, roll = fields.inner("ballots"), fields.inner("roll")
    states.only(*STATES)
    counts = {name: states.number(name) for name in STATES}
    if sum(counts.values()) != len(leaves):
        raise fields.fault("ballots", f"are {sum(counts.values())}, the tree has {len(leaves)}")
    roll.only("area_dm2", "entries", "heads", "shares")
    on_roll: dict[str, int | None] = {
        "area_dm2": roll.number("area_dm2"),
        "heads": roll.number("heads"),
        "shares": roll.maybe_number("shares"),
    }
    check_one_hand(fields.inner("concentration"), on_roll)

    def as_published(motion: Motion, part: Fields) -> Counted:
        counted = take_published(motion, part, on_roll)
        if not counts["counted"] and any(part.inner("tally").number(name) for name in TOOK_PART):
            raise part.fault("tally", "has votes, and no ballot was counted")
        return counted

    results = check_outcomes(fields, motions, rules, as_published)
    whole = {**on_roll, "entries": roll.number("entries")}
    return PublicBundle(motions, results, leaves, counts, whole)


def take_published(motion: Motion, part: Fields, on_roll: dict[str, int | None]) -> Counted:
    """Take a motion's published numbers for its count, where they agree with each other and the roll.

    Shares are on the roll where every entry has some; elsewhere those of the motion are the only ones.
    """
    motion.as_published = True
    tally = part.inner("tally")
    roll = {
        unit: tally.number(f"roll_{unit}") if f"roll_{unit}" in tally.value else on_roll[unit] or 0
        for unit in UNITS
    }
    for unit in UNITS:
        if on_roll[unit] is not None and roll[unit] != on_roll[unit]:
            raise tally.fault(f"roll_{unit}", f"is not the roll's {on_roll[unit]}")
        if f"yes_{unit}" in tally.value:
            _agree(tally, unit, roll[unit])
    for word in ("abstain", "invalid", *(() if motion.menu or motion.options else ("yes", "no"))):
        motion.said[word] = _numbers(tally, word)
    if motion.options:
        options = part.inner("options")
        options.only(*motion.options)
        for name, claim in options.each():
            motion.said[name] = _amounts(claim)
    if motion.menu is not None:
        _take_menu(motion, part, tally)
    beside = {
        word: {
            unit: tally.number(f"{word}_{unit}")
            for unit in UNITS
            if f"{word}_{unit}" in tally.value
        }
        for word in BESIDE
        if f"{word}_heads" in tally.value
    }
    return Counted({**roll}, beside)


def _agree(tally: Fields, unit: str, roll: int) -> None:
    """Who took part, came, was silent or objected: together no more than the roll has, in one unit.

    Whoever handed in a ballot has come, and who was silent did neither come nor object.
    """
    came, silent, objected = (
        tally.number(f"{word}_{unit}") if f"{word}_{unit}" in tally.value else None
        for word in BESIDE
    )
    took_part = sum(tally.number(f"{word}_{unit}") for word in BALLOTS_SAY)
    if took_part > (roll if came is None else came):
        more = "the roll has" if came is None else "came"
        raise tally.fault(f"participating_{unit}", f"is more than {more}")
    for word, others in (("silent", took_part), ("present", came), ("objections", objected)):
        if (silent or 0) + (others or 0) > roll:
            raise tally.fault(f"{word}_{unit}", "is more than the roll has")


def _take_menu(motion: Motion, part: Fields, tally: Fields) -> None:
    motion.chose = _numbers(tally, "yes")
    if motion.approval == "each":
        for name, claim in part.inner("works").each():
            if name not in motion.support:
                raise claim.fault("", "is no work of the menu")
            supporters = _amounts(claim.inner("supporters"))
            if any(own > all_ for own, all_ in zip(supporters, motion.chose)):
                raise claim.fault("supporters", "are more than chose works")
            motion.support[name] = supporters
    menu = part.inner("menu")
    won = menu.items("winners")
    assert motion.menu is not None
    if len(set(map(str, won))) < len(won) or not motion.menu.costs.keys() >= set(map(str, won)):
        raise menu.fault("winners", "are no works of the menu, or one stands there twice")


def _numbers(tally: Fields, word: str) -> list[int]:
    return [
        tally.number(f"{word}_{unit}") if f"{word}_{unit}" in tally.value else 0 for unit in UNITS
    ]


def _amounts(claim: Fields) -> list[int]:
    claim.only(*NAME_OF)
    return [claim.maybe_number(dimension) or 0 for dimension in NAME_OF]


def place_in_tree(leaves: Leaves, box_id: str, timed: bool, receipt: str) -> dict[str, object]:
    """Where the commitment of a receipt stands, given as a file or as its short code."""
    if not os.path.isfile(receipt):
        return place_of(leaves, None, typed_code(receipt))
    fields = read_receipt(receipt)
    leaf = check_receipt(fields, box_id, timed)
    return {**place_of(leaves, leaf, code_of(leaf)), "signed_by": fields.text("public_key")}
