"""Officials, their credentials and ballots of a channel, for the tests of the channels."""

from collections.abc import Mapping

import asyncpg
import httpx
from pydantic import SecretStr

from tests.support.people import bearer, sign_in
from tests.support.votes.portal import ACTOR
from tests.support.votes.tickets import agent_ticket, unit_ticket

KEY = "0f" * 32
OFFICIALS = (
    ("committee", "owners_committee"),
    ("committee2", "owners_committee"),
    ("residents", "residents_committee"),
    ("street", "street_office"),
    ("grid", "grid_worker"),
    (ACTOR, "city_portal"),
)


async def grant_roles(sql: asyncpg.Connection) -> None:
    """Everybody of `OFFICIALS` acts for the district, and is signed in."""
    for actor_id, role in OFFICIALS:
        await sql.execute(
            "INSERT INTO role_grant (actor_id, label, role, place_id)"
            " VALUES ($1::text, $1::text, $2, 'd') ON CONFLICT DO NOTHING",
            actor_id,
            role,
        )
    await sign_in(sql, *(actor_id for actor_id, _ in OFFICIALS))


def official(actor_id: str) -> dict[str, str]:
    return bearer(actor_id)


def owner_of(rid: str, unit: str, version: int = 0) -> dict[str, str]:
    """Who has entered with the unit's letter; each sale and each new letter makes the next version."""
    return {"Authorization": f"Bearer {unit_ticket(SecretStr(KEY), rid, unit, version)}"}


def agent_of(rid: str, registered: httpx.Response) -> dict[str, str]:
    """The agent of the mandate that was registered."""
    ticket = agent_ticket(SecretStr(KEY), rid, registered.json()["id"])
    return {"Authorization": f"Bearer {ticket}"}


class Channels:
    """One renovation with an open box, seen through the HTTP API."""

    def __init__(
        self, http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str, box: str
    ) -> None:
        self.http, self.sql, self.rid, self.box = http, sql, rid, box
        self.commands = 0

    async def post(
        self, path: str, who: Mapping[str, str], command_id: str = "", **body: object
    ) -> httpx.Response:
        self.commands += 1
        given = {"command_id": command_id or f"{self.rid}-{self.commands}", **body}
        return await self.http.post(
            f"/v1/renovations/{self.rid}{path}", json=given, headers=dict(who)
        )

    async def get(self, path: str, who: Mapping[str, str]) -> httpx.Response:
        return await self.http.get(f"/v1/renovations/{self.rid}{path}", headers=dict(who))

    async def web(self, unit: str, choice: str, command_id: str = "") -> httpx.Response:
        """The owner's own ballot."""
        return await self.post(
            "/ballots",
            owner_of(self.rid, unit),
            command_id,
            unit_number=unit,
            choices={"works": choice},
        )

    async def events(self) -> list[str]:
        rows = await self.sql.fetch(
            "SELECT kind FROM event WHERE renovation_id=$1 ORDER BY seq", self.rid
        )
        return [str(row["kind"]) for row in rows]

    async def ballots(self) -> list[asyncpg.Record]:
        return await self.sql.fetch("SELECT * FROM ballot WHERE box_id=$1 ORDER BY seq", self.box)

    async def everything(self, but: tuple[str, ...] = ()) -> str:
        """Every row of every table of the database as text, for what must not be in it."""
        tables = await self.sql.fetch(
            "SELECT schemaname || '.' || tablename AS name FROM pg_tables"
            " WHERE schemaname IN ('public', 'private', 'person_keys')"
        )
        texts: list[str] = []
        for table in tables:
            if table["name"] not in but:
                rows = await self.sql.fetch(f"SELECT t::text FROM {table['name']} t")
                texts += [row["t"] for row in rows]
        return "\n".join(texts)


async def confirmed(
    vote: Channels, answer: httpx.Response, who: str = "street", command_id: str = ""
) -> httpx.Response:
    """What comes of a proposal when a second person confirms it; a refused one stays refused.

    The answer is that of the line: 201 with the id, and the event's kind.
    """
    if answer.status_code != 202:
        return answer
    made = answer.json()
    line = {"id": made["id"], "content_sha256": made["content_sha256"]}
    sheet = await vote.post("/proposals/confirmations", official(who), command_id, proposals=[line])
    if sheet.status_code != 201:
        return sheet
    return httpx.Response(201, json=sheet.json()["confirmed"][0])


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json().get("code"))
