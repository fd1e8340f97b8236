"""What homes get back for somebody who has joined an item later and still owes: a promise, and no money yet (E19)."""

from activities import settlement
from activities.cost_sharing import rows as share_rows
from activities.cost_sharing.billed import billed_scheme
from activities.recording import Case
from models.values import cost_sharing as values
from models.values.scheme import SchemeContent
from rules import cost_sharing as law
from rules.ledger import left_after
from runtime.ledger.refunds import load_open_accounts, load_owing


async def load_awaited(case: Case) -> dict[str, int]:
    """By unit what of its refund is not ordered before whoever joined has paid, after this write; in fen."""
    _, content = await billed_scheme(case)
    joined = {unit for item in content.items for unit in item.payers.joined}
    if not joined:
        return {}
    open_ = left_after(await load_open_accounts(case.session, case.renovation.id), case.transfers)
    owing = await load_owing(case.session, case.renovation.id, joined, open_)
    if not owing:
        return {}
    basis, charged = await owed(case)
    late = await late_shares(case, content, await items_now(case, content, basis))
    stopped = await share_rows.load_totals(case, "settlement")
    if not stopped:
        return law.awaited_credits(late, owing)
    sunk = sum(total.amount_fen for total in stopped)
    sums = {total.unit_number: total.amount_fen for total in charged}
    return law.awaited_when_stopped(sunk, sums, late, owing)


async def owed(case: Case) -> tuple[str, tuple[values.ShareTotal, ...]]:
    """What the units owe, and by which computation."""
    for basis in ("final", "award"):
        if totals := await share_rows.load_totals(case, basis):
            return basis, totals
    return "estimate", await share_rows.load_totals(case, "estimate")


async def items_now(case: Case, content: SchemeContent, basis: str) -> tuple[values.CostItem, ...]:
    """The items at the prices of the computation by which the units owe."""
    if basis == "estimate":
        return content.items
    everything = await settlement.contracts(case)
    if basis == "final":
        costs = await settlement.costs(case, *everything)
        return law.items_at(content, max(costs.net_fen, 0))
    *earlier, last = everything
    spent = await settlement.costs(case, *earlier)
    return law.award_items(content, last.value_fen, spent.net_fen)


async def late_shares(
    case: Case, content: SchemeContent, items: tuple[values.CostItem, ...]
) -> tuple[values.LateShare, ...]:
    """What everybody who has joined an item later pays for it at these prices."""
    units, counted = await share_rows.share_units(case), share_rows.counted_kinds(case)
    funded = law.waterfall(items, content.funding)
    bill = law.share_bill(items, funded, units, counted, content.rounding)
    return law.late_shares(items, units, bill, counted)
