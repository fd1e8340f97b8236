"""The one mechanism behind every decision of owners: a rule applied to the numbers of a vote.

Pure and exact. `rules.voting.judging` adds what needs other rules (options, payers by another
rule); `rules.voting.packs` puts the tallies of a renovation's votes through it.
"""

from fractions import Fraction

from models.values.decisions.decision import Verdict
from models.values.decisions.rules import (
    UNIT_OF,
    Bridge,
    Facts,
    FollowUp,
    Part,
    Payers,
    Rule,
    RuleCheck,
    RuleResult,
    Thresholds,
)
from models.values.voting import Condition, Dimension
from rules.checks import compare, overall_verdict
from rules.voting.counted import Counted, counted, dimensions_of, following, required_quorum
from rules.voting.numbers import least, most


def weigh(rule: Rule, facts: Facts, *, bridged: bool = False) -> RuleResult:
    """The full result of a rule for a vote, except for payers that another rule decides.

    `bridged` says that this is itself the vote that a bridge without further bridge opened
    (France: an art. 25 vote after art. 26-1).
    """
    numbers = counted(rule, facts)
    voiced = following(rule, numbers) if rule.silence.kind == "follow_majority" else numbers
    quorum_checks = (*_nobody(rule, numbers), *_tests(rule.quorum, "quorum", numbers))
    approval = _tests(rule.approve, "approve", voiced)
    capped = _tests(rule.reject_cap, "reject_cap", voiced)
    objected = _veto(rule, facts, numbers)
    heads = [check.passed for check in approval if check.dimension == "head"]
    quorum = overall_verdict([check.passed for check in quorum_checks])
    approve = overall_verdict([check.passed for check in (*approval, *capped, *objected)])
    presumed = quorum == "INDETERMINATE" and rule.quorum_unknown == "presumed"
    verdict = _both("PASS" if presumed else quorum, approve)
    return RuleResult(
        rule=rule.id,
        verdict=verdict,
        quorum=quorum,
        approve=approve,
        head_approve=overall_verdict(heads) if heads else None,
        quorum_presumed=presumed,
        checks=(*quorum_checks, *approval, *capped, *objected),
        follow_ups=tuple(
            _follow_up(follow_up, verdict, quorum, numbers)
            for follow_up in rule.follow_ups
            if not (bridged and follow_up.kind == "bridge")
        ),
        payer_set=_payers(rule, verdict),
        thresholds=thresholds(rule, numbers),
    )


def thresholds(rule: Rule, numbers: Counted) -> Thresholds:
    """The least whole numbers that a known roll needs: to take part, to attend, to agree."""
    taking_part: dict[Dimension, int] = {}
    attending: dict[Dimension, int] = {}
    agreeing: dict[Dimension, int] = {}
    for dimension in dimensions_of(rule.quorum, rule.approve, rule.reject_cap):
        everybody = numbers["all", dimension]
        if everybody is None:
            continue
        for condition in rule.quorum:
            if condition.dimension == dimension:
                aim = taking_part if condition.value == "participating" else attending
                need = least(condition.op, condition.fraction * _whole(rule, condition, everybody))
                aim[dimension] = max(need, aim.get(dimension, 0))
        for condition in (*rule.approve, *rule.reject_cap):
            if condition.dimension == dimension:
                bound = condition.fraction * _whole(rule, condition, everybody)
                if condition.value == "no":
                    need = everybody - most(condition.op, bound)
                else:
                    need = least(condition.op, bound)
                agreeing[dimension] = max(need, agreeing.get(dimension, 0))
    return Thresholds(
        min_participating=taking_part,
        min_present=attending,
        min_yes_if_all_participate=agreeing,
    )


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


def _tests(
    conditions: tuple[Condition, ...], part: Part, numbers: Counted
) -> tuple[RuleCheck, ...]:
    return tuple(condition_check(condition, part, numbers) for condition in conditions)


def _nobody(rule: Rule, numbers: Counted) -> tuple[RuleCheck, ...]:
    """The check that fails on an empty roll: two thirds of nobody would be met by nobody."""
    for dimension in dimensions_of(rule.quorum, rule.approve, rule.reject_cap):
        if numbers["all", dimension] == 0:
            zero = Fraction(0)
            return (
                RuleCheck(
                    code=f"voting.roll.{dimension}",
                    article=rule.articles[0],
                    have=zero,
                    op=">",
                    need=zero,
                    unit=UNIT_OF[dimension],
                    passed=False,
                    part="roll",
                    dimension=dimension,
                    value="roll",
                    of="number",
                    fraction=zero,
                    confidence=rule.confidence,
                ),
            )
    return ()


def _veto(rule: Rule, facts: Facts, numbers: Counted) -> tuple[RuleCheck, ...]:
    """Reported objections undo a decision only if they break every condition.

    Shown is the condition that saves the decision if one does, else one that is unknown, else the
    first: its numbers are why.
    """
    if rule.veto is None or facts.objections_within_7d is None:
        return ()
    checks = _tests(rule.veto.conditions, "objections", numbers)
    return (min(checks, key=lambda check: (True, None, False).index(check.passed)),)


def _both(quorum: Verdict, approve: Verdict) -> Verdict:
    if "FAIL" in (quorum, approve):
        return "FAIL"
    return "INDETERMINATE" if "INDETERMINATE" in (quorum, approve) else "PASS"


def _follow_up(follow_up: FollowUp, verdict: Verdict, quorum: Verdict, numbers: Counted) -> Bridge:
    """Whether the second vote may be held: the first one ended as it must, and the conditions hold."""
    ended = verdict if follow_up.after == "fail" else quorum
    checks = _tests(follow_up.conditions, "follow_up", numbers)
    first: bool | None = {"FAIL": True, "PASS": False, "INDETERMINATE": None}[ended]
    outcome = overall_verdict([first, *(check.passed for check in checks)])
    is_open = {"FAIL": False, "PASS": True, "INDETERMINATE": None}[outcome]
    return Bridge(follow_up=follow_up, open=is_open, checks=checks)


def _payers(rule: Rule, verdict: Verdict) -> Payers | None:
    if rule.payers is None or rule.payers.by is not None or verdict == "INDETERMINATE":
        return None
    return rule.payers.passed if verdict == "PASS" else rule.payers.failed
