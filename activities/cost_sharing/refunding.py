"""Refunds in the ledger: to households, and to whoever had paid or owed in their place (rules.md 2.6)."""

from collections.abc import Mapping

from pydantic import JsonValue

from activities.recording import Case
from models.values.ledger import ESCROW, AccountKind, household
from rules.ledger import given_back, refunded
from runtime.ledger.booking import key_of
from runtime.ledger.reading import load_balances, load_taken_over

IN_THEIR_PLACE = (AccountKind.RELIEF, AccountKind.SUBSIDY, AccountKind.FUND)


async def give_back(case: Case, sources_fen: Mapping[str, int]) -> None:
    """What is too much of what others took over for a unit is their debt no longer, or their credit."""
    taken = await load_taken_over(case.session, case.renovation.id)
    key = key_of(case.renovation.id, case.command.command_id)
    for unit, fen in sources_fen.items():
        if fen and unit in taken:
            case.transfers.extend(given_back(key, unit, fen, taken[unit]))


async def pay(case: Case, households_fen: Mapping[str, int]) -> dict[str, JsonValue]:
    """Pay the refunds that are ordered, with the credits of others; sums for the event.

    Where the escrow holds less, everybody gets the same part, and the rest stays owed.
    """
    rid = case.renovation.id
    balances = await load_balances(case.session, rid, AccountKind.ESCROW, *IN_THEIR_PLACE)
    credits_ = {
        account: -each.balance_fen
        for account, each in balances.items()
        if account != ESCROW and each.balance_fen < 0
    }
    back = {household(unit): fen for unit, fen in households_fen.items()} | credits_
    held = balances[ESCROW].free_fen if ESCROW in balances else 0
    transfers = refunded(key_of(rid, case.command.command_id), held, back)
    case.transfers.extend(transfers)
    paid = sum(transfer.amount_fen for transfer in transfers)
    return {"paid_out_fen": paid, "owed_fen": sum(back.values()) - paid}
