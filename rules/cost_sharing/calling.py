"""What is called of the owners and when: the instalments that are open, the next one, what is overdue (2.5, E13)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from models.values.cost_sharing import Instalment, ShareTotal

Open = tuple[Instalment, datetime]
"""What of an instalment is not paid, with the moment by which it is due."""


def unpaid(
    table: Sequence[Open], owed: Mapping[str, int], fees: Mapping[str, int] | None = None
) -> tuple[Open, ...]:
    """What of each instalment is open, in fen; what came in pays the instalments of a unit in their order.

    `table` are the instalments of units in the order of their numbers, with their due dates; `owed`
    says by unit what it owes by its account. What it owes beyond its instalments, after a refund for
    example that a dearer account has overtaken, is due with the last of them. So are late fees, which what comes in
    pays after the share: `fees` are those of each unit in all, paid or not, and are part of what it owes.
    """
    plans: dict[str, list[Open]] = {}
    for line in table:
        plans.setdefault(line[0].unit_number, []).append(line)
    lines: list[Open] = []
    for unit, plan in plans.items():
        whole, parts = owed.get(unit, 0), [part.amount_fen for part, _ in plan]
        late = max(min((fees or {}).get(unit, 0), whole), 0)
        left = whole - late
        parts[-1] += max(left - sum(parts), 0)
        for place in reversed(range(len(plan))):
            parts[place] = max(min(parts[place], left), 0)
            left -= parts[place]
        parts[-1] += late
        lines += [
            (part.model_copy(update={"amount_fen": fen}), due_at)
            for (part, due_at), fen in zip(plan, parts, strict=True)
            if fen
        ]
    return tuple(lines)


def next_due(open_: Sequence[Open], called_at: datetime) -> datetime | None:
    """When the next instalment falls due that was not called by then; None where none is left."""
    return min((due_at for _, due_at in open_ if due_at > called_at), default=None)


def falling_due(open_: Sequence[Open], at: datetime) -> Mapping[str, int]:
    """By unit what falls due at this moment, in fen."""
    return _by_unit(part for part, due_at in open_ if due_at == at)


def overdue(open_: Sequence[Open], called_at: datetime) -> Mapping[str, int]:
    """By unit what of it was called and has not come in, in fen."""
    return _by_unit(part for part, due_at in open_ if due_at <= called_at)


def called_for(
    charges: Sequence[ShareTotal], table: Sequence[Open], called_at: datetime
) -> Mapping[str, int]:
    """By unit what of its charge has been called: all but what falls due later, in fen."""
    later = _by_unit(part for part, due_at in table if due_at > called_at)
    return {
        total.unit_number: max(total.amount_fen - later.get(total.unit_number, 0), 0)
        for total in charges
    }


def _by_unit(parts: Iterable[Instalment]) -> Mapping[str, int]:
    sums: dict[str, int] = {}
    for part in parts:
        sums[part.unit_number] = sums.get(part.unit_number, 0) + part.amount_fen
    return sums
