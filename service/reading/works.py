"""Bids, contracts and their money, inspections: what was offered, agreed, built, found and paid."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import (
    Bid,
    Certificate,
    Contract,
    Inspection,
    RetentionRelease,
    Scheme,
    Tender,
    Termination,
)
from models.values.base import Carried
from models.values.scheme import SchemeContent
from models.values.states import BidState, CertificateState, ContractState
from service.reading.shaping import Viewer, view_for
from service.showing import shown

OPENED = (BidState.OPENED, BidState.REJECTED, BidState.EVALUATED)


class OpenedBid(Carried):
    """A bid that was opened, with what it says of itself, for whoever evaluates and supervises."""

    id: str
    tender_id: str
    bidder_id: str
    price_fen: int
    technical_milli: int
    flags: JsonValue
    submitted_at: datetime
    state: BidState
    grounds: JsonValue


class CertificateView(Carried):
    """A payment certificate: certified less retention and deductions is payable, in fen."""

    id: str
    item_id: str | None
    certified_fen: int
    retention_fen: int
    deductions_fen: int
    payable_fen: int
    state: CertificateState
    approved_by: str


class TerminationView(Carried):
    """How a contract ended before its works were done; `settled_at` null while it is measured."""

    ground: str
    after: str
    bond_fen: int
    damages_fen: int
    decided_by: str
    decided_at: datetime
    measured_by: str | None
    settled_at: datetime | None


class RetentionView(Carried):
    """What became of what was kept back of a contract, in fen; why is said in the history."""

    liability_until: datetime
    released_fen: int
    withheld_fen: int
    decided_by: str
    decided_at: datetime


class ContractMoney(Carried):
    """What a contract has come to so far, in fen."""

    certified_fen: int
    retention_fen: int
    payable_fen: int
    released_fen: int
    """Of the payable sum what is released to be paid."""


class ContractAccount(Carried):
    """A contract with its money plan, its certificates, and how it ended; money in fen, case time."""

    id: str
    tender_id: str
    works_round: int
    bidder_id: str
    state: ContractState
    value_fen: int
    contingency_fen: int
    retention_permille: int
    performance_bond_fen: int
    instalments_permille: tuple[int, ...] = ()
    """How the scheme's tender plan parts the payments."""
    signed_at: datetime
    start_by: datetime | None
    moved_at: datetime | None
    """When anything of its works was last reported or inspected."""
    cure_until: datetime | None
    decide_by: datetime | None
    money: ContractMoney | None = None
    certificates: tuple[CertificateView, ...] = ()
    termination: TerminationView | None = None
    retention: RetentionView | None = None


class InspectionView(Carried):
    """An inspection and what it found; who inspected is for officials, the words for owners too."""

    id: str
    item_id: str | None
    contract_id: str | None
    round: int
    kind: str
    outcome: str
    recorded_at: datetime
    supersedes: str | None
    """The one that this one takes the place of."""
    inspector_id: str | None
    defects: JsonValue


async def list_opened_bids(session: AsyncSession, renovation_id: str) -> tuple[OpenedBid, ...]:
    """The opened bids of every round; never one that is sealed, was late or was taken back."""
    rows = await session.scalars(
        select(Bid)
        .join(Tender, Tender.id == Bid.tender_id)
        .where(
            Tender.renovation_id == renovation_id,
            Bid.state.in_(OPENED),
            Bid.price_fen.is_not(None),
            Bid.submitted_at < Tender.deadline_at,
        )
        .order_by(Tender.round, Bid.bidder_id)
    )
    return tuple(shown(OpenedBid, row) for row in rows)


async def list_contracts(session: AsyncSession, renovation_id: str) -> tuple[ContractAccount, ...]:
    """Every contract of a renovation, one after the other."""
    rows = (
        await session.scalars(
            select(Contract)
            .where(Contract.renovation_id == renovation_id)
            .order_by(Contract.works_round)
        )
    ).all()
    plan = await _plan(session, renovation_id)
    return tuple([await _account(session, row, plan) for row in rows])


async def _account(session: AsyncSession, row: Contract, plan: tuple[int, ...]) -> ContractAccount:
    found = await session.scalars(
        select(Certificate).where(Certificate.contract_id == row.id).order_by(Certificate.id)
    )
    certificates = found.all()
    ended = await session.get(Termination, row.id)
    kept = await session.get(RetentionRelease, row.id)
    named = {
        name: getattr(row, name) for name in ContractAccount.model_fields if hasattr(row, name)
    }
    return ContractAccount(
        **named,
        instalments_permille=plan,
        money=_money(certificates),
        certificates=tuple(shown(CertificateView, each) for each in certificates),
        termination=None if ended is None else shown(TerminationView, ended),
        retention=None if kept is None else shown(RetentionView, kept),
    )


def _money(rows: Sequence[Certificate]) -> ContractMoney:
    released = [row for row in rows if row.state is CertificateState.RELEASED]
    return ContractMoney(
        certified_fen=sum(row.certified_fen for row in rows),
        retention_fen=sum(row.retention_fen for row in rows),
        payable_fen=sum(row.payable_fen for row in rows),
        released_fen=sum(row.payable_fen for row in released),
    )


async def _plan(session: AsyncSession, renovation_id: str) -> tuple[int, ...]:
    query = select(Scheme.content).where(Scheme.renovation_id == renovation_id)
    content = await session.scalar(query.order_by(Scheme.version.desc()).limit(1))
    return (
        () if content is None else SchemeContent.model_validate(content).tender.instalments_permille
    )


async def list_inspections(
    session: AsyncSession, renovation_id: str, viewer: Viewer
) -> tuple[InspectionView, ...]:
    """Every inspection in the order of recording, as whoever asks may read it."""
    rows = await session.scalars(
        select(Inspection)
        .where(Inspection.renovation_id == renovation_id)
        .order_by(Inspection.recorded_at, Inspection.id)
    )
    return tuple(view_for(viewer.reader, shown(InspectionView, row)) for row in rows)
