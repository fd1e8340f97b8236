"""What a rule measures: each number of a vote after exclusions, silence and derivation.

Model of rule book section 1.1: `all` is without the excluded, `cast` is yes + no, `participating`
is yes + no + abstain where nobody stated it.
"""

from models.values.decisions.rules import DIMENSIONS, Facts, Rule
from models.values.voting import Base, Condition, Dimension, Measured
from rules.voting.numbers import least, total

Counted = dict[tuple[Measured | Base, Dimension], int | None]
"""Every measure in every dimension; None is unknown."""


def counted(rule: Rule, facts: Facts) -> Counted:
    """The numbers that the tests of `rule` look at, silence not yet following anybody."""
    numbers: Counted = {}
    for dimension in DIMENSIONS:
        roll = facts.all.of(dimension)
        excluded = facts.excluded.of(dimension)
        yes, no = facts.yes.of(dimension), facts.no.of(dimension)
        if rule.silence.kind == "deemed_yes":
            yes = total(yes, facts.silent_absentee.of(dimension))
        participating = facts.participating.of(dimension)
        if participating is None and not facts.participating_unknown:
            participating = total(yes, no, facts.abstain.of(dimension))
        objections = facts.objections_within_7d
        everybody = None if roll is None or excluded is None else roll - excluded
        numbers.update(
            {
                ("all", dimension): everybody,
                ("present", dimension): facts.present.of(dimension),
                ("participating", dimension): participating,
                ("yes", dimension): yes,
                ("no", dimension): no,
                ("cast", dimension): total(yes, no),
                ("objections", dimension): objections.of(dimension) if objections else None,
                ("number", dimension): 1,
                ("required_quorum", dimension): required_quorum(rule, everybody, dimension),
            }
        )
    return numbers


def required_quorum(rule: Rule, everybody: int | None, dimension: Dimension) -> int | None:
    """The least number that makes the quorum, for example floor(all / 2) + 1 of "more than half".

    None where the roll is unknown or the rule asks for no quorum of the roll.
    """
    if everybody is None:
        return None
    needs = [
        least(condition.op, condition.fraction * everybody)
        for condition in rule.quorum
        if condition.dimension == dimension and condition.of == "all"
    ]
    return max(needs, default=None)


def dimensions_of(*groups: tuple[Condition, ...]) -> tuple[Dimension, ...]:
    """The dimensions that some conditions look at, heads first."""
    used = {condition.dimension for group in groups for condition in group}
    return tuple(dimension for dimension in DIMENSIONS if dimension in used)


def following(rule: Rule, numbers: Counted) -> Counted:
    """V-CN-5: silence joins the side that leads in every dimension; the quorum is not helped.

    Only where the owners' rules say so (从众), with the legal risk that it has since 2021. Nobody
    is followed in a tie, where the dimensions differ, or while a number is unknown.
    """
    used = dimensions_of(rule.approve, rule.reject_cap)
    rows: list[tuple[Dimension, int, int, int]] = []
    for dimension in used:
        yes, no = numbers["yes", dimension], numbers["no", dimension]
        everybody = numbers["all", dimension]
        participating = numbers["participating", dimension]
        if yes is None or no is None or everybody is None or participating is None:
            return numbers
        rows.append((dimension, yes, no, everybody - participating))
    side: Measured
    if all(yes > no for _, yes, no, _ in rows):
        side = "yes"
    elif all(no > yes for _, yes, no, _ in rows):
        side = "no"
    else:
        return numbers
    changed = dict(numbers)
    for dimension, yes, no, silent in rows:
        changed[side, dimension] = (yes if side == "yes" else no) + silent
        changed["participating", dimension] = numbers["all", dimension]
        changed["cast", dimension] = yes + no + silent
    return changed
