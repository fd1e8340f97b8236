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
                ("in_person", dimension): facts.in_person.of(dimension),
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
        min(least(each.op, each.fraction * everybody) for each in group)
        for group in alternatives(rule, rule.quorum)
        if all(each.dimension == dimension and each.of == "all" for each in group)
    ]
    return max(needs, default=None)


def alternatives(
    rule: Rule, conditions: tuple[Condition, ...]
) -> tuple[tuple[Condition, ...], ...]:
    """The tests in groups of which one test each must hold: most stand alone (`Rule.either`)."""
    groups: list[list[Condition]] = []
    of_codes: dict[tuple[str, ...], list[Condition]] = {}
    for condition in conditions:
        codes = next((codes for codes in rule.either if condition.code in codes), None)
        if codes in of_codes:
            of_codes[codes].append(condition)
            continue
        groups.append([condition])
        if codes is not None:
            of_codes[codes] = groups[-1]
    return tuple(tuple(group) for group in groups)


def dimensions_of(*groups: tuple[Condition, ...]) -> tuple[Dimension, ...]:
    """The dimensions that some conditions look at, heads first."""
    used = {condition.dimension for group in groups for condition in group}
    return tuple(dimension for dimension in DIMENSIONS if dimension in used)


def following(rule: Rule, numbers: Counted, facts: Facts) -> Counted:
    """V-CN-5: silence joins the side that leads in every dimension; the quorum is not helped.

    Only where the owners' rules say so (从众), with the legal risk that it has since 2021. Nobody
    is followed in a tie, or where the dimensions differ. Whoever returned something, void or
    contested, was not silent. While a number is unknown, so is what follows from it.
    """
    used = dimensions_of(rule.approve, rule.reject_cap)
    leaders = {_leader(numbers["yes", each], numbers["no", each]) for each in used}
    known = leaders - {None}
    if len(known) > 1 or "nobody" in known:
        return numbers
    changed = dict(numbers)
    for dimension in used:
        silent = None if None in leaders else _silent(numbers, facts, dimension)
        sides: tuple[Measured, ...] = ("yes",) if known == {"yes"} else ("no",)
        if None in leaders:
            sides = ("yes", "no")
        for name in (*sides, "participating", "cast"):
            changed[name, dimension] = total(numbers[name, dimension], silent)
    return changed


def _leader(yes: int | None, no: int | None) -> str | None:
    """The side with more votes; "nobody" in a tie, None while it is unknown."""
    if yes is None or no is None:
        return None
    return "nobody" if yes == no else "yes" if yes > no else "no"


def _silent(numbers: Counted, facts: Facts, dimension: Dimension) -> int | None:
    """Who returned nothing at all; None while that is unknown."""
    everybody = numbers["all", dimension]
    returned = total(
        numbers["participating", dimension],
        facts.invalid.of(dimension),
        facts.contested.of(dimension),
    )
    return None if everybody is None or returned is None else max(0, everybody - returned)
