"""Is an explanation of a share right? Counted again from what is published, with the standard library alone.

`docs/money.md` says the arithmetic. What is proved: each part is the floor of its exact value or a fen more,
the parts sum to the share, and whoever pays a fen more is not behind the last one who does.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any


def faults(explanation: Mapping[str, Any], bill: Mapping[str, Any]) -> tuple[str, ...]:
    """What does not hold; nothing where the share is proved. Both as the API answers them."""
    since = explanation.get("late", ())
    late = (fault for each in since for fault in _late_faults(each, bill.get("late", ())))
    fees = (fault for each in explanation.get("fees", ()) for fault in _fee_faults(each))
    return (*_faults(explanation, bill), *late, *fees)


def _faults(told: Mapping[str, Any], bill: Mapping[str, Any]) -> Iterator[str]:
    for name in ("basis", "scheme_version", "rounding", "cut"):
        if told[name] != bill[name]:
            yield f"{name}: not as published"
    items = {each["item_id"]: each for each in bill["items"]}
    exact, total = Fraction(0), 0
    for each in told["items"]:
        name = each["item_id"]
        shown = items.get(name, {})
        if any(
            each[field] != shown.get(field) for field in ("gap_fen", "weights", "cut", "payers")
        ):
            yield f"{name}: not as published"
        if _weight(each) != Fraction(each["weight"]):
            yield f"{name}: the factors do not make the weight"
        part = each["gap_fen"] * Fraction(each["weight"]) / Fraction(each["weights"])
        if part != Fraction(each["exact_fen"]) or not part // 1 <= each["amount_fen"] <= -(
            -part // 1
        ):
            yield f"{name}: not the floor of its exact part or a fen more"
        if bill["cut"] is None and not _in_place(
            each, part, told["unit_number"], each["amount_fen"]
        ):
            yield f"{name}: a fen more or less than its place in the order"
        exact += part
        total += each["amount_fen"]
    if exact != Fraction(told["exact_fen"]) or total != told["total_fen"]:
        yield "the parts do not sum to the share"
    if bill["cut"] is not None and not _in_place(told, exact, told["unit_number"], total):
        yield "a fen more or less than the place in the order"


def _late_faults(line: Mapping[str, Any], shown: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Of a joining (E19): the share of the one who joins, or what the others have less to pay."""
    name, own = line["item_id"], line["own"]
    whole, weights = ("gap_fen", "weights") if own else ("pay_fen", "before")
    said = (line["item_id"], line["whole_fen"], line["weights"])
    if not any(said == (each["item_id"], each[whole], each[weights]) for each in shown):
        yield f"{name}: the joining is not as published"
    part = line["whole_fen"] * Fraction(line["weight"]) / Fraction(line["weights"])
    most = part * (1000 + line["uplift_permille"]) / 1000
    fen = line["amount_fen"] if own else -line["amount_fen"]
    # Whoever joins pays no broken fen.
    fits = most - 1 < fen <= most if own else part // 1 <= fen <= -(-part // 1)
    if most != Fraction(line["exact_fen"]) or not fits:
        yield f"{name}: not the part of the joining"


def _fee_faults(line: Mapping[str, Any]) -> Iterator[str]:
    """Of a late fee: the part of what was paid late, rounded up to whole fen, for each month begun."""
    a_month = -(-line["base_fen"] * line["permille"] // 1000)
    if line["amount_fen"] != a_month * line["months"]:
        yield f"{line['number']}: not the late fee of its months"


def _weight(item: Mapping[str, Any]) -> Fraction:
    """The factors multiplied; the area of a floor divides, its number is told only."""
    weight = Fraction(1)
    for each in item["factors"]:
        value = Fraction(each["value"])
        if each["name"] == "floor_area_dm2":
            weight /= value
        elif each["name"] != "floor":
            weight *= value
    return weight


def _in_place(told: Mapping[str, Any], exact: Fraction, unit: str, paid: int) -> bool:
    """Whether a fen more is paid by who is in the order up to the last; who was passed over pays less."""
    rest, cut = exact % 1, told["cut"]
    more = paid - exact // 1
    if not rest:
        return more == 0
    last = (-Fraction(cut["remainder"]), cut["unit"])
    among = bool(cut["fen"]) and (-rest, unit) <= last
    return more == (among and not told.get("passed_over", False))
