"""Joining an item later (E19): the share of the original scheme, called for like any other, lowers what the others pay."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import JsonValue

from activities.cost_sharing import awaited, collection, instalments, refunding
from activities.cost_sharing import rows as share_rows
from activities.cost_sharing.award import adjust
from activities.cost_sharing.billed import scheme_called_for
from activities.recording import Case, Writer, writes
from models.messages.acts import JoinLate, SharesChanged
from models.messages.journey_progress import COLLECTED_BESIDE
from models.values import cost_sharing as values
from models.values.ledger import household
from models.values.refusal import refusal
from rules import cost_sharing as law
from rules.ledger import left_after
from runtime.ledger.refunds import load_open_accounts, order_credits
from runtime.record.journal import Recorded


class Joinings(Writer):
    """Writes who joins an item later."""

    @writes("Joinings.join", event=law.JOINED, into=SharesChanged, bulk=True)
    async def join(self, case: Case, act: JoinLate) -> Recorded[SharesChanged]:
        """A home that does not pay for an item joins it, whatever its neighbours say (SPC typical case 5).

        It owes the share of the original scheme at the prices of today, by a new version of the scheme. What the others
        pay falls by as much: first what of it is open, the rest goes back to them once the home has paid (E16).

        Refused: before the shares are called for, while the owners vote anew, an item or home that there is not, a home that pays for the item
        or has joined it, that it does not serve, or whose share of it is nothing.
        """
        content = await scheme_called_for(case, "cost_sharing.late_too_early")
        units, counted = await share_rows.share_units(case), share_rows.counted_kinds(case)
        law.refuse_joining(content, units, act.item, act.unit_number, counted)
        joined = law.with_joined(content, act.item, act.unit_number)
        basis, before = await awaited.owed(case)
        items = await awaited.items_now(case, joined, basis)
        late = _of(act, await awaited.late_shares(case, joined, items))
        version = await share_rows.add_scheme_version(case, joined)
        estimate = law.totals_at(joined, joined.items, units, counted)
        await share_rows.replace_shares(case, version, estimate)
        whole = await _charge(case, basis, before, late)
        paid = await _give_back(case, act.unit_number)
        await collection.go_on_beside(case)
        due_at = await _due_at(case, act.unit_number)
        title = next(item.title for item in joined.items if item.id == act.item)
        _tell(case, late, title, due_at)
        beside = case.renovation.stage in COLLECTED_BESIDE and await collection.unpaid(case)
        collection_id = await instalments.begin(case, owed=True) if beside else ""
        # No unit in the event: it is in the scheme and the accounts, for those who may know.
        return Recorded(
            SharesChanged(command_id=act.command_id, kind=law.JOINED, collection_id=collection_id),
            {
                "item": act.item,
                "title": title,
                "document": act.document,
                "reason": act.reason,
                "scheme_version": version,
                "pay_fen": late.pay_fen,
                "uplift_permille": late.uplift_permille,
                "credited": sum(1 for each in late.credits if each.amount_fen),
                "due_at": due_at.isoformat(),
                "total_fen": whole,
                **paid,
            },
        )


def _of(act: JoinLate, late: Sequence[values.LateShare]) -> values.LateShare:
    found = [
        each for each in late if (each.item_id, each.unit_number) == (act.item, act.unit_number)
    ]
    if not found or not found[0].pay_fen:
        raise refusal("cost_sharing.late_nothing_to_pay", where="item", item=act.item)
    return found[0]


async def _charge(
    case: Case, basis: str, before: Sequence[values.ShareTotal], late: values.LateShare
) -> int:
    """The totals by which the units owe, their instalments and refunds with this joining; their sum, which stays."""
    sums = {total.unit_number: total.amount_fen for total in before}
    for less in late.credits:
        sums[less.unit_number] -= less.amount_fen
    sums[late.unit_number] = sums.get(late.unit_number, 0) + late.pay_fen
    after = [
        values.ShareTotal(unit_number=number, amount_fen=sums[number]) for number in sorted(sums)
    ]
    ordered = await refunding.load_ordered(case)
    await share_rows.replace_totals(case, basis, after)
    parts = await share_rows.load_instalments(case)
    await adjust(case, parts, law.adjustments(before, after))
    await refunding.keep_ordered(case, ordered)
    return sum(sums.values())


async def _give_back(case: Case, unit_number: str) -> dict[str, JsonValue]:
    """Where what came in before covers what the home owes with this, the others get their part at once; for the event."""
    open_ = left_after(await load_open_accounts(case.session, case.renovation.id), case.transfers)
    if open_.get(household(unit_number), 0) > 0:
        return {}
    await order_credits(case.session, case.renovation.id, await awaited.load_awaited(case))
    case.notify("committee", "joined_paid", unit=unit_number)
    case.notify("units", "joined_paid", [unit_number], unit=unit_number)
    return await refunding.pay(case)


async def _due_at(case: Case, unit_number: str) -> datetime:
    """By when the share of the joining is due: with the home's next instalment, or with one of its own."""
    own = [
        due_at
        for part, due_at in await share_rows.load_instalments(case)
        if part.unit_number == unit_number and due_at > case.now
    ]
    return min(own)


def _tell(case: Case, late: values.LateShare, title: str, due_at: datetime) -> None:
    unit, fen = [late.unit_number], late.pay_fen
    case.notify("units", "joined_late", unit, item=title, amount_fen=fen, until=due_at)
    if lower := [each.unit_number for each in late.credits if each.amount_fen]:
        case.notify("units", "joining_credited", lower, item=title)
