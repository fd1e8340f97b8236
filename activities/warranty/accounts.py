"""The end of the money: the account of what the works have cost, its refunds, and every account settled (E46, E47)."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import JsonValue

from activities import settlement
from activities.cost_sharing import refunding, sheet
from activities.cost_sharing import rows as share_rows
from activities.cost_sharing.award import fix_shares_at_the_end
from activities.cost_sharing.billed import billed_scheme
from activities.cost_sharing.collection import owing_themselves
from activities.recording import Case, Writer, who_does, writes
from activities.warranty.retention import await_liability, refuse_kept
from models.messages.cost_sharing import RefundSheet
from models.messages.warranty import WarrantyOutcome
from models.values.base import Carried
from models.values.ledger import AccountKind, LedgerAccount, household
from models.values.states import RenovationState
from models.values.waits import ACCOUNTS
from rules.cost_sharing import items_at, waterfall
from rules.ledger import left_after, promised_by
from runtime.ledger.refunds import load_open_accounts
from runtime.record.journal import Recorded

AWAITED = "warranty.accounts_awaited"


class AccountOf(Carried):
    """Which of several of its kind."""

    number: int


class LastLook(NamedTuple):
    """What a look at the accounts has come to: what went back by it, and whether any of them is open after that."""

    said: dict[str, JsonValue]
    is_open: bool


class Accounts(Writer):
    """Writes the account at the end of the works, its refunds, and that everything is settled."""

    @writes(
        "Accounts.draw",
        event="warranty.account_drawn",
        into=RefundSheet,
        request=lambda number: AccountOf(number=number),
        bulk=True,
    )
    async def draw(self, case: Case, number: int) -> Recorded[RefundSheet]:
        """What the works have cost, by the certificates, and what of it everybody carries (E47)."""
        if case.renovation.state is RenovationState.SETTLING:
            drawn = await sheet.draw(case)
            return Recorded(drawn.result, {"number": number, **drawn.details})
        costs = await settlement.costs(case, *await settlement.contracts(case))
        cost_fen = max(costs.net_fen, 0)
        await share_rows.share_gain(case, max(-costs.net_fen, 0))
        fixed = await fix_shares_at_the_end(case, cost_fen)
        _, content = await billed_scheme(case)
        others = promised_by(waterfall(items_at(content, cost_fen), content.funding))
        case.goes_on()
        return Recorded(
            RefundSheet(
                sunk_net_fen=fixed.total_fen,
                refunds_fen=fixed.refunds_fen,
                debts_fen=fixed.debts_fen,
            ),
            {
                "number": number,
                "cost_fen": cost_fen,
                "bond_surplus_fen": max(-costs.net_fen, 0),
                **costs.model_dump(mode="json"),
                **fixed.model_dump(mode="json"),
                "others": [
                    {"source": account.code, "amount_fen": fen} for account, fen in others.items()
                ],
            },
        )

    @writes(
        "Accounts.order_refunds",
        event="warranty.refunds_ordered",
        into=RefundSheet,
        request=lambda number: AccountOf(number=number),
        bulk=True,
    )
    async def order_refunds(self, case: Case, number: int) -> Recorded[RefundSheet]:
        """What was paid above that goes back: E16."""
        recorded = await sheet.order(case)
        await await_liability(case)
        return Recorded(recorded.result, {"number": number, **recorded.details})

    @writes(
        "Accounts.end",
        event="warranty.ended",
        into=WarrantyOutcome,
        request=lambda look: AccountOf(number=look),
    )
    async def end(self, case: Case, look: int) -> Recorded[WarrantyOutcome]:
        """Every account is settled, or whoever still owes is waited for; who has paid too much gets it back."""
        await refuse_kept(case)
        last = await settle(case)
        if last.is_open:
            said = {"look": look, **last.said}
            return Recorded(WarrantyOutcome(settled=False), said, kind=AWAITED)
        case.goes_on()
        case.is_last_word()
        return Recorded(WarrantyOutcome(), {"look": look, **last.said})


async def settle(case: Case) -> LastLook:
    """Who has paid too much gets it back; whoever still owes then is waited for, and told.

    What is called of a performance bond its guarantor hears of again.
    """
    paid = await refunding.pay_credits(case)
    before = await load_open_accounts(case.session, case.renovation.id)
    open_ = left_after(before, case.transfers)
    if not open_:
        return LastLook(paid, is_open=False)
    case.wait_for(ACCOUNTS, who=who_does("approve_relief"))
    case.notify("committee", "accounts_open", accounts=len(open_))
    homes = [each.name for each in open_ if each.kind is AccountKind.HOUSEHOLD]
    debtors = [name for name in homes if open_[household(name)] > 0]
    if owing := await owing_themselves(case, case.now, debtors):
        case.notify("non_payers", "instalment_overdue", owing)
    bonds_fen = in_sums(open_).get(AccountKind.BOND, 0)
    if bonds_fen > 0:
        case.notify("guarantor", "bond_called", amount_fen=bonds_fen)
    return LastLook({**paid, "accounts": [*said_of(open_)]}, is_open=True)


def in_sums(open_: Mapping[LedgerAccount, int]) -> dict[str, int]:
    """What is open by the kind of the accounts, in fen: no home is named."""
    sums: dict[str, int] = {}
    for account, fen in sorted(open_.items(), key=lambda each: each[0].code):
        sums[account.kind.value] = sums.get(account.kind.value, 0) + fen
    return sums


def said_of(open_: Mapping[LedgerAccount, int]) -> Sequence[JsonValue]:
    """The same for the event."""
    return [{"kind": kind, "amount_fen": fen} for kind, fen in in_sums(open_).items()]
