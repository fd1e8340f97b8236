"""A notice is the same row whichever attempt writes it, and in whichever order its step comes to it."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from temporalio.exceptions import ApplicationError

from activities.recording import Case, Recorder
from models.messages.command import Command
from models.tables import Notice
from models.values.base import Carried
from runtime.calendars import chinese_calendar
from runtime.database import Database
from runtime.record.journal import Recorded
from tests.support.box import BOX_KEYS
from tests.support.estate import make_renovation

ITEMS = ("roof", "lift", "drains")


class Told(Carried):
    """The answer of the step."""


class CrashError(Exception):
    """The attempt dies before its commit."""


async def attempt(
    database: Database, rid: str, items: Sequence[str], seen: dict[str, str], *, dies: bool = False
) -> None:
    """One attempt of a step with a notice for each item; `seen` gets the ids by their items."""

    async def change(case: Case) -> Recorded[Told]:
        for item in items:
            case.notify("all_owners", "contractor_default", item=item)
        rows = [row for row in case.session.new if isinstance(row, Notice)]
        seen.update({str(row.params["item"]): row.id for row in rows})
        if dies:
            raise CrashError
        return Recorded(Told(), {})

    step = Command(command_id=f"renovation/{rid}#tell", renovation_id=rid)
    recorder = Recorder(database, chinese_calendar(), BOX_KEYS)
    await recorder.write(step, "test.told", None, change, Told)


async def test_another_attempt_in_another_order_writes_the_same_rows(database: Database) -> None:
    rid = await make_renovation(database, rid="rnotices")
    first: dict[str, str] = {}
    second: dict[str, str] = {}
    with pytest.raises(ApplicationError):
        await attempt(database, rid, ITEMS, first, dies=True)
    await attempt(database, rid, [*reversed(ITEMS), "roof"], second)
    assert second == first, "what was said twice in one write is said once"
    async with database.session() as session:
        rows = list(await session.scalars(select(Notice).where(Notice.renovation_id == rid)))
    assert {str(row.params["item"]): row.id for row in rows} == first
    assert len(rows) == len(ITEMS)


async def test_a_notice_says_that_its_date_is_provisional_where_it_is(database: Database) -> None:
    rid = await make_renovation(database, rid="rdates")
    announced = datetime(2026, 6, 1, tzinfo=UTC)
    year_after = chinese_calendar().last_on.year + 1

    async def change(case: Case) -> Recorded[Told]:
        case.notify("owners", "announced", until=announced)
        case.notify("owners", "later", until=datetime(year_after, 6, 1, tzinfo=UTC))
        return Recorded(Told(), {})

    step = Command(command_id=f"renovation/{rid}#dates", renovation_id=rid)
    recorder = Recorder(database, chinese_calendar(), BOX_KEYS)
    await recorder.write(step, "test.told", None, change, Told)
    async with database.session() as session:
        rows = await session.scalars(select(Notice).where(Notice.renovation_id == rid))
        params = {row.template: row.params for row in rows}
    assert params["announced"] == {"until": announced.isoformat()}
    assert params["later"]["provisional"] is True
