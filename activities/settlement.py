"""The settlement of a contract that ends before its works are done: one for every reason (E36, E37, E42)."""

from collections.abc import Sequence

from pydantic import JsonValue
from sqlalchemy import func, select, update

from activities.inspection import rows as works
from activities.inspection.certificates import certify
from activities.recording import Case
from models.tables import Certificate, Contract, RetentionRelease, Termination
from models.values.inspection import ContractCosts, ContractSettlement, ItemState
from models.values.states import CertificateState, ContractState
from rules import termination
from rules.inspection import certified_at_the_end_fen, contract_prices


async def contracts(case: Case) -> Sequence[Contract]:
    """Every contract of the renovation, one after the other."""
    rows = await case.session.scalars(
        select(Contract)
        .where(Contract.renovation_id == case.renovation.id)
        .order_by(Contract.works_round)
    )
    return rows.all()


async def to_settle(case: Case) -> Contract | None:
    """The last contract, if it is neither performed nor settled."""
    for contract in reversed(await contracts(case)):
        ended = await case.session.get(Termination, contract.id)
        settled = ended is not None and ended.settled_at is not None
        open_ = contract.state is not ContractState.COMPLETED and not settled
        return contract if open_ else None
    return None


async def is_begun(case: Case, contract: Contract) -> bool:
    """Whether anything of the works was reported or inspected."""
    items = await works.items_of(case, contract)
    return contract.moved_at is not None or any(
        row.state not in (ItemState.PLANNED, ItemState.CANCELLED) for row in items
    )


async def secure_site(case: Case, contract: Contract) -> dict[str, JsonValue]:
    """Tell the contractor to secure what is open, before anything is settled; for the event."""
    items = await works.load_items(case)
    open_items = [
        row.id for row in items if row.state not in (ItemState.PASSED, ItemState.CANCELLED)
    ]
    case.notify("contractor", "make_safe", contract=contract.id)
    return {"contract": contract.id, "open_items": [*open_items]}


async def prices_of(case: Case, contract: Contract) -> dict[str, int]:
    """The contract's price of each of its work items, by their row ids."""
    items = [works.bare_facts(row) for row in await works.items_of(case, contract)]
    return contract_prices(items, contract.value_fen)


async def settle(
    case: Case, contract: Contract, ended: Termination
) -> tuple[ContractSettlement, dict[str, JsonValue]]:
    """End the contract: certificates for what passed and what was measured, in exact sums.

    Returns the account, and what the event says of it: what of it is paid and still owed as well.

    What was measured stands in blocked certificates. They are released where the chief supervising
    engineer has measured (Quality Regs art. 37(2)); the others stay blocked and end with the case.
    """
    prices = await prices_of(case, contract)
    passed = {
        row.id: prices[row.id]
        for row in await works.items_of(case, contract)
        if row.state is ItemState.PASSED
    }
    account = termination.contract_settlement(
        contract_fen=contract.value_fen,
        passed=passed,
        measured=await _measured(case, contract),
        agreed_permille=contract.retention_permille,
        timetable=case.timetable,
        bond_fen=ended.bond_fen,
        damages_fen=ended.damages_fen,
    )
    contract.state, contract.decide_by, ended.settled_at = ContractState.TERMINATED, None, case.now
    paid = await certify(
        case,
        contract,
        account.items,
        ended.decided_by,
        CertificateState.RELEASED if ended.measured_by else CertificateState.BLOCKED,
        damages_fen=ended.damages_fen,
        bond_fen=ended.bond_fen,
    )
    return account, {**_said_of(account), **paid}


async def has_unsigned(case: Case) -> bool:
    """Whether there is work that nobody has signed for: it is never paid.

    A case that an earlier release has settled with such certificates would wait for its accounts for ever.
    """
    unsigned = select(Certificate.id).where(
        Certificate.renovation_id == case.renovation.id,
        Certificate.state == CertificateState.BLOCKED,
    )
    return await case.session.scalar(unsigned.limit(1)) is not None


async def end_certificates(case: Case) -> dict[str, JsonValue]:
    """What nobody has signed for ends with the case: no money follows from it (Quality Regs art. 37(2)).

    What the contractor is owed stands in the account of the settlement (Civil Code art. 806).
    """
    ended = await case.session.scalars(
        update(Certificate)
        .where(
            Certificate.renovation_id == case.renovation.id,
            Certificate.state == CertificateState.BLOCKED,
        )
        .values(state=CertificateState.SETTLED)
        .returning(Certificate.id)
    )
    names = sorted(ended)
    return {"certificates_settled": [*names]} if names else {}


def _said_of(account: ContractSettlement) -> dict[str, JsonValue]:
    """What the event says of an account, its items aside: every sum, and each term with its check."""
    return {
        **account.model_dump(mode="json", exclude={"items", "decision"}),
        "checks": account.decision.record(),
    }


async def _measured(case: Case, contract: Contract) -> dict[str, int]:
    """What was measured, item by item; the certificates that the settlement writes replace these."""
    mine = (Certificate.contract_id == contract.id, Certificate.state == CertificateState.BLOCKED)
    found = await case.session.scalars(select(Certificate).where(*mine))
    rows = found.all()
    for row in rows:
        await case.session.delete(row)
    await case.session.flush()
    return {str(row.item_id): row.certified_fen for row in rows}


async def certified_fen(case: Case, contract: Contract) -> int:
    """Work of acceptable quality: what was settled, else what passed or was certified."""
    certificates = await case.session.scalar(
        select(func.coalesce(func.sum(Certificate.certified_fen), 0)).where(
            Certificate.contract_id == contract.id
        )
    )
    ended = await case.session.get(Termination, contract.id)
    settled = ended is not None and ended.settled_at is not None
    if settled or contract.state is ContractState.COMPLETED:
        # What was omitted of it is taken off already.
        return int(certificates or 0)
    # Cancelled items too: an item keeps its price when the contract ends, so that the settlement
    # and the refund sheet, which is drawn after it, find the same number.
    items = [works.bare_facts(row) for row in await works.items_of(case, contract)]
    return certified_at_the_end_fen(items, contract.value_fen, int(certificates or 0))


async def costs(case: Case, *of: Contract) -> ContractCosts:
    """What contracts have cost, and what their performance bonds have brought."""
    certified = damages = bond = withheld = 0
    for contract in of:
        kept = await case.session.get(RetentionRelease, contract.id)
        withheld += 0 if kept is None else kept.withheld_fen
        certified += await certified_fen(case, contract)
        ended = await case.session.get(Termination, contract.id)
        if ended is not None and ended.settled_at is not None:
            damages, bond = damages + ended.damages_fen, bond + ended.bond_fen
    return ContractCosts(
        certified_fen=certified, damages_fen=damages, bonds_fen=bond, withheld_fen=withheld
    )


async def earlier_costs(case: Case) -> ContractCosts:
    """What the contracts that were terminated have cost so far."""
    ended = [each for each in await contracts(case) if each.state is ContractState.TERMINATED]
    return await costs(case, *ended)
