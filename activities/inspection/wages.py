"""Wages first (rules 4.2, E41): those who build are paid each month, in disputes too, ahead of what is certified."""

from activities.inspection import rows
from activities.recording import Case, Writer, writes
from models.messages.acts import Done, PayWages
from models.tables import Contract
from models.values.cost_sharing import PERMILLE
from models.values.ledger import AccountKind, TransferKind
from models.values.refusal import refusal, refuse_if_any
from rules.duties import Duty, duty_problems
from rules.inspection import wage_part
from rules.ledger import wages, wages_paid
from runtime.ledger.booking import key_of
from runtime.ledger.reading import load_balances, load_moved
from runtime.record.firms import acts_for
from runtime.record.journal import Recorded

PAID = "inspection.wages_paid"


class Wages(Writer):
    """Writes what is paid in wages."""

    @writes("Wages.pay", event=PAID, into=Done)
    async def pay(self, case: Case, act: PayWages) -> Recorded[Done]:
        """Labour costs go out to the wage account of the contract (农民工工资专用账户), as far as there is money.

        They are taken off what is certified later. Refused: no contract under way, the contractor's own word,
        more than the part of the price that is labour, nothing there to pay with.
        """
        contract = await rows.load_contract(case)
        if await acts_for(case.session, act.actor, contract.bidder_id):
            refuse_if_any(duty_problems(Duty.PAY_ONESELF, act.actor.id, act.actor.id))
        total = await _paid_before(case, contract) + act.amount_fen
        decision = wage_part(total, contract.value_fen, case.timetable)
        if not decision.passed:
            most = contract.value_fen * case.timetable.wage_permille // PERMILLE
            raise refusal("inspection.wages_above_part", where="amount_fen", have=total, most=most)
        escrow = await load_balances(case.session, case.renovation.id, AccountKind.ESCROW)
        held = sum(balance.free_fen for balance in escrow.values())
        if held <= 0:
            raise refusal("inspection.no_money_for_wages", where="amount_fen")
        paid = min(act.amount_fen, held)
        key = key_of(case.renovation.id, case.command.command_id)
        case.transfers.extend(wages_paid(key, contract.id, paid))
        case.notify("contractor", "wages_paid", amount_fen=paid, contract=contract.id)
        return Recorded(
            Done(command_id=act.command_id, kind=PAID),
            {
                "contract": contract.id,
                "until": act.worked_until.isoformat(),
                "amount_fen": act.amount_fen,
                "paid_out_fen": paid,
                "owed_fen": act.amount_fen - paid,
                "document": act.document,
                "checks": decision.record(),
            },
        )


async def _paid_before(case: Case, contract: Contract) -> int:
    moved = await load_moved(case.session, case.renovation.id, TransferKind.WAGES)
    return moved.get(wages(contract.id), 0)


async def load_ahead(case: Case, contract: Contract) -> int:
    """What was paid in wages ahead of what is certified of a contract, and not taken off yet, in fen."""
    balances = await load_balances(case.session, case.renovation.id, AccountKind.WAGES)
    found = balances.get(wages(contract.id))
    return 0 if found is None else max(found.balance_fen, 0)
