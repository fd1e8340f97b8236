"""The one mechanism behind every decision of owners: a rule applied to the numbers of a vote.

Pure and exact. `rules.voting.judging` adds what needs other rules (options, payers by another
rule); `rules.voting.packs` puts the tallies of a renovation's votes through it.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Literal

from models.values.decisions.decision import Verdict
from models.values.decisions.rules import (
    UNIT_OF,
    Bridge,
    Dispute,
    Facts,
    FollowUp,
    OtherReading,
    Part,
    Payers,
    Rule,
    RuleCheck,
    RuleResult,
    Thresholds,
)
from models.values.voting import Condition, Dimension, Measured
from rules.checks import compare, overall_verdict
from rules.voting.counted import (
    Counted,
    alternatives,
    counted,
    dimensions_of,
    following,
    required_quorum,
)
from rules.voting.numbers import least, most


def weigh(rule: Rule, facts: Facts, *, bridged: bool = False) -> RuleResult:
    """The full result of a rule for a vote, except for payers that another rule decides.

    `bridged` says that this is itself the vote that a bridge without further bridge opened
    (France: an art. 25 vote after art. 26-1).
    """
    numbers = counted(rule, facts)
    follows = rule.silence.kind == "follow_majority"
    voiced = following(rule, numbers, facts) if follows else numbers
    quorum_checks = (*_nobody(rule, numbers), *_tests(rule, "quorum", numbers))
    approval = _tests(rule, "approve", voiced)
    said = (*approval, *_tests(rule, "reject_cap", voiced), *_veto(rule, facts, numbers))
    quorum = _verdict(quorum_checks)
    presumed = quorum == "INDETERMINATE" and _presumed(rule, quorum_checks)
    stands = "PASS" if presumed else quorum
    said += _nothing_cast(rule, facts, _both(stands, _verdict(said)))
    approve = _verdict(said)
    verdict = _both(stands, approve)
    heads = tuple(check for check in approval if check.dimension == "head")
    return RuleResult(
        rule=rule.id,
        verdict=verdict,
        quorum=quorum,
        approve=approve,
        head_approve=_verdict(heads) if heads else None,
        quorum_presumed=presumed,
        checks=(*quorum_checks, *said),
        follow_ups=tuple(
            _follow_up(follow_up, verdict, quorum, numbers)
            for follow_up in rule.follow_ups
            if not (bridged and follow_up.kind == "bridge")
        ),
        payer_set=_payers(rule, facts, verdict),
        disputed=tuple(_otherwise(rule, facts, each, verdict) for each in rule.disputed),
        thresholds=thresholds(rule, numbers),
    )


def thresholds(rule: Rule, numbers: Counted) -> Thresholds:
    """The least whole numbers that a known roll needs: to take part, to attend, to agree."""
    found: dict[Measured, dict[Dimension, int]] = {
        "participating": {},
        "present": {},
        "in_person": {},
        "yes": {},
    }
    tests = (*rule.quorum, *rule.approve, *rule.reject_cap)
    for group in alternatives(rule, tests):
        needs: dict[tuple[Measured, Dimension], int] = {}
        for condition in group:
            need = _least_number(rule, condition, numbers["all", condition.dimension])
            key: tuple[Measured, Dimension] = (
                condition.value if condition.value in found else "yes",
                condition.dimension,
            )
            if need is not None:
                needs[key] = min(need, needs.get(key, need))
        for (aim, dimension), need in needs.items():
            found[aim][dimension] = max(need, found[aim].get(dimension, 0))
    return Thresholds(
        min_participating=found["participating"],
        min_present=found["present"],
        min_in_person=found["in_person"],
        min_yes_if_all_participate=found["yes"],
    )


def _least_number(rule: Rule, condition: Condition, everybody: int | None) -> int | None:
    """The least number that meets a test when everybody takes part and answers yes or no."""
    if everybody is None:
        return None
    bound = condition.fraction * _whole(rule, condition, everybody)
    if condition.value == "no":
        return everybody - most(condition.op, bound)
    return least(condition.op, bound)


def condition_check(condition: Condition, part: Part, numbers: Counted) -> RuleCheck:
    """One test with both of its numbers; `passed` is None while one of them is unknown."""
    have = numbers[condition.value, condition.dimension]
    base = numbers[condition.of, condition.dimension]
    need = None if base is None else condition.fraction * base
    return RuleCheck(
        code=condition.code,
        article=condition.article,
        have=None if have is None else Fraction(have),
        op=condition.op,
        need=need,
        unit=UNIT_OF[condition.dimension],
        passed=None if have is None or need is None else compare(have, condition.op, need),
        part=part,
        dimension=condition.dimension,
        value=condition.value,
        of=condition.of,
        fraction=condition.fraction,
        confidence=condition.confidence,
    )


def _whole(rule: Rule, condition: Condition, everybody: int) -> int:
    """The base of a condition when everybody on the roll takes part and answers yes or no."""
    if condition.of == "number":
        return 1
    if condition.of == "required_quorum":
        return required_quorum(rule, everybody, condition.dimension) or 0
    return everybody


def _tests(rule: Rule, part: Part, numbers: Counted) -> tuple[RuleCheck, ...]:
    """The tests of a part of the rule; of those of which one is enough, the ones that say why."""
    conditions = {
        "quorum": rule.quorum,
        "approve": rule.approve,
        "reject_cap": rule.reject_cap,
    }[part]
    return tuple(
        check
        for group in alternatives(rule, conditions)
        for check in _deciding([condition_check(each, part, numbers) for each in group])
    )


def _deciding(checks: Sequence[RuleCheck]) -> tuple[RuleCheck, ...]:
    """Of tests of which one is enough: those that are met, else those that are unknown, else all.

    Without any there is nothing to decide by: a bundle may say so, and no law does.
    """
    if not checks:
        return ()
    best = min((check.passed for check in checks), key=(True, None, False).index)
    return tuple(check for check in checks if check.passed is best)


def _presumed(rule: Rule, checks: Iterable[RuleCheck]) -> bool:
    """Whether the quorum that a record is silent about is taken to have been: that of attendance."""
    unknown = [check.value for check in checks if check.passed is None]
    return rule.quorum_unknown == "presumed" and set(unknown) == {"present"}


def _nothing_cast(rule: Rule, facts: Facts, verdict: Verdict) -> tuple[RuleCheck, ...]:
    """The check that nothing is adopted without a yes or a no, where no other test says so.

    Neither a cap on votes against nor "nobody against" nor silence that counts as yes adopts
    anything by itself.
    """
    if verdict == "FAIL":
        return ()
    checks = (
        _above_zero(
            rule,
            dimension,
            f"voting.votes_cast.{dimension}",
            ("approve", "cast"),
            _cast(facts.yes.of(dimension), facts.no.of(dimension)),
        )
        for dimension in dimensions_of(rule.approve, rule.reject_cap)
    )
    wanted = (False,) if verdict == "INDETERMINATE" else (False, None)
    return tuple(check for check in checks if check.passed in wanted)


def _cast(yes: int | None, no: int | None) -> int | None:
    """Yes and no together; of one that is unknown the other is enough if it is not zero."""
    known = [each for each in (yes, no) if each is not None]
    return None if len(known) < len((yes, no)) and not any(known) else sum(known)


def _nobody(rule: Rule, numbers: Counted) -> tuple[RuleCheck, ...]:
    """The check that fails on an empty roll: two thirds of nobody would be met by nobody."""
    for dimension in dimensions_of(rule.quorum, rule.approve, rule.reject_cap):
        if numbers["all", dimension] == 0:
            return (_above_zero(rule, dimension, f"voting.roll.{dimension}", ("roll", "roll"), 0),)
    return ()


def _above_zero(
    rule: Rule,
    dimension: Dimension,
    code: str,
    what: tuple[Part, Measured | Literal["roll"]],
    have: int | None,
) -> RuleCheck:
    """A check of our own: there must be some of it."""
    zero = Fraction(0)
    return RuleCheck(
        code=code,
        article=rule.articles[0],
        have=None if have is None else Fraction(have),
        op=">",
        need=zero,
        unit=UNIT_OF[dimension],
        passed=None if have is None else have > 0,
        part=what[0],
        dimension=dimension,
        value=what[1],
        of="number",
        fraction=zero,
        confidence=rule.confidence,
    )


def _veto(rule: Rule, facts: Facts, numbers: Counted) -> tuple[RuleCheck, ...]:
    """Reported objections undo a decision only if they break every condition."""
    if rule.veto is None or facts.objections_within_7d is None:
        return ()
    return _deciding(
        [condition_check(each, "objections", numbers) for each in rule.veto.conditions]
    )


def _verdict(checks: Iterable[RuleCheck]) -> Verdict:
    return overall_verdict(check.passed for check in checks)


def _both(quorum: Verdict, approve: Verdict) -> Verdict:
    if "FAIL" in (quorum, approve):
        return "FAIL"
    return "INDETERMINATE" if "INDETERMINATE" in (quorum, approve) else "PASS"


def _follow_up(follow_up: FollowUp, verdict: Verdict, quorum: Verdict, numbers: Counted) -> Bridge:
    """Whether the second vote may be held: the first one ended as it must, and the conditions hold."""
    ended = verdict if follow_up.after == "fail" else quorum
    checks = tuple(condition_check(each, "follow_up", numbers) for each in follow_up.conditions)
    first: bool | None = {"FAIL": True, "PASS": False, "INDETERMINATE": None}[ended]
    outcome = overall_verdict([first, *(check.passed for check in checks)])
    is_open = {"FAIL": False, "PASS": True, "INDETERMINATE": None}[outcome]
    return Bridge(follow_up=follow_up, open=is_open, checks=checks)


def _payers(rule: Rule, facts: Facts, verdict: Verdict) -> Payers | None:
    """Who pays; None where another rule says so, or while it cannot be known."""
    payers = rule.payers
    if payers is None or payers.by is not None or verdict == "INDETERMINATE":
        return None
    if verdict == "FAIL":
        return payers.failed
    if payers.above is None:
        return payers.passed
    return {None: None, True: payers.above, False: payers.passed}[facts.above_bound]


def _otherwise(rule: Rule, facts: Facts, dispute: Dispute, verdict: Verdict) -> OtherReading:
    """The verdict under the other reading of a text."""
    tests = {each.code: each for each in dispute.conditions}

    def read(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        return tuple(tests.get(each.code, each) for each in conditions)

    update: dict[str, object] = {
        "quorum": read(rule.quorum),
        "approve": read(rule.approve),
        "reject_cap": read(rule.reject_cap),
        "disputed": (),
    }
    if dispute.silence is not None:
        update["silence"] = rule.silence.model_copy(update={"kind": dispute.silence})
    other = weigh(rule.model_copy(update=update), facts)
    unknown = "INDETERMINATE" in (verdict, other.verdict)
    return OtherReading(
        rule=rule.id,
        text=dispute.text,
        article=dispute.article,
        verdict=other.verdict,
        payer_set=other.payer_set,
        decisive=None if unknown else other.verdict != verdict,
    )
