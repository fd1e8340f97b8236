"""Numbers of one vote that cannot all be true, each with its field and the most it can be."""

from collections.abc import Iterator, Mapping

from models.values.decisions.rules import DIMENSIONS, Amounts, Facts
from models.values.refusal import Problem, problem
from models.values.voting import Dimension


def disagreements(facts: Facts, name: str) -> Iterator[Problem]:
    """Every contradiction; nothing is said about numbers that are unknown.

    Nobody is more than the roll, what was answered is not more than what took part, what took part
    not more than what was present, and nobody weighs something without being there.
    """
    fields = _fields(facts)
    for dimension in DIMENSIONS:
        single = list(_above_the_roll(facts, fields, dimension, name))
        yield from single or _sums(facts, fields, dimension, name)
    for field, amounts in fields.items():
        weights = (amounts.area or 0) + (amounts.share or 0)
        if amounts.head == 0 and weights > 0:
            yield _problem("decide.weight_without_heads", name, field)


def _fields(facts: Facts) -> dict[str, Amounts]:
    fields = {
        "all": facts.all,
        "excluded": facts.excluded,
        "present": facts.present,
        "participating": facts.participating,
        "yes": facts.yes,
        "no": facts.no,
        "abstain": facts.abstain,
        "invalid": facts.invalid,
        "contested": facts.contested,
        "in_person": facts.in_person,
        "silent_absentee": facts.silent_absentee,
    }
    if facts.objections_within_7d is not None:
        fields["objections_within_7d"] = facts.objections_within_7d
    for option, amounts in (facts.options or {}).items():
        fields[f"options.{option[:80]}"] = amounts
    return fields


def _voting_roll(facts: Facts, dimension: Dimension) -> int | None:
    """The roll without the excluded; with them where their number is unknown."""
    roll = facts.all.of(dimension)
    return None if roll is None else roll - (facts.excluded.of(dimension) or 0)


def _above_the_roll(
    facts: Facts, fields: Mapping[str, Amounts], dimension: Dimension, name: str
) -> Iterator[Problem]:
    roll, voting = facts.all.of(dimension), _voting_roll(facts, dimension)
    if roll is None or voting is None:
        return
    if voting < 0:
        yield _more(name, f"excluded.{dimension}", roll - voting, f"all.{dimension}", roll)
        return
    for field, amounts in fields.items():
        number = amounts.of(dimension)
        with_the_excluded = field in ("all", "excluded", "present", "objections_within_7d")
        bound = roll if with_the_excluded else voting
        if number is not None and number > bound:
            whole = f"all.{dimension}" if bound == roll else f"all.{dimension} - excluded"
            yield _more(name, f"{field}.{dimension}", number, whole, bound)


def _sums(
    facts: Facts, fields: Mapping[str, Amounts], dimension: Dimension, name: str
) -> Iterator[Problem]:
    answers = [field for field in fields if field in ("yes", "no") or field.startswith("options.")]
    known = [fields[field].of(dimension) for field in (*answers, "abstain")]
    answered = sum(number for number in known if number is not None)
    took_part = facts.participating.of(dimension)
    words = "yes + no + abstain" if facts.options is None else "options + abstain"
    if took_part is not None and answered > took_part:
        yield _more(
            name, f"({words}).{dimension}", answered, f"participating.{dimension}", took_part
        )
        return
    split = None not in known and bool(facts.abstain.of(dimension))
    if took_part is not None and split and answered < took_part:
        yield _problem(
            "decide.sum_differs",
            name,
            f"participating.{dimension}",
            value=took_part,
            words=words,
            sum=answered,
        )
        return
    present = facts.present.of(dimension)
    voted = max(answered, took_part or 0)
    if present is not None and voted > present:
        yield _more(name, f"({words}).{dimension}", voted, f"present.{dimension}", present)
    if None not in known or took_part is not None:
        yield from _in_person(facts, dimension, name, voted, words)
    voting = _voting_roll(facts, dimension)
    contested = facts.contested.of(dimension) or 0
    others = (facts.invalid.of(dimension) or 0) + (facts.silent_absentee.of(dimension) or 0)
    if voting is not None and voted + others + contested > voting:
        also = "invalid + contested" if contested else "invalid"
        field = f"({words} + {also} + silent_absentee).{dimension}"
        yield _more(name, field, voted + others + contested, f"all.{dimension} - excluded", voting)


def _in_person(
    facts: Facts, dimension: Dimension, name: str, voted: int, words: str
) -> Iterator[Problem]:
    """Who voted in person voted."""
    number = facts.in_person.of(dimension)
    if number is not None and number > voted:
        yield _more(name, f"in_person.{dimension}", number, f"({words}).{dimension}", voted)


def _more(name: str, field: str, number: int, whole: str, bound: int) -> Problem:
    return _problem("decide.more_than", name, field, value=number, whole=whole, most=bound)


def _problem(code: str, name: str, field: str, **params: str | int) -> Problem:
    return problem(code, where=f"{name}: {field}", field=field, **params)
