"""The published result of a bundle, judged by the rules of this release.

`verify.py` reads a bundle and knows no law; reading it twice would find nothing new. What it has read
is judged here a second time by other code: which answers are allowed, what the rules make of the
count, and whether the rule is the law that stands under its name.
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple, cast

from models.values.voting import Motion, VotingPack
from proof.bundle import contents as bundle
from proof.bundle.laws import beside_the_ballots, law_of, under_law
from proof.bundle.shapes import (
    Largest,
    LawOfMotion,
    Motions,
    Result,
    RuleOfMotion,
    Rules,
    read_value,
)
from proof.verifier.main import ReadBundle
from proof.verifier.reading import Fault, Files
from rules.ballots.ballot import Choices, choice_problems
from rules.voting import adopted, lapses, whole_unasked
from rules.voting.live.beside import Beside, Weight
from rules.voting.results import MotionResult, motion_results

NOT_WHOLE = "ballots: the box was not whole: some were changed or taken away"


class Judged(NamedTuple):
    """What the rules of this release made of a bundle; by motion."""

    outcomes: dict[str, str]
    laws: dict[str, str]
    """The pack of this release that the rule is, to the letter; "" where it knows none of that name."""


def judge(files: Files, read: ReadBundle) -> Judged:
    """Compare the published result with the one that follows by the rules of this release.

    Raises:
        Fault: they differ, or a rule is not the law under whose name it stands.
    """
    motions = _motions(files)
    weights = _weights({motion.id: motion for motion in motions}, read)
    result = read_value(Result, files.whole(bundle.RESULT), bundle.RESULT)
    law = read_value(Rules, files.whole(bundle.RULES), bundle.RULES)
    rules = law.motions
    names = {motion.id for motion in motions}
    if names != rules.keys() or names != result.motions.keys() or len(names) != len(motions):
        raise Fault(bundle.RESULT, 0, "is about other motions")
    laws = {motion.id: law_of(motion, rules[motion.id]) for motion in motions}
    sums = bundle.RollSums.model_validate(read.roll.total())
    if result.roll != sums:
        raise Fault(bundle.RESULT, 0, "roll: its sums are others")
    if {"broken", "missing"} & result.ballots.keys():
        raise Fault(bundle.RESULT, 0, NOT_WHOLE)
    if result.ballots != read.states:
        raise Fault(bundle.RESULT, 0, "ballots: there are others")
    _largest(result.concentration, read)
    weight = Weight(sums.heads, sums.area_dm2, read.roll.voters_shares())
    whole = _Whole(weights, weight, beside_the_ballots(law.beside, read))
    due: dict[str, MotionResult] = {}
    for motion in motions:
        due |= _due(motion, rules[motion.id], result.motions[motion.id], whole)
    passed = {name for name, each in due.items() if each.outcome == "passed"}
    for name in lapses(motions, passed):
        due[name] = due[name].model_copy(update={"outcome": "lapsed"})
    for name, each in due.items():
        if result.motions[name].model_dump(mode="json") != each.model_dump(mode="json"):
            odd = _first_difference(result.motions[name], each)
            raise Fault(bundle.RESULT, 0, f"motions.{name[:40]}.{odd}: is another one")
    if result.adopted != adopted(motions, passed):
        raise Fault(bundle.RESULT, 0, "adopted: is not what the motions say")
    return Judged(outcomes={name: each.outcome for name, each in due.items()}, laws=laws)


def laws_of(files: Files) -> dict[str, str]:
    """Of a bundle without ballots, by motion: the pack or rule of this release that its rule is; "" for none.

    Raises:
        Fault: a rule is not the law under whose name it stands.
    """
    rules = read_value(Rules, files.whole(bundle.RULES), bundle.RULES).motions
    laws: dict[str, str] = {}
    for motion in _motions(files):
        given = rules[motion.id]
        laws[motion.id] = law_of(motion, given)
        if isinstance(given, RuleOfMotion):
            _pack(motion.id, given)
    return laws


class _Whole(NamedTuple):
    """What every motion is counted against."""

    weights: Mapping[bytes, Weight]
    roll: Weight
    beside: Beside


def _due(
    motion: Motion, given: RuleOfMotion | LawOfMotion, claimed: MotionResult, whole: _Whole
) -> dict[str, MotionResult]:
    """What becomes of a motion; only of this one: with another pack, another rule may hold for others."""
    before = _is_of_before(motion, claimed)
    alone = motion.model_copy(update={"depends_on": None, "after": "", "matter": None})
    if isinstance(given, LawOfMotion):
        return under_law(motion, alone, given, *whole, before=before)
    pack = _pack(motion.id, given)
    return motion_results(pack, [alone], *whole[:2], beside=whole.beside, before_approval=before)


def _is_of_before(motion: Motion, claimed: MotionResult) -> bool:
    """Whether menus obeyed no class of decision yet: neither the question nor the result says how."""
    before = "approval" not in motion.model_fields_set
    if before is ("works" in claimed.model_fields_set):
        raise Fault(bundle.RESULT, 0, f"motions.{motion.id[:40]}.works: is of another time")
    return before


def _motions(files: Files) -> tuple[Motion, ...]:
    motions = read_value(Motions, files.whole(bundle.MOTIONS), bundle.MOTIONS).motions
    for name in whole_unasked(motions):
        raise Fault(bundle.MOTIONS, 0, f"motions: nobody is asked about all of {name[:40]}")
    return motions


def _weights(motions: Mapping[str, Motion], read: ReadBundle) -> dict[bytes, Weight]:
    """What the ballots of each way to vote weigh together; each way is one that the motions allow."""
    weights: dict[bytes, Weight] = {}
    for (text, staffed), answer in read.box.answers.items():
        choices = cast("Choices", json.loads(text))
        if choice_problems(motions, choices, "paper" if staffed else "web"):
            raise Fault(bundle.BALLOTS, answer.line, "says what no motion asks")
        before = weights.get(text, Weight())
        weights[text] = before.plus(Weight(answer.heads, answer.area, answer.shares))
    return weights


def _first_difference(claimed: MotionResult, due: MotionResult) -> str:
    return next(
        (
            name
            for name in MotionResult.model_fields
            if getattr(claimed, name) != getattr(due, name)
        ),
        "",
    )


def _pack(motion: str, given: RuleOfMotion) -> VotingPack:
    """The rule of a motion in the form that the count takes."""
    if given.reject_cap:
        raise Fault(bundle.RULES, 0, f"motions.{motion[:40]}.reject_cap: is of no vote here")
    if not given.approve:
        raise Fault(bundle.RULES, 0, f"motions.{motion[:40]}.approve: is empty")
    return VotingPack(
        id="",
        region="",
        valid_from=date.min,
        quorum=given.quorum,
        ordinary=given.approve,
        major=given.approve,
        text=given.law,
        non_return="ignore" if given.silence == "no_vote" else given.silence,
    )


def _largest(claimed: Largest, read: ReadBundle) -> None:
    sums, largest = read.roll.total(), read.roll.largest()
    heads, area = sums["heads"] or 0, sums["area_dm2"] or 0
    above = 5 * claimed.area_dm2 > area or 5 * claimed.heads > heads
    if (claimed.area_dm2, claimed.heads, claimed.developer) not in largest or (
        claimed.roll_heads,
        claimed.roll_area_dm2,
        claimed.above_one_fifth,
    ) != (heads, area, above):
        raise Fault(bundle.RESULT, 0, "concentration: is another one")
