"""Carries a renovation through its workflows on the time-skipping server, one reaction per wait.

`JourneyDriver.until(word)` does what an ordinary committee would do for every other `waiting_for`;
a test replaces the reaction it is about with `on`. Residents act by row, as in the product.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from models.messages import acts as a
from models.messages.ids import (
    publication_workflow_id,
    renovation_workflow_id,
    ticket_workflow_id,
)
from models.messages.journey import Journey, JourneyOutcome, TicketInput
from models.values.actor import Actor, Role
from tests.support.box import put_ballots
from workflows.renovation import RenovationWorkflow
from workflows.ticket import TicketWorkflow

Reaction = Callable[["JourneyDriver"], Awaitable[None]]
DAY = timedelta(days=1)
MAX_DAYS = 1500
PATIENCE_S = 3.0


def actor(role: Role, name: str = "") -> Actor:
    """An official of the test: the id is the role unless a name is given."""
    return Actor(id=name or role.value, role=role, label=name or role.value, place="d")


COMMITTEE = actor(Role.OWNERS_COMMITTEE)
STREET = actor(Role.STREET_OFFICE)
BUREAU = actor(Role.DISTRICT_BUREAU)
CONTRACTOR = actor(Role.CONTRACTOR, "b1")
SUPERVISOR = actor(Role.SUPERVISOR, "s1")
OTHER_SUPERVISOR = actor(Role.SUPERVISOR, "s2")
CHIEF = actor(Role.CHIEF_SUPERVISOR)
EVALUATOR = actor(Role.EVALUATOR)


class JourneyDriver:
    """One renovation under way: its database (as owner, to play the residents) and its workflows."""

    def __init__(
        self, env: WorkflowEnvironment, client: Client, db: asyncpg.Connection, rid: str, queue: str
    ) -> None:
        self.env, self.client, self.db, self.rid, self.queue = env, client, db, rid, queue
        self.acts = 0
        self.reactions: dict[str, Reaction] = dict(REACTIONS)

    def on(self, word: str, reaction: Reaction) -> None:
        """Replace what is done when the renovation waits for `word`."""
        self.reactions[word] = reaction

    async def start(self) -> WorkflowHandle[RenovationWorkflow, JourneyOutcome]:
        self.handle = await self.client.start_workflow(
            RenovationWorkflow.run,
            Journey(renovation_id=self.rid),
            id=renovation_workflow_id(self.rid),
            task_queue=self.queue,
        )
        return self.handle

    async def row(self) -> asyncpg.Record:
        return await self.db.fetchrow("SELECT * FROM renovation WHERE id = $1", self.rid)

    async def now(self) -> datetime:
        return await self.env.get_current_time()

    async def until(self, word: str) -> asyncpg.Record:
        """React to every other wait until the renovation waits for `word`, or has ended ("nothing")."""
        for _ in range(MAX_DAYS):
            row = await self.row()
            if row["head_seq"] == 0:
                await asyncio.sleep(0.02)
                continue
            if row["waiting_for"] == word:
                return row
            if row["state"] != "running":
                assert word == "nothing", f"ended as {row['state']} before {word}"
                return row
            reaction = self.reactions.get(row["waiting_for"])
            if reaction is not None:
                before = await self.seq()
                await reaction(self)
                if await self.seq() != before:
                    continue
            await self.env.sleep(await self._while(row["due_at"]))
        raise AssertionError(f"still waiting for {row['waiting_for']!r}, not {word!r}")

    async def _while(self, due_at: datetime | None) -> timedelta:
        """Sleep towards the next deadline in few steps, but look again before it."""
        left = (due_at - await self.now()) / 2 if due_at else DAY
        return max(DAY, left)

    async def seq(self) -> int:
        return int(await self.db.fetchval("SELECT head_seq FROM renovation WHERE id=$1", self.rid))

    async def act(self, kind: type[a.Act], who: Actor, /, **fields: Any) -> a.Done:
        """Do an official act; asked again for a moment, since a row is ahead of its workflow."""
        last = asyncio.get_running_loop().time() + PATIENCE_S
        while True:
            try:
                return await self.once(kind, who, **fields)
            except (WorkflowUpdateFailedError, RPCError):
                if asyncio.get_running_loop().time() > last:
                    raise
            await asyncio.sleep(0.02)

    async def once(self, kind: type[a.Act], who: Actor, /, **fields: Any) -> a.Done:
        """Do an official act at the workflow that hears it, under a new command id."""
        self.acts += 1
        given = kind(command_id=f"{self.rid}-act-{self.acts}", actor=who, **fields)
        return await self.send(given)

    async def send(self, given: a.Act) -> a.Done:
        """Send it; a row is a moment ahead of the workflow that it names."""
        handle = self.client.get_workflow_handle(await self._target(given))
        last = asyncio.get_running_loop().time() + PATIENCE_S
        while True:
            try:
                return await handle.execute_update(
                    given.name, given, id=given.command_id, result_type=a.Done
                )
            except RPCError as error:
                late = asyncio.get_running_loop().time() > last
                if error.status != RPCStatusCode.NOT_FOUND or late:
                    raise
            await asyncio.sleep(0.02)

    async def _target(self, given: a.Act) -> str:
        if isinstance(given, a.AnswerObjection):
            return publication_workflow_id(self.rid, given.publication_id)
        if isinstance(given, a.ResolveTicket | a.ConfirmTicket):
            return ticket_workflow_id(self.rid, given.ticket_id)
        if given.target == "renovation":
            return renovation_workflow_id(self.rid)
        return str((await self.row())["stage_workflow_id"])

    # What residents and bidders do: rows, as the service writes them.

    async def box_id(self) -> str:
        return str(
            await self.db.fetchval(
                "SELECT id FROM ballot_box WHERE renovation_id=$1 ORDER BY attempt DESC LIMIT 1",
                self.rid,
            )
        )

    async def cast(self, choice: str, share: float = 1.0) -> int:
        """The first `share` of the roll casts `choice` on every motion; returns how many."""
        box = await self.box_id()
        entries = await self.db.fetch(
            "SELECT entry_id FROM roll_entry WHERE box_id=$1 ORDER BY entry_id", box
        )
        motions = json.loads(
            await self.db.fetchval("SELECT motions FROM ballot_box WHERE id=$1", box)
        )
        choices = {motion["id"]: choice for motion in motions}
        chosen = entries[: round(len(entries) * share)]
        await put_ballots(self.db, box, [(entry["entry_id"], choices) for entry in chosen])
        return len(chosen)

    async def object_to(self, subject: str, who: str = "unit") -> tuple[str, str]:
        """File an objection against the open publication; returns publication and objection id."""
        publication = await self.db.fetchval(
            "SELECT id FROM publication WHERE renovation_id=$1 AND subject=$2 AND state='open'",
            self.rid,
            subject,
        )
        oid = f"{self.rid}.o{self.acts}-{who}"
        await self.db.execute(
            "INSERT INTO objection (id, publication_id, command_id, unit_number, text, filed_at,"
            " recorded_at, state) VALUES ($1,$2,$1,NULL,'why?',$3,clock_timestamp(),'open')",
            oid,
            publication,
            await self.now(),
        )
        return str(publication), oid

    async def pay(self, permille: int = 1000) -> None:
        """The first so many units pay all they owe."""
        rows = await self.db.fetch(
            "SELECT unit_number, sum(amount_fen)::bigint AS due FROM instalment"
            " WHERE renovation_id=$1 GROUP BY 1 HAVING sum(amount_fen) > 0 ORDER BY 1",
            self.rid,
        )
        for row in rows[: len(rows) * permille // 1000]:
            key = f"{self.rid}-pay-{row['unit_number']}"
            await self.db.execute(
                "INSERT INTO payment (id, renovation_id, command_id, unit_number, amount_fen,"
                " source, received_at) VALUES ($1,$2,$3,$4,$5,'owner',$6) ON CONFLICT DO NOTHING",
                digest(key),
                self.rid,
                key,
                row["unit_number"],
                row["due"],
                await self.now(),
            )

    async def bid(self, *prices: int) -> None:
        """Bidders b1, b2… bid these prices on the open tender."""
        tender = await self.db.fetchval(
            "SELECT id FROM tender WHERE renovation_id=$1 AND state='open'", self.rid
        )
        for number, price in enumerate(prices, start=1):
            key = f"{tender}-b{number}"
            await self.db.execute(
                "INSERT INTO bid (id, tender_id, command_id, bidder_id, price_fen, technical_milli,"
                " bond_fen, bond_account, flags, submitted_at, state)"
                " VALUES ($1,$2,$3,$4::text,$5,0,0,$4::text,'{}',$6,'submitted') ON CONFLICT DO NOTHING",
                digest(key),
                tender,
                key,
                f"b{number}",
                price,
                await self.now(),
            )

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


def codes(error: WorkflowUpdateFailedError) -> list[str]:
    """The codes of a refusal, as a validator or an activity gave them."""
    assert isinstance(error.cause, ApplicationError), error.cause
    return [problem["code"] for problem in error.cause.details[0]]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def open_vote(j: JourneyDriver) -> None:
    await j.act(a.OpenVote, COMMITTEE)


async def open_when_allowed(j: JourneyDriver) -> None:
    """The law wants time between two votes: ask every day until the vote may be opened."""
    try:
        await j.once(a.OpenVote, COMMITTEE)
    except RPCError:
        return  # the stage's workflow is not there yet
    except WorkflowUpdateFailedError as error:
        if codes(error) != ["voting.re_vote_too_early"]:
            raise


async def everyone_says_yes(j: JourneyDriver) -> None:
    await j.cast("yes")


async def everyone_pays(j: JourneyDriver) -> None:
    await j.pay()


async def publish_tender(j: JourneyDriver) -> None:
    await j.act(a.PublishTender, STREET)


async def three_bids(j: JourneyDriver) -> None:
    ceiling = await j.value(
        "SELECT ceiling_fen FROM tender WHERE renovation_id=$1 AND state='open'"
    )
    await j.bid(ceiling * 90 // 100, ceiling * 93 // 100, ceiling * 97 // 100)


async def record_evaluation(j: JourneyDriver) -> None:
    await j.act(a.RecordEvaluation, EVALUATOR)


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
        " WHERE tender.renovation_id=$1 AND award.state='awarded'"
    )
    await j.act(a.SignContract, STREET, value_fen=price)


async def planned(j: JourneyDriver) -> list[tuple[str, bool]]:
    rows = await j.db.fetch(
        "SELECT id, concealed FROM work_item WHERE renovation_id=$1 ORDER BY id", j.rid
    )
    return [(str(row["id"]).removeprefix(f"{j.rid}."), bool(row["concealed"])) for row in rows]


async def works(j: JourneyDriver) -> None:
    """Every item is reported and passes."""
    for item, concealed in await planned(j):
        state = await j.value(
            "SELECT state FROM work_item WHERE renovation_id=$1 AND id=$2", f"{j.rid}.{item}"
        )
        if state != "planned":
            continue
        await j.act(a.ReportItem, CONTRACTOR, item_id=item)
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
}


async def complain(j: JourneyDriver) -> str:
    """A resident complains: the row and its workflow, as the service makes them."""
    tid = f"{j.rid}.t1"
    await j.db.execute(
        "INSERT INTO ticket (id, renovation_id, command_id, kind, text, unit_number, level, state,"
        " opened_at, due_at) VALUES ($1,$2,$3,'complaint','the stairs are dark',NULL,'grid','open',"
        " $4,$4)",
        tid,
        j.rid,
        f"{tid}-open",
        await j.now(),
    )
    await j.client.start_workflow(
        TicketWorkflow.run,
        TicketInput(renovation_id=j.rid, ticket_id=tid),
        id=ticket_workflow_id(j.rid, tid),
        task_queue=j.queue,
    )
    return tid
