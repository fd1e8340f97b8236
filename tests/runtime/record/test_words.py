"""Cases are found by any part of what they are called, in Chinese and in Latin letters, and by how they ended."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from models.values.states import RenovationState
from runtime.addresses import asyncpg_url
from runtime.database import Database
from runtime.finding.counts import count_cases
from runtime.record.cases import CaseFilter, find_cases
from tests.support.estate import make_renovation

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
CALLED = "UPDATE renovation SET title = $2, opened_at = $3 WHERE id = $1"
FIRM = """
INSERT INTO private.firm (id, code, name, form, contact, qualification, place_id, registered_by, created_at)
VALUES ('firm:1', '91310000MA1FL0LX0X', '上海龙潭建筑有限公司', 'limited', '', '', 's', 'x', now())"""
TENDER = """
INSERT INTO tender (id, renovation_id, round, notice_at, deadline_at, ceiling_fen, estimate_fen, method, criteria)
VALUES ('t1', 'built', 1, now(), now(), 1, 1, 'lowest_price', '{}')"""
CONTRACT = """
INSERT INTO contract (id, renovation_id, tender_id, bidder_id, value_fen, contingency_fen,
  retention_permille, signed_at)
VALUES ('c1', 'built', 't1', 'firm:1', 1, 0, 0, now())"""


@pytest.fixture(scope="module")
async def connection(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """Three cases: one with Chinese names, one that a firm builds, one that was shelved."""
    for rid in ("mei", "built", "over"):
        await make_renovation(database, rid=rid, units=1)
    opened = await asyncpg.connect(asyncpg_url(database.url))
    await opened.execute(CALLED, "mei", "梅园新村老旧小区改造", NOW)
    await opened.execute(CALLED, "built", "Roof of Ｌakeside  House 3", NOW - HOUR)
    await opened.execute(CALLED, "over", "Lift at 100%_sure", NOW - 2 * HOUR)
    for statement in (FIRM, TENDER, CONTRACT):
        await opened.execute(statement)
    await opened.execute(
        "UPDATE renovation SET state = 'shelved', rule_pack = 'XX-1', closed_at = now(), stage = 'bidding'"
        " WHERE id = 'over'"
    )
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (CaseFilter(words="园新"), ("mei",)),
        (CaseFilter(words="梅"), ("mei",)),
        (CaseFilter(words="园梅"), ()),
        (CaseFilter(words="改造 梅园"), ("mei",)),
        (CaseFilter(words="lakeside house"), ("built",)),
        (CaseFilter(words="ＬＡＫＥ"), ("built",)),
        (CaseFilter(words="lake mei"), ()),
        (CaseFilter(words="龙潭建筑"), ("built",)),
        (CaseFilter(words="100%_"), ("over",)),
        (CaseFilter(words="%"), ("over",)),
        (CaseFilter(words="' OR true --"), ()),
        (CaseFilter(contractor="firm:1"), ("built",)),
        (CaseFilter(contractor="firm:2"), ()),
        (CaseFilter(outcome=RenovationState.SHELVED), ("over",)),
        (CaseFilter(outcome=RenovationState.RUNNING), ("mei", "built")),
        (CaseFilter(rule_pack="XX-1"), ("over",)),
        (CaseFilter(rule_pack="XX-1", words="梅"), ()),
    ],
)
async def test_a_case_is_found_by_what_it_is_called_and_how_it_ended(
    connection: asyncpg.Connection, wanted: CaseFilter, ids: tuple[str, ...]
) -> None:
    assert tuple(case.id for case in await find_cases(connection, wanted, 10)) == ids


async def test_a_new_name_of_an_estate_or_firm_is_found_and_the_old_one_no_more(
    connection: asyncpg.Connection,
) -> None:
    change = connection.transaction()
    await change.start()
    await connection.execute("UPDATE private.firm SET name = '凤凰建设' WHERE id = 'firm:1'")
    await connection.execute(
        "UPDATE estate SET name = '桂花苑' WHERE id = (SELECT estate_id FROM renovation WHERE id = 'mei')"
    )
    found = {
        words: tuple(each.id for each in await find_cases(connection, CaseFilter(words=words), 10))
        for words in ("凤凰", "龙潭", "桂花苑")
    }
    await change.rollback()
    assert found == {"凤凰": ("built",), "龙潭": (), "桂花苑": ("mei",)}


async def test_the_counts_of_the_places_below_one_are_those_of_its_cases(
    connection: asyncpg.Connection,
) -> None:
    change = connection.transaction()
    await change.start()
    late = (
        "INSERT INTO case_wait (workflow_id, what, subject, renovation_id, due_at, since, who, consequence)"
        " VALUES ($1, 'open_vote', '', $1, now() - interval '1 day', now(), $2, '')"
    )
    await connection.execute(late, "mei", "owners_committee, street_office")
    await connection.execute(late, "built", "street_office")
    counts = await count_cases(connection, "d")
    await change.rollback()
    (street,) = counts.places
    assert (street.path, street.running, street.ended, street.late, street.stuck) == (
        "d/s",
        2,
        1,
        2,
        0,
    )
    assert street.stages == {"voting": 2}
    assert [(each.who, each.awaited, each.late) for each in counts.waiting] == [
        ("street_office", 2, 2),
        ("owners_committee", 1, 1),
    ]
    assert (await count_cases(connection, "d/s/c/g")).places[0].path == "d/s/c/g"
    assert (await count_cases(connection, "nowhere")).places == ()
