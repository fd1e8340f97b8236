"""Who is awaited, since when they are late, what happens then, and whether a date may still move."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from cli.shown import awaited_words, list_table, status_json, status_lines
from models.tables import Renovation
from models.values.waits import Consequence, Wait
from runtime.addresses import asyncpg_url
from runtime.database import Database
from runtime.record.agenda import add_waits
from runtime.record.awaited import AwaitedLine
from runtime.record.cases import CaseFilter, CaseRow, find_cases, load_case
from service.views import load_renovation
from tests.cli.test_shown import printed
from tests.support.estate import make_renovation

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
ZONE = "Asia/Shanghai"
NEXT_YEARS = datetime(2031, 1, 4, 16, tzinfo=UTC)
"""No announcement covers it."""


async def awaiting(database: Database, rid: str, *waits: Wait) -> None:
    await make_renovation(database, rid=rid, units=1)

    async def work(session: AsyncSession) -> None:
        row = await session.get_one(Renovation, rid)
        row.due_at = waits[0].due_at
        await add_waits(session, rid, row.workflow_id, waits, NOW)

    await database.transaction(work)


async def load(database: Database, rid: str) -> CaseRow:
    connection = await asyncpg.connect(asyncpg_url(database.url))
    try:
        return await load_case(connection, rid)
    finally:
        await connection.close()


ESCALATED = Wait(
    what="open_vote",
    who="owners_committee, street_office",
    due_at=NOW + 3 * DAY,
    late_since=NOW - 11 * DAY,
    level="residents_committee",
    consequence=Consequence.ESCALATED,
)


async def test_whoever_is_late_is_on_the_list_of_what_is_overdue_though_more_follows(
    database: Database,
) -> None:
    await awaiting(database, "r-goes-up", ESCALATED)
    told = ESCALATED.model_copy(
        update={"due_at": None, "consequence": Consequence.NONE, "late_since": NOW - 30 * DAY}
    )
    await awaiting(database, "r-at-the-top", told)
    in_time = Wait(what="open_vote", who="a", due_at=NOW + DAY, consequence=Consequence.REMINDED)
    await awaiting(database, "r-in-time", in_time)
    connection = await asyncpg.connect(asyncpg_url(database.url))
    try:
        found = await find_cases(connection, CaseFilter(overdue=True), 10)
    finally:
        await connection.close()
    assert [case.id for case in found] == ["r-at-the-top", "r-goes-up"], "the latest first"
    assert "residents" not in printed(list_table(found))
    assert printed(list_table(found)).count("owners_committee, street_office since") == 2


async def test_status_and_api_say_who_is_late_since_when_and_what_happens_then(
    database: Database,
) -> None:
    await awaiting(database, "r-status", ESCALATED)
    case = await load(database, "r-status")
    (line,) = case.late
    assert (line.late_since, line.level) == (ESCALATED.late_since, "residents_committee")
    said = dict(status_lines(case))["awaited"]
    assert "late since" in said
    assert "residents_committee" in said
    assert "the level above hears of it" in said
    assert status_json(case)["awaited"] == [line.model_dump(mode="json")]
    async with database.session() as session:
        view = await load_renovation(session, "r-status")
    assert view.awaited == (line,)


async def test_a_date_of_a_year_without_announced_holidays_says_that_it_is_provisional(
    database: Database,
) -> None:
    wait = Wait(what="open_vote", who="a", due_at=NEXT_YEARS, consequence=Consequence.REMINDED)
    await awaiting(database, "r-next-year", wait)
    case = await load(database, "r-next-year")
    assert (case.provisional, case.awaited[0].provisional) == (True, True)
    assert dict(status_lines(case))["due (case time)"].endswith("(provisional)")
    async with database.session() as session:
        assert (await load_renovation(session, "r-next-year")).provisional


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_every_consequence_can_be_said(language: str) -> None:
    for consequence in Consequence:
        line = AwaitedLine(
            what="answers",
            subject="r1.o1",
            who="owners_committee",
            since=NOW,
            due_at=NOW,
            late_since=None,
            consequence=consequence,
            level="",
            provisional=False,
        )
        assert "%" not in awaited_words(line, ZONE, language)
