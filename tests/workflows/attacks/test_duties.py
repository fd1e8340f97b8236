"""Each pair of duties that exclude each other, on the real stack: one person, and then two."""

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import httpx
import pytest

from rules.duties import EXCLUDED, Duty
from runtime.database import Database
from service.parts import Parts
from tests.support.attacks import changed, written
from tests.support.box import open_box
from tests.support.duties import Play, Playing, at_the_counter, in_the_works
from tests.support.estate import make_renovation
from tests.support.journey import JourneyDriver
from tests.support.suggestions import Suggestions

PLAYS = (*at_the_counter.PLAYS, *in_the_works.PLAYS)
MOTION: dict[str, object] = {"id": "works", "title": "Works", "kind": "major"}
OPENED_AT = datetime(2025, 3, 3, 1, tzinfo=UTC)


def named(play: Play) -> str:
    return "+".join(each.value for each in play.duties)


@pytest.fixture(scope="module")
async def playing(
    parts: Parts, http: httpx.AsyncClient, database: Database, owner: str
) -> AsyncIterator[Playing]:
    sql = await asyncpg.connect(owner)
    told, wall = (f"r{secrets.token_hex(5)}" for _ in range(2))
    await make_renovation(database, rid=told, told_at=OPENED_AT)
    await make_renovation(database, rid=wall)
    driver = JourneyDriver(parts, http, sql, told)
    await driver.start()
    box = await open_box(sql, wall, motions=[MOTION])
    yield Playing(driver, Suggestions(http, sql, wall, box), sql)
    await sql.close()


def test_every_pair_of_duties_is_played() -> None:
    assert {duty for play in PLAYS for duty in play.duties} == set(Duty)
    assert all(len({EXCLUDED[duty].later for duty in play.duties}) == 1 for play in PLAYS)


@pytest.mark.slow
@pytest.mark.parametrize("play", PLAYS, ids=named)
async def test_one_person_is_refused_by_name_with_nothing_written_and_another_one_goes_on(
    playing: Playing, play: Play
) -> None:
    before_them = await play.earlier(playing)
    assert set(before_them) == set(play.duties)
    later = EXCLUDED[play.duties[0]].later
    other = f"other-{later}"
    for person in (*before_them.values(), other):
        await playing.allow(person, later)
    await playing.told.parts.clocks.settle(playing.told.rid)
    stood = await written(playing.sql)
    for duty, person in before_them.items():
        answer = await play.later(playing, person)
        assert answer.is_client_error, answer.text
        assert [each["code"] for each in answer.json()["problems"]] == [duty.value]
        assert changed(stood, await written(playing.sql)) == set()
    answer = await play.later(playing, other)
    assert answer.is_success, answer.text
    assert await written(playing.sql) != stood
