"""A rule applied with what it needs of other rules: options first, payers by another rule last."""

from models.values.decisions.rules import Facts, FollowUp, Payers, Rule, RuleResult
from models.values.refusal import refusal
from rules.voting.engine import weigh
from rules.voting.options import as_yes_and_no
from rules.voting.registry import rule_named


def judged(
    rule: Rule, facts: Facts, *, after: str | None = None, by: Rule | None = None
) -> RuleResult:
    """What the rule says about the vote, with options and payers.

    With several options the strongest is judged against all others (rule book 1.4.6). `after` is
    the rule of the first vote when this is the second one: a bridge without further bridge leaves
    none open here. `by` is the rule that says who pays, where it is not to be looked up.

    Raises:
        Refused: `voting.pack_unknown` for `after`; `decide.not_a_follow_up` when that rule does not lead
            to this one; `decide.option_dimensions`.
    """
    bridged = after is not None and _closes_bridges(rule_named(after), rule)
    plain = as_yes_and_no(rule, facts)
    ruling = weigh(rule, plain, bridged=bridged)
    by = by or payers_rule(rule)
    if by is None:
        return ruling
    other = weigh(by, plain)
    disputed = (*ruling.disputed, *other.disputed)
    return ruling.model_copy(update={"payer_set": _payers(other, ruling), "disputed": disputed})


def _payers(by: RuleResult, ruling: RuleResult) -> Payers | None:
    """Who pays for what was decided: nobody for nothing, else as the other rule says."""
    if ruling.verdict != "PASS":
        return "nobody" if ruling.verdict == "FAIL" else None
    return by.payer_set


def payers_rule(rule: Rule) -> Rule | None:
    """The rule that says who pays for what this one decides, where that is another one."""
    return None if rule.payers is None or rule.payers.by is None else rule_named(rule.payers.by)


def open_follow_ups(rule: Rule, after: str | None) -> tuple[FollowUp, ...]:
    """The second votes that a rule may open where `after` is the rule of the first vote, if this is one.

    Raises:
        Refused: as `judged`.
    """
    bridged = after is not None and _closes_bridges(rule_named(after), rule)
    return tuple(each for each in rule.follow_ups if not (bridged and each.kind == "bridge"))


def _closes_bridges(first: Rule, second: Rule) -> bool:
    for follow_up in first.follow_ups:
        if follow_up.then == second.id:
            return follow_up.no_further
    raise refusal("decide.not_a_follow_up", where="--after", first=first.id, second=second.id)
