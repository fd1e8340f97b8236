"""A made-up estate and its renovation as rows, for the tests of every room."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.ids import renovation_workflow_id
from models.tables import CaseClock, Estate, Place, Renovation, Scheme, Unit
from models.values.cost_sharing import CostItem, CostKey, ItemCategory, Rounding
from models.values.scheme import PlannedWork, SchemeContent, Target, TenderPlan
from models.values.timetable import Timetable
from models.values.voting import Matter, Motion, MotionKind
from runtime.database import Database

PLACES = (("d", "district"), ("s", "street_office"), ("c", "community"), ("g", "grid"))
PLACE_PATH = "d/s/c/g"
RULE_PACK = "CN-2021"
UNITS_PER_FLOOR = 2
FLOORS = 6


def scheme_content() -> SchemeContent:
    """Works for 120,000 yuan and 5 % contingency, carried by the owners; three items to inspect."""
    return SchemeContent(
        items=(
            CostItem(id="roof", title="New roof", category=ItemCategory.BASIC, cost_fen=8_400_000),
            CostItem(
                id="pipes",
                title="New risers",
                category=ItemCategory.BASIC,
                cost_fen=4_200_000,
                key=CostKey.HOUSEHOLD,
            ),
        ),
        motions=(
            Motion(
                id="works",
                title="Carry out the works of the scheme",
                kind=MotionKind.MAJOR,
                matter=Matter.REBUILD,
            ),
            Motion(
                id="costs",
                title="Share the costs as the table says",
                kind=MotionKind.MAJOR,
                matter=Matter.FUND_RAISE,
                depends_on="works",
            ),
        ),
        tender=TenderPlan(
            estimate_fen=12_000_000,
            ceiling_fen=12_000_000,
            instalments_permille=(400, 600),
        ),
        owner_instalments_permille=(400, 600),
        rounding=Rounding.WHOLE_BILL,
        works=(
            PlannedWork(id="roof", building="1", title="Roof", value_fen=8_000_000),
            PlannedWork(
                id="risers", building="1", title="Risers", concealed=True, value_fen=3_000_000
            ),
            PlannedWork(id="paint", building="1", title="Stairwell paint", value_fen=1_000_000),
        ),
        targets=(Target(indicator="satisfaction", numerator=85, denominator=100),),
    )


async def make_renovation(
    database: Database,
    *,
    rid: str = "r1",
    units: int = 12,
    told_at: datetime | None = None,
    content: SchemeContent | None = None,
    timetable: Timetable | None = None,
    owner_keys: Sequence[str] | None = None,
    rule_pack: str = RULE_PACK,
) -> str:
    """Insert the renovation `rid` with everything it stands on; returns `rid`.

    It is a told case whose clock stands at `told_at`, or runs on the wall clock when that is None.
    `owner_keys` names the owners of the units in order, otherwise every unit has an owner of its own.
    """
    now = told_at or datetime.now(UTC)
    given = content or scheme_content()
    keys = owner_keys or [f"{rid}-owner-{number}" for number in range(units)]

    async def work(session: AsyncSession) -> None:
        await _insert_places(session)
        session.add(
            Estate(id=f"{rid}.estate", name="Estate", place_id="g", synthetic=True, created_at=now)
        )
        await session.flush()
        session.add_all(unit(rid, number, keys[number]) for number in range(units))
        session.add(
            Renovation(
                id=rid,
                estate_id=f"{rid}.estate",
                title="Renovation of Estate",
                stage="voting",
                state="running",
                workflow_id=renovation_workflow_id(rid),
                place_id="g",
                place_path=PLACE_PATH,
                rule_pack=rule_pack,
                timetable=(timetable or Timetable()).model_dump(mode="json"),
                clock={},
                opened_at=now,
                waiting_for="open_vote",
            )
        )
        await session.flush()
        if told_at is not None:
            session.add(CaseClock(renovation_id=rid, now=told_at, moved_seq=1))
        session.add(
            Scheme(
                renovation_id=rid,
                version=1,
                title="Scheme",
                content=given.model_dump(mode="json"),
                budget_fen=sum(item.cost_fen for item in given.items),
                created_at=now,
            )
        )

    await database.transaction(work)
    return rid


def unit(rid: str, number: int, owner_key: str) -> Unit:
    """The unit `number`, counted from 0: six floors of two flats a building, 50 to 89 m²."""
    floor = number // UNITS_PER_FLOOR % FLOORS + 1
    building = str(number // (UNITS_PER_FLOOR * FLOORS) + 1)
    name = f"{building}-{floor}0{number % UNITS_PER_FLOOR + 1}"
    return Unit(
        id=f"{rid}.{name}",
        estate_id=f"{rid}.estate",
        number=name,
        building=building,
        entrance="1",
        floor=floor,
        kind="flat",
        area_dm2=5_000 + number * 377 % 4_000,
        shares=12 + number % 3,
        owner_key=owner_key,
        developer=False,
    )


async def _insert_places(session: AsyncSession) -> None:
    """The district down to the grid, once a database."""
    parent, path = None, ""
    for name, kind in PLACES:
        path = f"{path}/{name}" if path else name
        await session.execute(
            insert(Place)
            .values(id=name, kind=kind, parent_id=parent, name=name, path=path)
            .on_conflict_do_nothing()
        )
        parent = name
