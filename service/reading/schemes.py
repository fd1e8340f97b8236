"""The versions of a scheme (改造方案) with their items, as everybody reads them.

Which units are listed as payers, or lose part of their rooms, is for the owners of the scope: room
numbers stand in nothing that is public.
"""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Scheme
from models.values.base import Carried, Exact
from models.values.cost_sharing import CostItem, Funding, LateFeeTerms, Rounding
from models.values.scheme import PlannedWork, SchemeContent, Target
from service.reading.shaping import Viewer, view_for


class SchemePayers(Carried):
    """Which units pay for an item; `units` are those of the scope "listed"."""

    scope: str
    building: str
    entrance: str
    units: tuple[str, ...] | None
    listed: int
    """How many units are listed."""
    exempt_floors: tuple[int, ...]
    joined: tuple[str, ...] | None
    """Who has joined since (E19), in that order."""
    joined_later: int
    """How many those are."""


class SchemeFloor(Carried):
    """The coefficient or percentage of one floor."""

    floor: int
    weight: Exact


class SchemeBenchmark(Carried):
    """The benchmark price of a tender; null is the mean of the valid bids."""

    price_fen: int | None
    above: Exact
    below: Exact


class SchemeTender(Carried):
    """The terms on which the works are tendered; money in fen."""

    estimate_fen: int
    ceiling_fen: int
    method: str
    price_weight_milli: int
    benchmark: SchemeBenchmark | None
    ties: tuple[str, ...]
    bid_bond_fen: int
    contingency_permille: int
    retention_permille: int
    instalments_permille: tuple[int, ...]


class SchemeItem(Carried):
    """One piece of work of the scheme, its cost in fen, and the rule that spreads it."""

    id: str
    title: str
    category: str
    cost_fen: int
    key: str
    payers: SchemePayers
    floors: tuple[SchemeFloor, ...]
    optional: bool
    priority: int
    operator_line: bool
    motion: str
    choice: str
    late_uplift_permille: int = 0
    """By so much more than its share whoever joins later pays."""


class SchemeWork(Carried):
    """One work that is inspected on its own; `occupies` are units of which it takes a part (E9)."""

    id: str
    building: str
    title: str
    concealed: bool
    value_fen: int
    item: str
    occupies: tuple[str, ...] | None
    units_occupied: int


class SchemeView(Carried):
    """A version of the scheme; it is never changed, only followed. Money in fen, case time."""

    version: int
    title: str
    created_at: datetime
    budget_fen: int
    owners_limit_fen: int | None
    levy_limit_fen: int | None
    owner_instalments_permille: tuple[int, ...]
    rounding: Rounding
    """How exact shares become whole fen."""
    late_fee: LateFeeTerms | None
    """What paying late costs, from the end of the round of the call; None is no fee."""
    items: tuple[SchemeItem, ...]
    funding: tuple[Funding, ...]
    motions: JsonValue
    tender: SchemeTender
    works: tuple[SchemeWork, ...]
    targets: tuple[Target, ...]


async def list_schemes(
    session: AsyncSession, renovation_id: str, viewer: Viewer
) -> tuple[SchemeView, ...]:
    """Every version of the scheme of a renovation, the first one first."""
    rows = await session.scalars(
        select(Scheme).where(Scheme.renovation_id == renovation_id).order_by(Scheme.version)
    )
    return tuple(view_for(viewer.reader, _scheme(row)) for row in rows)


def _scheme(row: Scheme) -> SchemeView:
    content = SchemeContent.model_validate(row.content)
    return SchemeView(
        version=row.version,
        title=row.title,
        created_at=row.created_at,
        budget_fen=row.budget_fen,
        owners_limit_fen=content.owners_limit_fen,
        levy_limit_fen=content.levy_limit_fen,
        owner_instalments_permille=content.owner_instalments_permille,
        rounding=content.rounding,
        late_fee=content.late_fee,
        items=tuple(_item(each) for each in content.items),
        funding=content.funding,
        motions=[each.model_dump(mode="json") for each in content.motions],
        tender=SchemeTender.model_validate(content.tender.model_dump()),
        works=tuple(_work(each) for each in content.works),
        targets=content.targets,
    )


def _item(item: CostItem) -> SchemeItem:
    who = item.payers
    payers = SchemePayers(
        scope=who.scope,
        building=who.building,
        entrance=who.entrance,
        units=who.units,
        listed=len(who.units),
        exempt_floors=who.exempt_floors,
        joined=who.joined,
        joined_later=len(who.joined),
    )
    plain = item.model_dump(mode="json", exclude={"payers", "floors"})
    floors = tuple(SchemeFloor(floor=each.floor, weight=each.weight) for each in item.floors)
    return SchemeItem(**plain, payers=payers, floors=floors)


def _work(work: PlannedWork) -> SchemeWork:
    return SchemeWork(**work.model_dump(), units_occupied=len(work.occupies))
