"""The account at the end: what every unit carries of what the works have cost, and what it gets back (2.6, E47)."""

from datetime import date
from zoneinfo import ZoneInfo

from pydantic import JsonValue
from sqlalchemy import func, select

from activities import settlement
from activities.cost_sharing import refunding
from activities.cost_sharing import rows as share_rows
from activities.cost_sharing.billed import billed_scheme
from activities.recording import Case
from models.messages.cost_sharing import RefundSheet
from models.tables import Event
from models.values import cost_sharing as values
from models.values.ledger import LedgerAccount
from rules import cost_sharing as law
from rules.ledger import left_after, promise_account
from runtime.ledger.fees import load_fees
from runtime.ledger.refunds import load_open_accounts
from runtime.record.journal import Recorded

DRAWN = "settlement.refund_sheet_drawn"
NOTHING: dict[str, JsonValue] = {"nothing": "nothing to undo"}
"""The details of a compensation for something that never happened."""


async def draw(case: Case) -> Recorded[RefundSheet]:
    """What every unit gets back: paid less its part of what the works have cost.

    Before the contract nothing is sunk and everything goes back. Below zero is a debt: it has no refund
    row, its charge is in the totals on the basis "settlement".
    """
    money = await share_rows.load_money(case)
    charges = await share_rows.charges(case)
    case.goes_on()
    if not money and not charges:
        return Recorded(RefundSheet(), NOTHING)
    sunk = await _owners_sunk_fen(case)
    later = await _paid_later(case)
    if not any(total.amount_fen for total in charges):
        sunk, later = 0, []  # the owners carry nothing, so nothing of theirs is sunk or bridged
    sheet = law.refunds(
        tuple(
            values.Paid(unit_number=unit, amount_fen=everything)
            for unit, (everything, _) in money.items()
        ),
        {total.unit_number: total.amount_fen for total in charges},
        sunk,
        await load_fees(case.session, case.renovation.id),
    )
    back = [law.paid_back(row, money.get(row.unit_number, (0, 0))[1]) for row in sheet]
    await _write(case, sheet, back)
    costs = await settlement.costs(case, *await settlement.contracts(case))
    await share_rows.share_gain(case, max(-costs.net_fen, 0))
    await share_rows.promise_in_all(case, max(costs.net_fen, 0) - sunk, later)
    result = _in_sums(sheet, back, sunk)
    return Recorded(
        result,
        {
            **result.model_dump(mode="json", exclude={"seq", "owing"}),
            "bond_surplus_fen": max(-costs.net_fen, 0),
            "debtors": sum(row.amount_fen < 0 for row in sheet),
            "sheet_hash": share_rows.table_hash(
                [
                    values.ShareTotal(unit_number=row.unit_number, amount_fen=row.charge_fen)
                    for row in sheet
                ]
            ),
        },
    )


async def order(case: Case) -> Recorded[RefundSheet]:
    """After the objection window the refunds are ordered, and paid as far as there is money."""
    back = await refunding.order(case)
    case.goes_on()
    paid = await refunding.pay(case)
    owing = await _is_owing(case)
    if not back and not paid:
        return Recorded(RefundSheet(owing=owing), NOTHING)
    due = case.ends(case.now, case.timetable.refund_payment)
    if back:
        case.notify("payment_provider", "refunds_ordered", due_at=due)
        case.notify("all_owners", "refunds_paid", units=len(back))
    result = RefundSheet(units=len(back), refunds_fen=sum(back.values()), owing=owing)
    return Recorded(
        result,
        {
            "units": result.units,
            "refunds_fen": result.refunds_fen,
            "due_at": due.isoformat(),
            **paid,
        },
    )


async def _is_owing(case: Case) -> bool:
    """Whether accounts are open when these refunds are booked."""
    if await settlement.has_unsigned(case):
        return False
    open_ = await load_open_accounts(case.session, case.renovation.id)
    return bool(left_after(open_, case.transfers))


async def _owners_sunk_fen(case: Case) -> int:
    """The owners' part of the certified work, by the money plan at the contracts' prices.

    What the performance bonds of terminated contracts have brought pays for it first (rules 2.6).
    """
    everything = await settlement.contracts(case)
    if not everything:
        return 0
    *earlier, last = everything
    before = await settlement.costs(case, *earlier)
    spent = await settlement.costs(case, *everything)
    _, content = await billed_scheme(case)
    items = law.award_items(content, last.value_fen, before.net_fen)
    return law.owners_part_fen(
        law.sunk_net_fen(
            spent.certified_fen, spent.damages_fen, spent.bonds_fen + spent.withheld_fen
        ),
        law.waterfall(items, content.funding),
        content.funding,
        await _stopped_on(case),
    )


async def _paid_later(case: Case) -> list[LedgerAccount]:
    """On which accounts stands what will not arrive any more: the owners bridge it."""
    _, content = await billed_scheme(case)
    later = law.paid_later(content.funding, await _stopped_on(case))
    return [promise_account(each.source, each.id) for each in later]


async def _stopped_on(case: Case) -> date:
    """The day of the first sheet: what will arrive after it is judged alike, however often the account is drawn."""
    first = await case.session.scalar(
        select(func.min(Event.happened_at)).where(
            Event.renovation_id == case.renovation.id, Event.kind == DRAWN
        )
    )
    return (first or case.now).astimezone(ZoneInfo(case.timetable.zone)).date()


async def _write(case: Case, sheet: tuple[values.Refund, ...], back: list[values.PaidBack]) -> None:
    await share_rows.replace_totals(
        case,
        "settlement",
        [
            values.ShareTotal(unit_number=row.unit_number, amount_fen=row.charge_fen)
            for row in sheet
        ],
    )
    await refunding.owe(case, {row.unit_number: row.household_fen for row in back})
    await refunding.give_back(case, {row.unit_number: row.sources_fen for row in back})


def _in_sums(
    sheet: tuple[values.Refund, ...], back: list[values.PaidBack], sunk_fen: int
) -> RefundSheet:
    return RefundSheet(
        units=len(sheet),
        sunk_net_fen=sunk_fen,
        refunds_fen=sum(row.household_fen for row in back),
        sources_fen=sum(row.sources_fen for row in back),
        debts_fen=sum(max(-row.amount_fen, 0) for row in sheet),
    )
