"""Which cases a filter finds, in which order, and that pages of them miss none and repeat none."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import CaseTrouble, Renovation
from models.values.refusal import Refused
from models.values.states import Stage
from models.values.waits import Consequence, Wait
from runtime.addresses import asyncpg_url
from runtime.database import Database
from runtime.record.agenda import add_waits
from runtime.record.cases import CaseFilter, find_cases, load_case
from tests.support.estate import make_renovation

NOW = datetime.now(UTC)
TOLD_AT = datetime(2020, 3, 2, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
OFFICES = "owners_committee, street_office"


async def make(
    database: Database,
    rid: str,
    *waits: Wait,
    told: bool = False,
    troubles: tuple[str, ...] = (),
    **columns: object,
) -> None:
    await make_renovation(database, rid=rid, units=1, told_at=TOLD_AT if told else None)
    now = TOLD_AT if told else NOW

    async def work(session: AsyncSession) -> None:
        row = await session.get_one(Renovation, rid)
        for name, value in columns.items():
            setattr(row, name, value)
        if waits:
            await add_waits(session, rid, row.workflow_id, waits, now)
        for hours, step in enumerate(troubles, start=1):
            session.add(
                CaseTrouble(
                    workflow_id=row.workflow_id,
                    step=step,
                    renovation_id=rid,
                    by_act=False,
                    error="KeyError",
                    reference=f"ref-{step}",
                    since=NOW - hours * HOUR,
                )
            )

    await database.transaction(work)


@pytest.fixture(scope="module")
async def connection(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """Ten cases. Their ids say what they are about."""
    late = Wait(what="open_vote", who=OFFICES, due_at=NOW - HOUR, since=NOW - 5 * HOUR)
    await make(database, "person-late", late, opened_at=NOW - 1 * HOUR)
    await make(
        database,
        "person-later",
        late.model_copy(update={"due_at": NOW - 9 * HOUR, "since": NOW - 9 * HOUR}),
        Wait(what="works", who="contractor", due_at=NOW + 90 * HOUR),
        opened_at=NOW - 2 * HOUR,
    )
    await make(
        database,
        "person-in-time",
        late.model_copy(update={"due_at": NOW + 90 * HOUR}),
        opened_at=NOW - 3 * HOUR,
        stage="bidding",
    )
    closing = Wait(what="ballots", who="owners", consequence=Consequence.BOX_CLOSED)
    await make(
        database,
        "engine-late",
        closing.model_copy(update={"due_at": NOW - HOUR, "since": NOW - 2 * HOUR}),
        opened_at=NOW - 4 * HOUR,
        place_path="d/s-1/c/g",
    )
    await make(database, "neighbour", opened_at=NOW - 5 * HOUR, place_path="d/s0/c/g")
    waits = late.model_copy(update={"due_at": TOLD_AT - HOUR, "since": TOLD_AT - 2 * HOUR})
    await make(database, "told-late", waits, told=True, opened_at=TOLD_AT)
    waits = waits.model_copy(update={"due_at": TOLD_AT})
    await make(database, "told-due-now", waits, told=True, opened_at=TOLD_AT)
    await make(
        database,
        "stuck",
        troubles=("voting.box_closed", "voting.result_recorded"),
        opened_at=NOW - 6 * HOUR,
    )
    await make(
        database, "stuck-less", late, troubles=("ticket.escalated",), opened_at=NOW - 7 * HOUR
    )
    await make(
        database,
        "ended",
        opened_at=NOW - 8 * HOUR,
        state="completed",
        closed_at=NOW,
        stage="bidding",
    )
    opened = await asyncpg.connect(asyncpg_url(database.url))
    yield opened
    await opened.close()


WHOLE = (
    *("person-late", "person-later", "person-in-time", "engine-late", "neighbour"),
    *("stuck", "stuck-less", "ended", "told-late", "told-due-now"),
)
ASKED = {
    "everything": (CaseFilter(), WHOLE),
    "a grid": (CaseFilter(place="d/s-1/c/g"), ("engine-late",)),
    "a place of no case": (CaseFilter(place="d/s/x"), ()),
    "a place, but none whose name only begins like it": (
        CaseFilter(place="d/s/"),
        tuple(rid for rid in WHOLE if rid not in ("engine-late", "neighbour")),
    ),
    "a stage, but not those that ended in it": (
        CaseFilter(stage=Stage.BIDDING),
        ("person-in-time",),
    ),
    "who is awaited, the longest first": (
        CaseFilter(waiting="street_office"),
        (
            "told-due-now",
            "told-late",
            "person-later",
            "person-in-time",
            "person-late",
            "stuck-less",
        ),
    ),
    "what is awaited": (CaseFilter(waiting="works"), ("person-later",)),
    "half a word": (CaseFilter(waiting="street"), ()),
    "late, by the deadline": (
        CaseFilter(overdue=True),
        ("told-late", "person-later", "engine-late", "person-late", "stuck-less"),
    ),
    "late with what is awaited": (
        CaseFilter(overdue=True, waiting="owners"),
        ("engine-late",),
    ),
    "late with nothing of the kind, though awaited": (
        CaseFilter(overdue=True, waiting="contractor"),
        (),
    ),
    "stuck, the longest first": (CaseFilter(stuck=True), ("stuck", "stuck-less")),
    "stuck and late": (CaseFilter(stuck=True, overdue=True), ("stuck-less",)),
    "late in a place": (CaseFilter(overdue=True, place="d/s-1"), ("engine-late",)),
    "all of it": (
        CaseFilter(place="d", stage=Stage.VOTING, waiting="open_vote", overdue=True, stuck=True),
        ("stuck-less",),
    ),
}


@pytest.mark.parametrize("name", ASKED)
async def test_a_filter_finds_its_cases_in_its_order(
    connection: asyncpg.Connection, name: str
) -> None:
    wanted, ids = ASKED[name]
    found = await find_cases(connection, wanted, 100)
    assert tuple(case.id for case in found) == ids


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_pages_miss_none_and_repeat_none(
    connection: asyncpg.Connection, name: str, limit: int
) -> None:
    wanted, ids = ASKED[name]
    seen: list[str] = []
    after = ""
    while found := await find_cases(connection, wanted, limit, after):
        assert len(found) <= limit
        seen += [case.id for case in found]
        after = found[-1].cursor
    assert tuple(seen) == ids


async def test_a_page_goes_on_although_its_last_case_has_left_the_list(
    connection: asyncpg.Connection,
) -> None:
    wanted = CaseFilter(waiting="street_office")
    ids = ASKED["who is awaited, the longest first"][1]
    first = await find_cases(connection, wanted, 3)
    change = connection.transaction()
    await change.start()
    await connection.execute("DELETE FROM case_wait WHERE renovation_id = $1", first[-1].id)
    rest = await find_cases(connection, wanted, 100, first[-1].cursor)
    await change.rollback()
    assert tuple(case.id for case in rest) == ids[3:]


@pytest.mark.parametrize(("seconds", "late"), [(59, False), (61, True)])
async def test_the_engine_has_a_minute_and_a_person_none(
    connection: asyncpg.Connection, seconds: int, *, late: bool
) -> None:
    # Inside a transaction the database's clock stands.
    change = connection.transaction()
    await change.start()
    await connection.execute(
        "UPDATE case_wait SET due_at = now() - make_interval(secs => $1)"
        " WHERE renovation_id IN ('engine-late', 'person-in-time')",
        seconds,
    )
    found = {case.id for case in await find_cases(connection, CaseFilter(overdue=True), 100)}
    await change.rollback()
    assert ("engine-late" in found) is late
    assert "person-in-time" in found


async def test_a_case_says_what_of_it_needs_attention(connection: asyncpg.Connection) -> None:
    case = await load_case(connection, "stuck")
    assert [(each.step, each.reference) for each in case.needs_attention] == [
        ("voting.result_recorded", "ref-voting.result_recorded"),
        ("voting.box_closed", "ref-voting.box_closed"),
    ]
    assert (await load_case(connection, "ended")).needs_attention == ()


async def test_a_case_knows_where_its_clock_stands(connection: asyncpg.Connection) -> None:
    assert (await load_case(connection, "told-late")).told_now == TOLD_AT
    assert (await load_case(connection, "stuck")).told_now is None


@pytest.mark.parametrize("cursor", ["r1", "2026-r1", "20260302T010000.5Z", "-", "'; --"])
async def test_what_is_no_cursor_is_refused(connection: asyncpg.Connection, cursor: str) -> None:
    with pytest.raises(Refused, match=r"service\.cursor_invalid"):
        await find_cases(connection, CaseFilter(), 1, cursor)
