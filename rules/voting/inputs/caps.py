"""The inputs beside a vote's numbers: weights for a cap, holders for the concentration of power."""

from collections.abc import Iterator, Mapping, Sequence

from models.values.base import Value
from models.values.decisions.rules import DIMENSIONS, Amounts, Cap, Facts, Holding
from models.values.refusal import Problem, Refused, problem, refuse_if_any
from rules.voting.inputs.facts import amounts_from, unknown_field, whole_number, wrong_value

CAP_FIELDS = ("shares", "lots", "original_owner")
HOLDER_FIELDS = ("holder", "choice", "head", "area", "share")
CHOICES = ("yes", "no", "abstain")
MOST_NAME = 200


class CapInput(Value):
    """The weights of the holders, the lots of the scheme, and the original owner's place."""

    shares: tuple[int, ...] = ()
    lots: int | None = None
    original_owner: int | None = None


def cap_input(cap: Cap, value: Mapping[str, object], name: str) -> CapInput:
    """What a cap is applied to; without `lots` every weight is a lot.

    Raises:
        Refused: `decide.field_unknown`, `decide.value_wrong`, `decide.number_*`, each with its
            field.
    """
    problems = [
        unknown_field(name, field, CAP_FIELDS) for field in value if field not in CAP_FIELDS
    ]
    weights: list[int] = []
    given = value.get("shares", [])
    if isinstance(given, list):
        for place, item in enumerate(given):
            number, wrong = whole_number(item, f"shares[{place}]", name)
            problems.extend(wrong)
            if number is not None:
                weights.append(number)
            elif not wrong:
                problems.append(wrong_value(name, f"shares[{place}]", item, "expected.whole"))
    else:
        problems.append(wrong_value(name, "shares", given, "[…]"))
    lots, wrong = whole_number(value.get("lots"), "lots", name)
    problems.extend(wrong)
    owner, wrong = whole_number(value.get("original_owner"), "original_owner", name)
    problems.extend(wrong)
    refuse_if_any(problems)
    if lots is None and cap.kind == "original_owner":
        lots = len(weights)
    return CapInput(shares=tuple(weights), lots=lots, original_owner=owner)


def holdings_from(value: object, name: str) -> tuple[Holding, ...]:
    """A list of {"holder", "choice", "head", "area", "share"}.

    Raises:
        Refused: `decide.value_wrong`, `decide.field_unknown`, `decide.number_*`, `decide.holder_twice`.
    """
    if not isinstance(value, list):
        raise Refused(wrong_value(name, "holders", value, '[{"holder": …, "share": …}, …]'))
    problems: list[Problem] = []
    found: list[Holding] = []
    seen: set[str] = set()
    for place, row in enumerate(value):
        where = f"[{place}]"
        if not isinstance(row, dict):
            problems.append(wrong_value(name, where, row, '{"holder": …, "share": …}'))
            continue
        holding, wrong = _holding(row, where, name)
        problems.extend(wrong)
        if holding is not None:
            if holding.holder in seen:
                problems.append(
                    problem("decide.holder_twice", where=f"{name}: {where}", value=holding.holder)
                )
            seen.add(holding.holder)
            found.append(holding)
    refuse_if_any(problems)
    return tuple(found)


def beyond_the_vote(holdings: Sequence[Holding], facts: Facts, name: str) -> Iterator[Problem]:
    """Holders who said yes, no or nothing with more together than was said by all."""
    said: dict[str | None, Amounts] = {"yes": facts.yes, "no": facts.no, "abstain": facts.abstain}
    for choice, amounts in ({} if facts.options is not None else said).items():
        for dimension in DIMENSIONS:
            own = [each.weights.of(dimension) or 0 for each in holdings if each.choice == choice]
            most = amounts.of(dimension)
            if most is not None and sum(own) > most:
                field, whole = f"{choice} ({dimension})", f"{choice}.{dimension}"
                yield problem(
                    "decide.more_than",
                    where=f"{name}: {field}",
                    field=field,
                    value=sum(own),
                    whole=whole,
                    most=most,
                )


def _holding(
    row: Mapping[str, object], where: str, name: str
) -> tuple[Holding | None, list[Problem]]:
    problems = [
        unknown_field(name, f"{where}.{field}", HOLDER_FIELDS)
        for field in row
        if field not in HOLDER_FIELDS
    ]
    holder, choice = row.get("holder"), row.get("choice")
    if not isinstance(holder, str) or not 0 < len(holder) <= MOST_NAME:
        problems.append(wrong_value(name, f"{where}.holder", holder, "expected.holder_name"))
    if choice is not None and choice not in CHOICES:
        problems.append(wrong_value(name, f"{where}.choice", choice, " | ".join(CHOICES)))
    weights = {field: row[field] for field in ("head", "area", "share") if field in row}
    amounts, wrong = amounts_from(weights, where, name)
    problems.extend(wrong)
    if problems:
        return None, problems
    return (
        Holding.model_validate(
            {"holder": holder, "choice": choice, "weights": amounts or Amounts()}
        ),
        [],
    )
