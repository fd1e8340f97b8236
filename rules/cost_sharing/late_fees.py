"""The late fee (滞纳金) that the owners have voted: what of a payment comes late, and for how many months (rules 2.5)."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime

from models.values.cost_sharing import Instalment, LateFee, LateFeeTerms
from rules.cost_sharing.calling import Open
from rules.cost_sharing.collection import late_fee_fen
from rules.time.deadlines import last_day

_MONTHS = 12
Round = tuple[datetime, datetime]
"""When a round of collection was called, and its end as the call has told it; case time."""


def ends_of(
    table: Sequence[Open], rounds: Sequence[Round], first: datetime | None
) -> dict[int, datetime]:
    """By the number of an instalment the end of the first round that called it; nothing of what was not called.

    `table` are the instalments of one unit, `rounds` those since its bill. `first` is when the first instalment of
    the bill is due, of whatever unit: the first round calls what is due by then in any case.
    """
    ends: dict[int, datetime] = {}
    for part, due_at in table:
        for called_at, end in sorted(rounds):
            if due_at <= max(called_at, first or called_at):
                ends[part.number] = end
                break
    return ends


def open_parts(table: Sequence[Open], owed_fen: int) -> tuple[Instalment, ...]:
    """What of each instalment of one unit is open: what came in has paid them in their order.

    `owed_fen` is what the unit owes of its share, without its late fees. What it owes beyond its instalments
    was not called as one of them, and bears no fee.
    """
    left, parts = owed_fen, []
    for part, _ in reversed(table):
        fen = max(min(part.amount_fen, left), 0)
        left -= fen
        parts.append(part.model_copy(update={"amount_fen": fen}))
    return tuple(reversed(parts))


def late_fees(
    terms: LateFeeTerms,
    parts: Sequence[Instalment],
    ends: dict[int, datetime],
    paid: tuple[int, date],
    zone: str,
) -> tuple[LateFee, ...]:
    """What a payment owes for being late, by the instalments that it pays; `paid` is how much, and on which day.

    One for each instalment that was called and is paid with it; 0 where that is in time.
    """
    left, day = paid
    found = []
    for part in parts:
        fen = min(part.amount_fen, left)
        left -= fen
        if not fen or part.number not in ends:
            continue
        end = ends[part.number]
        months = started_months(last_day(end, zone), day)
        months = min(months, terms.most_months or months)
        found.append(
            LateFee(
                unit_number=part.unit_number,
                number=part.number,
                counts_from=end,
                paid_on=day,
                base_fen=fen,
                permille=terms.permille_a_month,
                months=months,
                amount_fen=late_fee_fen(fen, terms.permille_a_month, months),
            )
        )
    return tuple(found)


def started_months(last: date, paid_on: date) -> int:
    """So many months have begun since the last day on which it was in time; the first begins with the day after it."""
    if paid_on <= last:
        return 0
    whole = (paid_on.year - last.year) * _MONTHS + paid_on.month - last.month
    return whole + (paid_on.day > min(last.day, monthrange(paid_on.year, paid_on.month)[1]))
