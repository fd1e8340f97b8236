"""One told case on real servers: its rows, the acts of officials, and what residents, bidders and the bank do over HTTP."""

import asyncio
import json
from datetime import datetime
from typing import Any

import asyncpg
import httpx
from pydantic import SecretStr

from models.messages import acts as a
from models.values.actor import Actor, Role
from rules.bidding.submission import RELATED
from service.parts import Parts
from tests.support.journeys.people import BANK, actor
from tests.support.people import sign_in
from tests.support.signed.seconded import seconded
from tests.support.votes.tickets import unit_ticket


class ToldCase:
    """One told case under way: its database (as owner, to look), the service, and its HTTP API."""

    def __init__(
        self, parts: Parts, http: httpx.AsyncClient, db: asyncpg.Connection, rid: str
    ) -> None:
        self.parts, self.http, self.db, self.rid = parts, http, db, rid
        self.client, self.queue = parts.client, parts.settings.task_queue
        self.acts = 0
        self.granting = asyncio.Lock()
        """Acts that are sent side by side share one connection."""

    async def row(self) -> asyncpg.Record:
        return await self.db.fetchrow("SELECT * FROM renovation WHERE id = $1", self.rid)

    async def now(self) -> datetime:
        return (await self.parts.clocks.look(self.rid)).now

    def new_id(self, word: str) -> str:
        self.acts += 1
        return f"{self.rid}-{word}-{self.acts}"

    async def seq(self) -> int:
        return int(await self.db.fetchval("SELECT head_seq FROM renovation WHERE id=$1", self.rid))

    async def act(self, kind: type[a.Act], who: Actor, /, **fields: Any) -> a.Done:
        """Do an official act through the gateway, under a new command id."""
        return await self.send(kind(command_id=self.new_id("act"), actor=who, **fields))

    async def send(self, given: a.Act) -> a.Done:
        """Send it in the name of its actor, who holds the role here from now on."""
        gateway, who = self.parts.gateway, given.actor
        if isinstance(given, a.ConfirmTicket):
            return await gateway.confirm_ticket(
                self.rid, given.ticket_id, who, given.command_id, satisfied=given.satisfied
            )
        await self.official(who)
        body = given.model_dump(mode="json", exclude={"command_id", "actor"})
        await seconded(self.parts.database, self.rid, given.name, body, who.id, given.command_id)
        return await gateway.send(self.rid, given.name, body, who.id, given.command_id)

    # What residents, bidders and the bank do, over HTTP.

    async def post(self, path: str, credential: str, **body: Any) -> httpx.Response:
        command = {"command_id": body.pop("command_id", None) or self.new_id("http"), **body}
        return await self.http.post(
            f"/v1/renovations/{self.rid}{path}",
            json=command,
            headers={"Authorization": f"Bearer {credential}"},
        )

    async def told(self, path: str, credential: str, **body: Any) -> dict[str, Any]:
        """Post what must be taken."""
        answer = await self.post(path, credential, **body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def key(self) -> SecretStr:
        return self.parts.settings.credential_key

    def voter(self, unit: str) -> str:
        return unit_ticket(self.parts.settings.session_key or self.key(), self.rid, unit)

    async def official(self, who: Actor) -> str:
        """The session of an official, who holds the role here from now on.

        A firm that is given a role with which nobody bids has it in this case alone: it bids in those of
        other tests.
        """
        async with self.granting:
            return await self._granted(who)

    async def _granted(self, who: Actor) -> str:
        await self.db.execute(
            "INSERT INTO role_grant (actor_id, label, role, place_id, only_case)"
            " SELECT $1::varchar, $2, $3, $4, CASE WHEN EXISTS (SELECT FROM role_grant"
            " WHERE actor_id = $1::varchar AND role = 'contractor') THEN $5::varchar END"
            " ON CONFLICT DO NOTHING",
            who.id,
            who.label,
            who.role.value,
            None if who.role is Role.ADMINISTRATOR else who.place,
            self.rid if who.role in RELATED else None,
        )
        return await sign_in(self.db, who.id)

    async def units(self) -> list[str]:
        """One unit for each owner, in order."""
        rows = await self.db.fetch(
            "SELECT min(u.number) AS number FROM unit u JOIN renovation r USING (estate_id)"
            " WHERE r.id=$1 AND NOT u.developer GROUP BY u.owner_key ORDER BY 1",
            self.rid,
        )
        return [str(row["number"]) for row in rows]

    async def box(self) -> asyncpg.Record:
        return await self.db.fetchrow(
            "SELECT * FROM ballot_box WHERE renovation_id=$1 ORDER BY attempt DESC LIMIT 1",
            self.rid,
        )

    async def box_id(self) -> str:
        return str((await self.box())["id"])

    async def cast(self, choice: str, share: float = 1.0) -> int:
        """The first `share` of the owners cast `choice` on every motion, once the box is open."""
        motions = [motion["id"] for motion in json.loads((await self.box())["motions"])]
        units = await self.units()
        chosen = units[: round(len(units) * share)]
        said = [(unit, dict.fromkeys(motions, choice)) for unit in chosen]
        return await self.ballots(said)

    async def ballots(self, said: list[tuple[str, dict[str, str]]]) -> int:
        """Each unit casts its choices; before the opening nothing is cast. How many there were."""
        box = await self.box()
        if await self.now() < box["opens_at"]:
            return 0
        for unit, choices in said:
            command = f"{box['id']}-{unit}-{'-'.join(choices.values())}"
            await self.told(
                "/ballots", self.voter(unit), command_id=command, unit_number=unit, choices=choices
            )
        return len(said)

    async def object_to(self, subject: str, unit: int = 0) -> tuple[str, str]:
        """An owner objects to the open publication; returns publication and objection id."""
        publication = str(
            await self.value(
                "SELECT id FROM publication WHERE renovation_id=$1 AND subject=$2 AND state='open'",
                subject,
            )
        )
        number = (await self.units())[unit]
        filed = await self.told(
            "/objections",
            self.voter(number),
            publication_id=publication,
            unit_number=number,
            text="why?",
        )
        return publication, str(filed["id"])

    async def pay(self, permille: int = 1000) -> None:
        """The bank reports that the first so many units have paid all they owe."""
        rows = await self.db.fetch(
            "SELECT i.unit_number, sum(i.amount_fen)::bigint"
            " - coalesce((SELECT sum(amount_fen) FROM payment p WHERE p.renovation_id=$1"
            "   AND p.unit_number=i.unit_number), 0)::bigint AS due"
            " FROM instalment i WHERE i.renovation_id=$1 GROUP BY 1 ORDER BY 1",
            self.rid,
        )
        owing = [row for row in rows[: len(rows) * permille // 1000] if row["due"] > 0]
        if owing:
            payments = [
                {"unit_number": row["unit_number"], "amount_fen": row["due"]} for row in owing
            ]
            await self.told("/payments", await self.official(BANK), payments=payments)

    async def bid(self, *prices: int) -> None:
        """Bidders b1, b2… bid these prices on the open tender, once.

        Whoever has lost a contract of this case stays away.
        """
        tender = await self.value("SELECT id FROM tender WHERE renovation_id=$1 AND state='open'")
        for firm, price in zip(await self.firms(len(prices)), prices, strict=True):
            who = await self.official(actor(Role.CONTRACTOR, firm))
            await self.told("/bids", who, command_id=f"{tender}-{firm}", price_fen=price)

    async def firms(self, number: int) -> list[str]:
        """So many firms that have not lost a contract of this case, whoever had won it."""
        rows = await self.db.fetch(
            "SELECT bidder_id FROM contract WHERE renovation_id=$1 AND state='terminated'", self.rid
        )
        lost = {str(row["bidder_id"]) for row in rows}
        names = (f"b{each}" for each in range(1, 1 + number + len(lost)))
        return [name for name in names if name not in lost][:number]

    async def events(self) -> list[str]:
        rows = await self.db.fetch(
            "SELECT kind FROM event WHERE renovation_id=$1 ORDER BY seq", self.rid
        )
        return [str(row["kind"]) for row in rows]

    async def details(self, kind: str) -> list[dict[str, Any]]:
        rows = await self.db.fetch(
            "SELECT details FROM event WHERE renovation_id=$1 AND kind=$2 ORDER BY seq",
            self.rid,
            kind,
        )
        return [json.loads(row["details"]) for row in rows]

    async def value(self, sql: str, *args: Any) -> Any:
        """One value; $1 is the renovation."""
        return await self.db.fetchval(sql, self.rid, *args)
