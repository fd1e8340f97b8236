"""The link of `gongjian training`: good once, and whoever has it plays everybody in one told case."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import asyncpg
import httpx

from runtime.database import Database
from runtime.settings import Settings
from service.identity.browser import COOKIE
from service.identity.cast import invite_cast, invite_leader

Make = Callable[..., Awaitable[str]]


class Player:
    """Somebody of the told case."""

    id, label = "oc-player", "Committee"


HTML = {"accept": "text/html", "accept-language": "en"}


async def told(renovation: Make, sql: asyncpg.Connection) -> str:
    rid = await renovation(told_at=datetime(2026, 3, 2, 1, tzinfo=UTC))
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id, only_case, valid_from)"
        " VALUES ($2::text, 'Committee', 'owners_committee', 'g', $1, now()),"
        " ('other-player', 'Street', 'street_office', 's', $1, now())",
        *(rid, Player.id),
    )
    return rid


async def test_the_link_lets_somebody_lead_the_case_once(
    http: httpx.AsyncClient, sql: asyncpg.Connection, renovation: Make, database: Database
) -> None:
    rid = await told(renovation, sql)
    path = f"/office/training/lead/{await invite_leader(database, rid, Player())}"
    for _ in range(2):  # looking uses nothing up
        assert "Begin" in (await http.get(path, headers=HTML)).text
    away = {**HTML, "origin": "https://evil.example"}
    assert (await http.post(path, headers=away)).status_code == 403
    taken = await http.post(path, headers=HTML)
    assert taken.headers["location"] == f"/office/cases/{rid}"
    (session,) = re.findall(rf"{COOKIE}=([^;]+)", taken.headers["set-cookie"])
    page = await http.get(
        f"/office/cases/{rid}/training", headers={**HTML, "cookie": f"{COOKIE}={session}"}
    )
    assert 'value="other-player"' in page.text  # everybody's part
    assert (await http.post(path, headers=HTML)).status_code in {409, 410}


async def test_an_invitation_of_one_player_leads_nothing(
    http: httpx.AsyncClient,
    sql: asyncpg.Connection,
    renovation: Make,
    database: Database,
    settings: Settings,
) -> None:
    rid = await told(renovation, sql)
    tokens = await invite_cast(database, settings, rid, [Player()])
    answer = await http.post(f"/office/training/lead/{tokens['oc-player']}", headers=HTML)
    assert answer.status_code == 404
    used = "SELECT count(*) FROM private.invitation WHERE used_at IS NOT NULL AND only_case = $1"
    assert await sql.fetchval(used, rid) == 0
