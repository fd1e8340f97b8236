"""Votes between several schemes (rule book 1.4.6 [D]): winner, run-off of the top two, or tie; and menus.

One option is judged like a motion: its votes are the yes, all other options are the no. So the
thresholds of the rule hold for options too, and a run-off decides by the same rule. One work of a
menu is judged in the same way: its supporters are the yes, everybody else who answered is the no.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from models.values.decisions.decision import Verdict
from models.values.decisions.menu import Approval
from models.values.decisions.rules import (
    DIMENSIONS,
    Amounts,
    Facts,
    OptionsRuling,
    Rule,
    RuleResult,
)
from models.values.refusal import refusal
from models.values.voting import Dimension
from rules.voting.counted import dimensions_of
from rules.voting.engine import weigh
from rules.voting.numbers import total

TWO = 2


class MenuRuling(NamedTuple):
    """Which works of a menu the owners have approved, whatever the method then chooses among them."""

    verdict: Verdict
    """PASS with some work approved; INDETERMINATE while a number that it hangs on is not known."""
    able: frozenset[str]
    ruling: RuleResult | None
    """Of the question about the whole menu."""
    works: dict[str, RuleResult]
    """Of each work, where each needs the approval."""


def decide_menu(
    rule: Rule, approval: Approval, support: Mapping[str, Amounts], facts: Facts
) -> MenuRuling:
    """Which works may be chosen.

    `support` holds the exact weight of each work's supporters, `facts` the roll and everybody who
    answered (`participating`); under WHOLE their yes and no are those of the question whether the owners
    approve whatever the method chooses within the budget. A work that nobody wants is not approved.
    """
    if approval is Approval.WHOLE:
        ruling = weigh(rule, facts)
        able = frozenset(support if ruling.verdict == "PASS" else ())
        return MenuRuling(ruling.verdict, able, ruling, {})
    works = {name: weigh(rule, _of_work(facts, yes)) for name, yes in support.items()}
    wanted = {name for name, yes in support.items() if yes.head != 0}
    able = frozenset(name for name in wanted if works[name].verdict == "PASS")
    unknown = any(works[name].verdict == "INDETERMINATE" for name in wanted)
    verdict: Verdict = "INDETERMINATE" if unknown else "PASS" if able else "FAIL"
    return MenuRuling(verdict, able, None, works)


def _of_work(facts: Facts, yes: Amounts) -> Facts:
    """The supporters of a work against everybody else who answered."""
    no: dict[str, int | None] = {}
    for dimension in DIMENSIONS:
        part, own = facts.participating.of(dimension), yes.of(dimension)
        abstain = facts.abstain.of(dimension)
        if part is not None and own is not None and abstain is not None:
            no[dimension] = part - own - abstain
    return facts.model_copy(update={"yes": yes, "no": Amounts.model_validate(no)})


def as_yes_and_no(rule: Rule, facts: Facts) -> Facts:
    """The strongest option against all others; facts without options as they are.

    Raises:
        Refused: `decide.option_dimensions` when no option says a number that the rule counts.
    """
    if facts.options is None:
        return facts
    used = dimensions_of(rule.approve, rule.reject_cap)
    given = {
        dimension
        for dimension in DIMENSIONS
        if any(amounts.of(dimension) is not None for amounts in facts.options.values())
    }
    if given and not given.intersection(used):
        raise refusal(
            "decide.option_dimensions", where="options", expected=", ".join(used), pack=rule.id
        )
    strongest = _against_the_rest(facts, facts.options, _order(used, facts.options)[0])
    unknown = {
        dimension
        for dimension in DIMENSIONS
        if any(amounts.of(dimension) is None for amounts in facts.options.values())
    }
    if not unknown.intersection(used):
        return strongest
    # Which option is the strongest is not known either, so neither is its yes.
    return strongest.model_copy(update={"yes": Amounts(), "no": Amounts()})


def decide_options(  # noqa: PLR0911 - one way out for each outcome
    rule: Rule, options: Mapping[str, Amounts], facts: Facts | None = None
) -> OptionsRuling:
    """Which option stands.

    `options` holds the exact votes of each option; `facts` the roll, attendance, abstentions and
    whatever else the rule asks for. An option wins if the rule carries it against all others and
    carries no other one as far (under a rule of one third two may reach it: the stronger wins).
    Without a winner among three or more, the top two are put again; where second place is shared,
    or the last two are equal, nobody can say which two or which one: a tie, for the owners to
    resolve by a recorded decision.

    Strength is an option's weakest part of the votes cast over the dimensions that count, then the
    next one; so heads and area weigh the same [D].
    """
    used = dimensions_of(rule.approve, rule.reject_cap)
    if not options:
        return OptionsRuling(outcome="rejected")
    if any(amounts.of(dimension) is None for amounts in options.values() for dimension in used):
        return OptionsRuling(outcome="unknown")
    order = _order(used, options)
    rulings = [weigh(rule, _against_the_rest(facts or Facts(), options, name)) for name in order]
    if rulings[0].quorum == "FAIL":
        return OptionsRuling(outcome="no_quorum", order=order)
    strength = {name: _strength(used, options, name) for name in options}
    carried = [name for name, each in zip(order, rulings, strict=True) if each.verdict == "PASS"]
    leader = carried[0] if carried else order[0]
    best = tuple(name for name in order if strength[name] == strength[leader])
    if carried and len(best) == 1:
        return OptionsRuling(outcome="winner", winner=leader, order=order)
    if carried:
        return OptionsRuling(outcome="tie", named=best, order=order)
    if "INDETERMINATE" in {ruling.verdict for ruling in rulings}:
        return OptionsRuling(outcome="unknown", order=order)
    return _without_a_winner(order, strength, best)


def as_decided(ruling: RuleResult, options: OptionsRuling | None) -> RuleResult:
    """The ruling on the strongest option; where others are as strong, nothing is adopted by it."""
    if options is None or options.outcome != "tie" or ruling.verdict != "PASS":
        return ruling
    return ruling.model_copy(update={"verdict": "FAIL", "payer_set": None, "follow_ups": ()})


def _without_a_winner(
    order: tuple[str, ...],
    strength: Mapping[str, tuple[Fraction, ...]],
    best: tuple[str, ...],
) -> OptionsRuling:
    if len(order) <= TWO:
        if len(best) == TWO and strength[order[0]][0] > 0:
            return OptionsRuling(outcome="tie", named=best, order=order)
        return OptionsRuling(outcome="rejected", order=order)
    top = order[:TWO]
    shared = tuple(name for name in order if strength[name] == strength[top[-1]])
    if order[TWO] in shared:
        named = tuple(dict.fromkeys((*top, *shared)))
        return OptionsRuling(outcome="tie", named=named, order=order)
    return OptionsRuling(outcome="run_off", named=top, order=order)


def _order(used: tuple[Dimension, ...], options: Mapping[str, Amounts]) -> tuple[str, ...]:
    """The strongest first; equal ones by their ids, so that the order of ballots is irrelevant."""
    by_id = sorted(options)
    return tuple(sorted(by_id, key=lambda name: _strength(used, options, name), reverse=True))


def _strength(
    used: tuple[Dimension, ...], options: Mapping[str, Amounts], name: str
) -> tuple[Fraction, ...]:
    """The parts of the votes cast in each dimension, weakest first."""
    parts: list[Fraction] = []
    for dimension in used:
        cast = sum(amounts.of(dimension) or 0 for amounts in options.values())
        parts.append(Fraction(options[name].of(dimension) or 0, cast) if cast else Fraction(0))
    return tuple(sorted(parts))


def _against_the_rest(facts: Facts, options: Mapping[str, Amounts], name: str) -> Facts:
    others = [amounts for option, amounts in options.items() if option != name]
    rest = {dimension: total(*(each.of(dimension) for each in others)) for dimension in DIMENSIONS}
    return facts.model_copy(
        update={
            "yes": options[name],
            "no": Amounts(head=rest["head"], area=rest["area"], share=rest["share"]),
            "options": None,
        }
    )
