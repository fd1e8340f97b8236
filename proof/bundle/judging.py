"""The published result of a bundle, compared with what the rules of this project make of the count."""

from collections.abc import Sequence
from datetime import date

from models.values.voting import Motion, MotionKind, VotingPack
from proof.bundle import contents as bundle
from proof.bundle.opened_box import OpenedBox
from proof.bundle.shapes import Largest, Result, RuleOfMotion, Rules, fault_at, read_value
from proof.verifier.reading import Files
from rules.voting import PACKS, adopted, lapses, pack_rule
from rules.voting.results import MotionResult, Weight, motion_results

NOT_WHOLE = "ballots: the box was not whole: some were changed or taken away"


def compare_result(files: Files, motions: Sequence[Motion], box: OpenedBox) -> dict[str, str]:
    """Compare the published result with the one that follows; the outcomes."""
    result = read_value(Result, files.whole(bundle.RESULT), bundle.RESULT)
    rules = read_value(Rules, files.whole(bundle.RULES), bundle.RULES).motions
    names = {motion.id for motion in motions}
    if names != rules.keys() or names != result.motions.keys() or len(names) != len(motions):
        raise fault_at(bundle.RESULT, 0, "is about other motions")
    sums = box.roll_sums()
    if result.roll != sums:
        raise fault_at(bundle.RESULT, 0, "roll: its sums are others")
    if {"broken", "missing"} & result.ballots.keys():
        raise fault_at(bundle.RESULT, 0, NOT_WHOLE)
    if result.ballots != box.states:
        raise fault_at(bundle.RESULT, 0, "ballots: there are others")
    _largest(result.concentration, box)
    weight = Weight(sums.heads, sums.area_dm2)
    due: dict[str, MotionResult] = {}
    for motion in motions:
        pack = _pack(motion.id, rules[motion.id])
        alone = motion.model_copy(update={"depends_on": None})
        # Only this motion's answers: with another pack, another rule may hold for the others.
        due |= motion_results(pack, [alone], box.weights, weight)
    passed = {name for name, each in due.items() if each.outcome == "passed"}
    for name in lapses(motions, passed):
        due[name] = due[name].model_copy(update={"outcome": "lapsed"})
    for name, each in due.items():
        if result.motions[name].model_dump(mode="json") != each.model_dump(mode="json"):
            odd = _first_difference(result.motions[name], each)
            raise fault_at(bundle.RESULT, 0, f"motions.{name[:40]}.{odd}: is another one")
    if result.adopted != adopted(motions, passed):
        raise fault_at(bundle.RESULT, 0, "adopted: is not what the motions say")
    return {name: each.outcome for name, each in due.items()}


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
    """The rule of a motion in the form that the count takes.

    Under the name of a pack that this release knows it has to be that pack's, to the letter.
    `verify.py` cannot know the law; it prints the bars.
    """
    pack = next((pack for pack in PACKS if pack.id == given.id), None)
    if pack is not None and given.kind in tuple(MotionKind):
        law = pack_rule(pack, MotionKind(given.kind))
        declared = (given.law, given.silence, given.quorum, given.approve, given.reject_cap)
        if declared != (law.law, law.silence.kind, law.quorum, law.approve, law.reject_cap):
            text = f"motions.{motion[:40]}: is not the law that this release knows as {pack.id}"
            raise fault_at(bundle.RULES, 0, text)
    if given.reject_cap:
        raise fault_at(bundle.RULES, 0, f"motions.{motion[:40]}.reject_cap: is of no vote here")
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


def _largest(claimed: Largest, box: OpenedBox) -> None:
    sums = box.roll_sums()
    most = max((entry.area_dm2 for entry in box.voters()), default=0)
    holders = {(e.heads, e.developer) for e in box.voters() if e.area_dm2 == most}
    above = 5 * most > sums.area_dm2 or 5 * claimed.heads > sums.heads
    due = (most, sums.heads, sums.area_dm2, above)
    declared = (
        claimed.area_dm2,
        claimed.roll_heads,
        claimed.roll_area_dm2,
        claimed.above_one_fifth,
    )
    if declared != due or (claimed.heads, claimed.developer) not in holders:
        raise fault_at(bundle.RESULT, 0, "concentration: is another one")
