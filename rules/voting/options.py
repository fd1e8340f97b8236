"""Votes between several schemes (rule book 1.4.6 [D]): winner, run-off of the top two, or tie.

One option is judged like a motion: its votes are the yes, all other options are the no. So the
thresholds of the rule hold for options too, and a run-off decides by the same rule.
"""

from collections.abc import Mapping
from fractions import Fraction

from models.values.decisions.rules import DIMENSIONS, Amounts, Facts, OptionsRuling, Rule
from models.values.refusal import refusal
from models.values.voting import Dimension
from rules.voting.counted import dimensions_of
from rules.voting.engine import weigh
from rules.voting.numbers import total

TWO = 2


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
