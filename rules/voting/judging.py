"""A rule applied with what it needs of other rules: options first, payers by another rule last."""

from models.values.decisions.rules import Facts, Payers, Rule, RuleResult
from models.values.refusal import refusal
from rules.voting.engine import weigh
from rules.voting.options import as_yes_and_no
from rules.voting.registry import rule_named


def judged(rule: Rule, facts: Facts, *, after: str | None = None) -> RuleResult:
    """What the rule says about the vote, with options and payers.

    With several options the strongest is judged against all others (rule book 1.4.6). `after` is
    the rule of the first vote when this is the second one: a bridge without further bridge leaves
    none open here.

    Raises:
        Refused: `voting.pack_unknown` for `after`; `decide.not_a_follow_up` when that rule does not lead
            to this one; `decide.option_dimensions`.
    """
    bridged = after is not None and _closes_bridges(rule_named(after), rule)
    plain = as_yes_and_no(rule, facts)
    ruling = weigh(rule, plain, bridged=bridged)
    if rule.payers is None or rule.payers.by is None:
        return ruling
    by = weigh(rule_named(rule.payers.by), plain)
    disputed = (*ruling.disputed, *by.disputed)
    return ruling.model_copy(update={"payer_set": _payers(by, ruling), "disputed": disputed})


def _payers(by: RuleResult, ruling: RuleResult) -> Payers | None:
    """Who pays for what was decided: nobody for nothing, else as the other rule says."""
    if ruling.verdict != "PASS":
        return "nobody" if ruling.verdict == "FAIL" else None
    return by.payer_set


def _closes_bridges(first: Rule, second: Rule) -> bool:
    for follow_up in first.follow_ups:
        if follow_up.then == second.id:
            return follow_up.no_further
    raise refusal("decide.not_a_follow_up", first=first.id, second=second.id)
