"""The published result of a bundle, compared with what the rules of this house say of the count."""

from collections.abc import Mapping, Sequence

from models.values.decision import Decision
from models.values.decision_rules import Amounts, Facts, Rule, Ruling
from models.values.voting import INVALID, Choice, Motion, MotionKind
from rules.evidence import bundle
from rules.evidence.opened_box import OpenedBox
from rules.evidence.shapes import Largest, Result, RuleOfMotion, Rules, fault_at, read_value
from rules.evidence.verifier.reading import Files
from rules.voting import PACKS, adopted, lapses, rule_of, weigh

NOT_WHOLE = "ballots: the box was not whole: some were changed or taken away"
UNITS = ("heads", "area_dm2", "shares")


def compare_result(files: Files, motions: Sequence[Motion], box: OpenedBox) -> dict[str, str]:
    """Compare the published result with the one that follows; the outcomes."""
    result = read_value(Result, files.whole(bundle.RESULT), bundle.RESULT)
    rules = read_value(Rules, files.whole(bundle.RULES), bundle.RULES).motions
    names = {motion.id for motion in motions}
    if names != rules.keys() or names != result.motions.keys() or len(names) != len(motions):
        raise fault_at(bundle.RESULT, 0, "is about other motions")
    if result.roll != box.roll_sums():
        raise fault_at(bundle.RESULT, 0, "roll: its sums are others")
    if {"broken", "missing"} & result.ballots.keys():
        raise fault_at(bundle.RESULT, 0, NOT_WHOLE)
    if result.ballots != box.states:
        raise fault_at(bundle.RESULT, 0, "ballots: there are others")
    _largest(result.concentration, box)
    ruled: dict[str, Ruling] = {}
    for motion in motions:
        _known_law(motion.id, rules[motion.id])
        tally = box.tally(motion)
        _compare_tally(motion.id, result.motions[motion.id].tally, tally)
        ruled[motion.id] = weigh(_rule(rules[motion.id]), _facts(tally))
        _compare_decision(motion.id, result.motions[motion.id].decision, ruled[motion.id])
    passed = {name for name, ruling in ruled.items() if ruling.verdict == "PASS"}
    lapsed = lapses(motions, passed)
    outcomes = {
        name: "lapsed" if name in lapsed else "passed" if name in passed else "failed"
        for name in ruled
    }
    for name, outcome in outcomes.items():
        if result.motions[name].outcome != outcome:
            raise fault_at(bundle.RESULT, 0, f"motions.{name[:40]}.outcome: is {outcome}")
    if result.adopted != adopted(motions, passed):
        raise fault_at(bundle.RESULT, 0, "adopted: is not what the motions say")
    return outcomes


def _known_law(motion: str, given: RuleOfMotion) -> None:
    """A rule under the name of a pack that this release knows is that pack's, to the letter.

    `verify.py` cannot know the law; it prints the bars. What this release does not know, it takes
    from the bundle.
    """
    pack = next((pack for pack in PACKS if pack.id == given.id), None)
    if pack is None or given.kind not in tuple(MotionKind):
        return
    law = rule_of(pack, MotionKind(given.kind))
    due = (law.law, law.silence.kind, law.quorum, law.approve, law.reject_cap)
    if (given.law, given.silence, given.quorum, given.approve, given.reject_cap) != due:
        text = f"motions.{motion[:40]}: is not the law that this release knows as {pack.id}"
        raise fault_at(bundle.RULES, 0, text)


def _rule(given: RuleOfMotion) -> Rule:
    return Rule.model_validate(
        {
            **given.model_dump(exclude={"kind", "silence"}),
            "jurisdiction": "",
            "articles": ("",),
            "confidence": "V",
            "valid_from": "2000-01-01",
            "silence": {"kind": given.silence},
        }
    )


def _facts(tally: Mapping[str, Amounts]) -> Facts:
    return Facts(
        all=tally["roll"],
        participating=tally["participating"],
        yes=tally.get(Choice.YES, Amounts()),
        no=tally.get(Choice.NO, Amounts()),
        abstain=tally[Choice.ABSTAIN],
        invalid=tally[INVALID],
    )


def _compare_tally(
    motion: str, claimed: Mapping[str, int | None], tally: Mapping[str, Amounts]
) -> None:
    due = {
        f"{word}_{unit}": number
        for word, amounts in tally.items()
        for unit, number in zip(UNITS, (amounts.head, amounts.area, amounts.share), strict=True)
    }
    needed = {name for name in due if not name.endswith("_shares")}
    if not needed <= claimed.keys() <= due.keys():
        raise fault_at(bundle.RESULT, 0, f"motions.{motion[:40]}.tally: has other numbers")
    for name, number in claimed.items():
        if number != due[name]:
            raise fault_at(bundle.RESULT, 0, f"motions.{motion[:40]}.tally.{name}: is {due[name]}")


def _compare_decision(motion: str, claimed: Decision, ruling: Ruling) -> None:
    fields = ("code", "article", "have", "op", "need", "unit", "passed")
    due = [tuple(getattr(check, name) for name in fields) for check in ruling.checks]
    said = [tuple(getattr(check, name) for name in fields) for check in claimed.checks]
    if ruling.checks and ruling.checks[0].part == "roll":
        due[0] = said[0] if said and said[0][-1] is False else due[0]
    if claimed.verdict != ruling.verdict or said != due:
        text = f"motions.{motion[:40]}.decision: the rule says {ruling.verdict}, or other numbers"
        raise fault_at(bundle.RESULT, 0, text)


def _largest(claimed: Largest, box: OpenedBox) -> None:
    sums = box.roll_sums()
    most = max((entry.area_dm2 for entry in box.voters()), default=0)
    holders = {(e.heads, e.developer) for e in box.voters() if e.area_dm2 == most}
    above = 5 * most > sums.area_dm2 or 5 * claimed.heads > sums.heads
    due = (most, sums.heads, sums.area_dm2, above)
    said = (claimed.area_dm2, claimed.roll_heads, claimed.roll_area_dm2, claimed.above_one_fifth)
    if said != due or (claimed.heads, claimed.developer) not in holders:
        raise fault_at(bundle.RESULT, 0, "concentration: is another one")
