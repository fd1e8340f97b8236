"""Carries a told case through its workflows, one reaction per wait, on real servers.

`JourneyDriver.until(word)` does what an ordinary committee would do for every other `waiting_for`,
and moves the clock when there is nothing to do; a test replaces the reaction it is about with `on`.
Residents, bidders and the bank come through the product's own HTTP API.
"""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import httpx
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.client import WorkflowHandle

from models.messages import acts as a
from models.messages.ids import (
    renovation_workflow_id,
)
from models.messages.journey import Journey, JourneyOutcome
from models.values.actor import Actor, Role
from models.values.refusal import Refused
from models.values.states import OPEN_STATES
from models.values.waits import STARTING, at_work
from rules.bidding.submission import RELATED
from runtime.record.agenda import replace_waits
from runtime.record.journal import load_tick
from service.clock.bodies import ClockMoved, MoveClock
from service.parts import Parts
from tests.support.people import sign_in
from tests.support.signed.seconded import seconded
from tests.support.votes.tickets import unit_ticket
from workflows.renovation import RenovationWorkflow

Reaction = Callable[["JourneyDriver"], Awaitable[None]]
DAY = timedelta(days=1)
MOST_MOVES = 400
PATIENCE_S = 30.0
FAR_DAYS = 10
"""So far the clock goes at once where no deadline is known."""


def actor(role: Role, name: str = "") -> Actor:
    """An official of the test: the id is the role unless a name is given."""
    return Actor(id=name or role.value, role=role, label=name or role.value, place="d")


COMMITTEE = actor(Role.OWNERS_COMMITTEE)
STREET = actor(Role.STREET_OFFICE)
BUREAU = actor(Role.DISTRICT_BUREAU)
CONTRACTOR = actor(Role.CONTRACTOR, "b1")
SUPERVISOR = actor(Role.SUPERVISOR, "s1")
OTHER_SUPERVISOR = actor(Role.SUPERVISOR, "s2")
BANK = actor(Role.PAYMENT_PROVIDER)
CHIEF = actor(Role.CHIEF_SUPERVISOR)
EVALUATOR = actor(Role.EVALUATOR)


class JourneyDriver:
    """One told case under way: its database (as owner, to look), the service, and its HTTP API."""

    def __init__(
        self, parts: Parts, http: httpx.AsyncClient, db: asyncpg.Connection, rid: str
    ) -> None:
        self.parts, self.http, self.db, self.rid = parts, http, db, rid
        self.client, self.queue = parts.client, parts.settings.task_queue
        self.acts = 0
        self.gateway_public = ""
        self.reactions: dict[str, Reaction] = dict(REACTIONS)

    def on(self, word: str, reaction: Reaction) -> None:
        """Replace what is done when the renovation waits for `word`."""
        self.reactions[word] = reaction

    async def start(self) -> WorkflowHandle[RenovationWorkflow, JourneyOutcome]:
        async def begin(session: AsyncSession) -> None:
            now = await load_tick(session, self.rid)
            waits = (at_work(STARTING, now),)
            await replace_waits(session, self.rid, renovation_workflow_id(self.rid), waits, now)

        await self.parts.database.transaction(begin)
        self.handle = await self.client.start_workflow(
            RenovationWorkflow.run,
            Journey(renovation_id=self.rid, clock="told", gateway_public=self.gateway_public),
            id=renovation_workflow_id(self.rid),
            task_queue=self.queue,
        )
        return self.handle

    async def row(self) -> asyncpg.Record:
        return await self.db.fetchrow("SELECT * FROM renovation WHERE id = $1", self.rid)

    async def now(self) -> datetime:
        return (await self.parts.clocks.look(self.rid)).now

    async def until(self, word: str) -> asyncpg.Record:
        """React to every other wait until the renovation waits for `word`, or has ended ("nothing")."""
        for _ in range(MOST_MOVES):
            await self.parts.clocks.settle(self.rid)
            row = await self.row()
            if row["waiting_for"] == word:
                return row
            if row["state"] not in OPEN_STATES:
                assert word == "nothing", f"ended as {row['state']} before {word}"
                return row
            reaction = self.reactions.get(row["waiting_for"])
            if reaction is not None:
                before = await self.seq()
                await reaction(self)
                if await self.seq() != before:
                    continue
            await self.go_on()
        raise AssertionError(f"still waiting for {row['waiting_for']!r}, not {word!r}")

    async def go_on(self) -> None:
        """To the next deadline; some days on where there is none."""
        try:
            await self.move("next")
        except Refused as refused:
            if codes(refused) != ["clock.nothing_due"]:
                raise
            await self.days(FAR_DAYS)

    async def days(self, days: int) -> ClockMoved:
        return await self.move("days", days=days)

    async def move(self, move: str, **fields: Any) -> ClockMoved:
        """Tell the clock, under a new command id."""
        await self.official(COMMITTEE)
        command = MoveClock(command_id=self.new_id("move"), move=move, **fields)
        return await self.parts.clocks.move(self.rid, COMMITTEE, command)

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


