"""Certificates: what accepted and measured work is worth, who signed, and what of it is paid (4.2)."""

from collections.abc import Sequence

from pydantic import JsonValue
from sqlalchemy import select

from activities.inspection import rows
from activities.inspection.wages import load_ahead
from activities.recording import Case
from models.tables import Certificate, Contract, Inspection
from models.values.inspection import ItemPayment
from models.values.states import CertificateState
from rules.inspection import less_wages
from rules.ledger import bond_called, certified, compensated, wages_recovered
from runtime.ledger.booking import key_of
from runtime.ledger.reading import load_paid_out


async def add_certificates(
    case: Case,
    contract: Contract,
    items: Sequence[ItemPayment],
    approved_by: str,
    state: CertificateState = CertificateState.RELEASED,
) -> tuple[Certificate, ...]:
    """One certificate per paid item, with the inspection that it has passed where there is one."""
    first = await rows.next_number(case, Certificate)
    passed = await _passed_inspections(case, contract)
    certificates = tuple(
        Certificate(
            id=f"{case.renovation.id}.c{number}",
            renovation_id=case.renovation.id,
            contract_id=contract.id,
            item_id=item.item_id,
            certified_fen=item.certified_fen,
            retention_fen=item.retention_fen,
            deductions_fen=item.deductions_fen,
            payable_fen=item.payable_fen,
            state=state,
            approved_by=approved_by,
            inspection_id=passed.get(item.item_id),
            passed=True if item.item_id in passed else None,
        )
        for number, item in enumerate(items, start=first)
    )
    case.session.add_all(certificates)
    return certificates


async def certify(
    case: Case,
    contract: Contract,
    items: Sequence[ItemPayment],
    approved_by: str,
    state: CertificateState = CertificateState.RELEASED,
    *,
    damages_fen: int = 0,
    bond_fen: int = 0,
) -> dict[str, JsonValue]:
    """Certify, owe and pay: work is owed at once, and paid as far as the escrow holds the money.

    What was paid in wages is taken off. What is not held stays owed and goes out when money comes in. Returns
    the sums for the event.
    """
    items, back_fen = less_wages(items, await load_ahead(case, contract))
    for each in await add_certificates(case, contract, items, approved_by, state):
        owed = each.payable_fen + each.deductions_fen
        case.transfers.extend(certified(each.id, contract.id, owed, each.retention_fen))
    case.transfers.extend(compensated(contract.id, damages_fen))
    case.transfers.extend(bond_called(contract.id, bond_fen))
    key = key_of(case.renovation.id, case.command.command_id)
    case.transfers.extend(wages_recovered(key, contract.id, back_fen))
    going_out = await load_paid_out(case.session, case.renovation.id, key)
    case.transfers.extend(going_out)
    paid = sum(transfer.amount_fen for transfer in going_out)
    owed = sum(item.payable_fen for item in items) + damages_fen
    wages = {"wages_fen": back_fen} if back_fen else {}
    return {"paid_out_fen": paid, "owed_fen": max(owed - paid, 0), **wages}


async def _passed_inspections(case: Case, contract: Contract) -> dict[str, str]:
    """By item the last inspection under this contract, where it was passed (I-4)."""
    await case.session.flush()
    found = await case.session.execute(
        select(Inspection.item_id, Inspection.id, Inspection.passed)
        .where(
            Inspection.renovation_id == case.renovation.id,
            Inspection.contract_id == contract.id,
            Inspection.item_id.is_not(None),
        )
        .order_by(Inspection.round)
    )
    last = {str(item): (inspection, passed) for item, inspection, passed in found}
    return {item: inspection for item, (inspection, passed) in last.items() if passed}
