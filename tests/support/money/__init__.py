"""What the tests of cost sharing and cancellation share: a scheme with round sums, and money."""

from datetime import UTC, date, datetime
from typing import Any

from pydantic import SecretStr
from sqlalchemy import func, select

from activities.cost_sharing.shares import Shares
from activities.recording import Recorder
from models.messages.command import Command
from models.tables import Bid, Event, Payment, ShareTotal, Unit
from models.values.actor import ENGINE, Actor, Role
from models.values.cost_sharing import CostItem, CostKey, Funding, FundingSource, ItemCategory
from models.values.scheme import PlannedWork, SchemeContent, TenderPlan
from models.values.states import BidState
from models.values.timetable import WorkCalendar
from models.values.voting import Motion, MotionKind
from runtime.bidding.envelopes import BidContent, Envelopes
from runtime.database import Database
from tests.support.box import BOX_KEYS

START = datetime(2026, 3, 2, 4, tzinfo=UTC)
STREET = Actor(id="street", role=Role.STREET_OFFICE, label="street office")


ENVELOPES = Envelopes(SecretStr("8b" * 32))
PLAIN_WEEKENDS = WorkCalendar(first_on=date(2026, 1, 1), last_on=date(2026, 12, 31))


def recorder_of(database: Database) -> Recorder:
    """A recorder with a calendar of plain weekends."""
    return Recorder(database, PLAIN_WEEKENDS, BOX_KEYS, envelopes=ENVELOPES)


def sealed_bid(
    tender_id: str, bidder: str, at: datetime, envelopes: Envelopes = ENVELOPES, **offer: Any
) -> Bid:
    """The row of a bid in its envelope, as the service writes it."""
    name = f"{tender_id}.{bidder}"
    return Bid(
        id=name,
        tender_id=tender_id,
        command_id=f"{tender_id}-{bidder}",
        sealed_name=f"sealed-{bidder}",
        envelope=envelopes.seal(name, BidContent(bidder_id=bidder, **offer)),
        submitted_at=at,
        state=BidState.SUBMITTED,
    )


def command(rid: str, name: str, actor: Actor = ENGINE) -> Command:
    """A step of the stage with a key of its own."""
    return Command(command_id=f"{rid}#{name}", renovation_id=rid, actor=actor)


def item(name: str, cost_fen: int, **more: object) -> CostItem:
    """An item that every household pays for alike."""
    fields = {"id": name, "title": name, "category": ItemCategory.BASIC, "cost_fen": cost_fen}
    return CostItem.model_validate({**fields, "key": CostKey.HOUSEHOLD, **more})


def scheme(*items: CostItem, **more: object) -> SchemeContent:
    """A scheme of these items; by default a roof of 12,000 fen with 2,400 of subsidy."""
    fields: dict[str, Any] = {
        "items": items or (item("roof", 12_000),),
        "funding": (Funding(id="district", source=FundingSource.SUBSIDY, amount_fen=2_400),),
        "motions": (Motion(id="m1", title="the scheme", kind=MotionKind.MAJOR),),
        "tender": TenderPlan(estimate_fen=12_000, ceiling_fen=12_000, contingency_permille=0),
        "works": (PlannedWork(id="roof-1", title="roof", value_fen=12_000),),
    }
    return SchemeContent.model_validate({**fields, **more})


async def computed(database: Database, rid: str) -> None:
    """Plan and compute the shares of a renovation."""
    shares = Shares(recorder_of(database))
    await shares.plan(command(rid, "plan"))
    await shares.compute(command(rid, "compute"))


async def pay(database: Database, rid: str, *units: str, fen: int, source: str = "owner") -> None:
    """Money comes in for some units."""
    async with database.session() as session, session.begin():
        for unit in units:
            key = f"{rid}.{source}.{unit}.{fen}"
            session.add(
                Payment(
                    id=key,
                    renovation_id=rid,
                    command_id=key,
                    unit_number=unit,
                    amount_fen=fen,
                    source=source,
                    received_at=START,
                )
            )


async def units_of(database: Database, rid: str) -> list[str]:
    """The unit numbers that have a share, in order."""
    async with database.session() as session:
        return list(
            await session.scalars(
                select(ShareTotal.unit_number)
                .where(ShareTotal.renovation_id == rid, ShareTotal.basis == "estimate")
                .order_by(ShareTotal.unit_number)
            )
        )


async def sum_of(database: Database, column: Any, *where: Any) -> int:
    """The sum of a column, 0 for no row."""
    async with database.session() as session:
        return int(await session.scalar(select(func.coalesce(func.sum(column), 0)).where(*where)))


async def count_of(database: Database, table: Any, *where: Any) -> int:
    """How many rows there are."""
    async with database.session() as session:
        return await session.scalar(select(func.count()).select_from(table).where(*where)) or 0


async def details(database: Database, rid: str, kind: str) -> dict[str, Any]:
    """The details of the latest event of a kind."""
    async with database.session() as session:
        found = await session.scalar(
            select(Event.details)
            .where(Event.renovation_id == rid, Event.kind == kind)
            .order_by(Event.seq.desc())
            .limit(1)
        )
    assert found is not None, kind
    return dict(found)


async def rows_of(database: Database, *columns: Any, where: Any, order: Any) -> list[Any]:
    """Some columns, in order."""
    async with database.session() as session:
        return list(await session.execute(select(*columns).where(where).order_by(order)))


async def owner_key(database: Database, estate_id: str, number: str) -> str:
    """The owner's key of one unit."""
    async with database.session() as session:
        found = await session.scalar(
            select(Unit.owner_key).where(Unit.estate_id == estate_id, Unit.number == number)
        )
    assert found is not None
    return str(found)