def codes(refused: Refused) -> list[str]:
    """The codes of a refusal."""
    return [problem.code for problem in refused.problems]


async def open_vote(j: JourneyDriver) -> None:
    await j.act(a.OpenVote, COMMITTEE)


async def open_when_allowed(j: JourneyDriver) -> None:
    """The law wants time between two votes: ask again until the vote may be opened."""
    try:
        await j.act(a.OpenVote, COMMITTEE)
    except Refused as error:
        if codes(error) != ["voting.re_vote_too_early"]:
            raise


async def everyone_says_yes(j: JourneyDriver) -> None:
    await j.cast("yes")


async def everyone_pays(j: JourneyDriver) -> None:
    await j.pay()


async def publish_tender(j: JourneyDriver) -> None:
    await j.act(a.PublishTender, STREET, causes="too few bidders; the notice goes to more")


async def three_bids(j: JourneyDriver) -> None:
    ceiling = await j.value(
        "SELECT ceiling_fen FROM tender WHERE renovation_id=$1 AND state='open'"
    )
    await j.bid(ceiling * 90 // 100, ceiling * 93 // 100, ceiling * 97 // 100)


async def record_evaluation(j: JourneyDriver) -> None:
    await j.act(a.RecordEvaluation, EVALUATOR, cleared=await cleared_flags(j))


async def cleared_flags(j: JourneyDriver) -> list[dict[str, Any]]:
    """The committee finds no collusion behind any red flag of the last opening."""
    flags = (await j.details("bidding.bids_opened"))[-1].get("red_flags", [])
    return [
        {"kind": flag["kind"], "bidders": flag["bidders"], "reason": "unit prices differ"}
        for flag in flags
    ]


async def first_candidate(j: JourneyDriver) -> str:
    return str(
        await j.value(
            "SELECT bidder_id FROM award JOIN tender ON tender.id = award.tender_id"
            " WHERE tender.renovation_id=$1 AND award.state IN ('candidate', 'awarded')"
            " ORDER BY tender.round DESC, rank LIMIT 1"
        )
    )


async def award(j: JourneyDriver) -> None:
    await j.act(a.AwardContract, STREET, bidder_id=await first_candidate(j))


async def sign(j: JourneyDriver) -> None:
    price = await j.value(
        "SELECT award.price_fen FROM award JOIN tender ON tender.id = award.tender_id"
        " WHERE tender.renovation_id=$1 AND award.state='awarded' ORDER BY tender.round DESC"
    )
    await j.act(a.SignContract, STREET, value_fen=price)


async def planned(j: JourneyDriver) -> list[tuple[str, bool]]:
    rows = await j.db.fetch(
        "SELECT id, concealed FROM work_item WHERE renovation_id=$1 ORDER BY id", j.rid
    )
    return [(str(row["id"]).removeprefix(f"{j.rid}."), bool(row["concealed"])) for row in rows]


async def builder(j: JourneyDriver) -> Actor:
    """Whoever has the latest contract."""
    bidder = await j.value(
        "SELECT bidder_id FROM contract WHERE renovation_id=$1 ORDER BY works_round DESC"
    )
    return CONTRACTOR.model_copy(update={"id": bidder})


async def works(j: JourneyDriver) -> None:
    """Every item is reported and passes."""
    firm = await builder(j)
    for item, concealed in await planned(j):
        state = await j.value(
            "SELECT state FROM work_item WHERE renovation_id=$1 AND id=$2", f"{j.rid}.{item}"
        )
        if state != "planned":
            continue
        await j.act(a.ReportItem, firm, item_id=item)
        if concealed:
            await inspect(j, item, "PASS", kind="concealed")
        await inspect(j, item, "PASS")


async def inspect(
    j: JourneyDriver, item: str, outcome: str, who: Actor = SUPERVISOR, kind: str = "stage"
) -> None:
    defects = ("a crack",) if outcome == "FAIL" else ()
    await j.act(a.RecordInspection, who, item_id=item, kind=kind, outcome=outcome, defects=defects)


async def accept(j: JourneyDriver) -> None:
    await j.act(a.AcceptWorks, CHIEF)


async def approve_payment(j: JourneyDriver) -> None:
    await j.act(a.ApprovePayment, BUREAU)


async def kept_back(j: JourneyDriver) -> list[str]:
    """The contracts of whose retention nobody has decided."""
    rows = await j.db.fetch(
        "SELECT a.name FROM ledger_account a WHERE a.renovation_id = $1 AND a.kind = 'retention'"
        " AND a.balance_fen < 0 AND NOT EXISTS (SELECT FROM retention_release r"
        "   WHERE r.contract_id = a.name) ORDER BY a.name",
        j.rid,
    )
    return [str(row["name"]) for row in rows]


async def release_retention(j: JourneyDriver) -> None:
    """Contract by contract."""
    await j.act(a.ReleaseRetention, BUREAU, contract_id=(await kept_back(j))[0])


async def settle_accounts(j: JourneyDriver) -> None:
    """Whoever owes pays: households, and those who pay beside them."""
    rows = await j.db.fetch(
        "SELECT kind, name, balance_fen FROM ledger_account WHERE renovation_id = $1"
        " AND balance_fen > 0 AND kind NOT IN ('escrow', 'project') ORDER BY kind, name",
        j.rid,
    )
    payments = [
        {"unit_number": row["name"], "amount_fen": row["balance_fen"]}
        if row["kind"] == "household"
        else {"payer": f"{row['kind']}/{row['name']}".rstrip("/"), "amount_fen": row["balance_fen"]}
        for row in rows
    ]
    await j.told("/payments", await j.official(BANK), payments=payments)


async def terminate(j: JourneyDriver) -> None:
    await j.act(a.TerminateContract, STREET, reason="the default was not cured")


async def measure(j: JourneyDriver) -> None:
    await j.act(a.MeasureWorks, CHIEF)


REACTIONS: dict[str, Reaction] = {
    "open_vote": open_vote,
    "ballots": everyone_says_yes,
    "payments": everyone_pays,
    "publish_tender": publish_tender,
    "bids": three_bids,
    "record_evaluation": record_evaluation,
    "award_contract": award,
    "sign_contract": sign,
    "works": works,
    "accept_works": accept,
    "approve_payment": approve_payment,
    "release_retention": release_retention,
    "accounts": settle_accounts,
    "terminate_contract": terminate,
    "measure_works": measure,
}


async def complain(j: JourneyDriver) -> str:
    """A resident complains; returns the ticket's id."""
    unit = (await j.units())[0]
    opened = await j.told(
        "/tickets",
        j.voter(unit),
        unit_number=unit,
        kind="complaint",
        text="the stairs are dark",
        confidential=False,
    )
    return str(opened["id"])
