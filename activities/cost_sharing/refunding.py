"""Refunds: what households get back, and whoever had paid or owed in their place (rules.md 2.6, E16).

What is owed back, what of it is ordered, and what has gone out are three sums: money goes out as far as the
escrow holds it, and the rest goes out when money comes.
"""

from collections.abc import Mapping

from pydantic import JsonValue
from sqlalchemy import delete, func, select, update

from activities.cost_sharing.awaited import load_awaited
from activities.recording import Case
from models.tables import Refund
from models.values.ledger import AccountKind
from rules.ledger import given_back
from runtime.database import insert_many
from runtime.ledger.booking import key_of
from runtime.ledger.reading import load_balances, load_paid_out, load_taken_over
from runtime.ledger.refunds import load_refunds_out, order_refunds


async def owe(case: Case, back_fen: Mapping[str, int]) -> None:
    """By unit what it gets back from now on, beside what has gone out to it; what was owed else is not."""
    rid = case.renovation.id
    rows = await case.session.execute(
        select(Refund.unit_number, Refund.paid_fen).where(
            Refund.renovation_id == rid, Refund.paid_fen > 0
        )
    )
    went = {unit: int(fen) for unit, fen in rows}
    await case.session.execute(delete(Refund).where(Refund.renovation_id == rid))
    kept: list[dict[str, object]] = [
        {
            "renovation_id": rid,
            "unit_number": unit,
            "amount_fen": went.get(unit, 0) + back_fen.get(unit, 0),
            "ordered_fen": went.get(unit, 0),
            "paid_fen": went.get(unit, 0),
        }
        for unit in sorted(went.keys() | {unit for unit, fen in back_fen.items() if fen})
    ]
    await insert_many(case.session, Refund, kept)


async def order(case: Case) -> dict[str, int]:
    """What is owed back is to be paid, but for what somebody who has joined later has not paid yet (E19).

    By unit what was not ordered before.
    """
    return await order_refunds(case.session, case.renovation.id, await load_awaited(case))


async def keep_ordered(case: Case, ordered_fen: Mapping[str, int]) -> None:
    """What of the refunds of today was ordered before stays so, as far as it is still owed and there is money for it."""
    awaited = await load_awaited(case) if ordered_fen else {}
    for unit, fen in ordered_fen.items():
        row = (Refund.renovation_id == case.renovation.id, Refund.unit_number == unit)
        most = func.least(Refund.amount_fen - awaited.get(unit, 0), fen)
        kept = func.greatest(most, Refund.paid_fen)
        await case.session.execute(update(Refund).where(*row).values(ordered_fen=kept))


async def load_ordered(case: Case) -> dict[str, int]:
    """By unit what of its refund is ordered and has not gone out yet, with what has."""
    rows = await case.session.execute(
        select(Refund.unit_number, Refund.ordered_fen).where(
            Refund.renovation_id == case.renovation.id, Refund.paid_fen < Refund.ordered_fen
        )
    )
    return {unit: int(fen) for unit, fen in rows}


async def give_back(case: Case, sources_fen: Mapping[str, int]) -> None:
    """What is too much of what others took over for a unit is their debt no longer, or their credit."""
    taken = await load_taken_over(case.session, case.renovation.id)
    key = key_of(case.renovation.id, case.command.command_id)
    for unit, fen in sources_fen.items():
        if fen and unit in taken:
            case.transfers.extend(given_back(key, unit, fen, taken[unit]))


async def pay_credits(case: Case) -> dict[str, JsonValue]:
    """What stands to the credit of households goes back at once, and what others have paid too much; for the event."""
    balances = await load_balances(case.session, case.renovation.id, AccountKind.HOUSEHOLD)
    credits_ = {
        account.name: -each.balance_fen
        for account, each in balances.items()
        if each.balance_fen < 0
    }
    await owe(case, credits_)
    await order(case)
    return await pay(case)


async def pay(case: Case) -> dict[str, JsonValue]:
    """Pay the refunds that are ordered, with the credits of others; sums for the event, none where nothing is owed.

    Where the escrow holds less, everybody gets the same part, and the rest stays owed.
    """
    key = key_of(case.renovation.id, case.command.command_id)
    rid = case.renovation.id
    works = await load_paid_out(case.session, rid, key)
    spent = sum(transfer.amount_fen for transfer in works)
    out = await load_refunds_out(case.session, rid, key, -spent, of_others=True)
    case.transfers.extend((*works, *out.transfers))
    if not out.owed_fen:
        return {}
    return {"paid_out_fen": out.paid_fen, "owed_fen": out.owed_fen - out.paid_fen}
