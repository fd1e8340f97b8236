"""SIGKILL of service, worker and PostgreSQL under load: what was acknowledged is counted, once.

A told case's own voting workflow closes the box when the clock is told so, after the load: by a
worker that was killed and has read its history again. The database is durable, as in a pilot. 64
connections vote and change their votes over HTTP; the kills are spread over the load, each part is
started again at once, as a supervisor would.
"""

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from time import monotonic

import asyncpg
import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.ids import renovation_workflow_id
from models.messages.journey import Journey
from models.tables import RoleGrant
from models.values.refusal import Refused
from models.values.timetable import Timetable, calendar_days
from models.values.waits import STARTING, at_work
from proof.merkle import root_of
from runtime.addresses import asyncpg_url
from runtime.ballots.sealing import Signer
from runtime.database import Database
from runtime.local.postgres import EmbeddedPostgres
from runtime.local.processes import kill_family
from runtime.local.stack import LocalStack, Part
from runtime.migrate import upgrade
from runtime.record.agenda import replace_waits
from runtime.record.audit import AuditReport, audit
from runtime.settings import LocalSettings
from runtime.temporal import connect
from service.ballots.intake import Intake
from service.bodies import CastBallot
from tests.support.estate import make_renovation
from tests.support.journey import COMMITTEE
from tests.support.people import sign_in, token_of
from tests.support.processes.chaos import CLIENTS, Crowd, Told, receipts_that_lie
from tests.support.votes.vote import LiveVote
from workflows.renovation import RenovationWorkflow

UNITS = 2 * CLIENTS
LOAD_S = 30.0
KILLS = 10
BETWEEN_KILLS = 2 * CLIENTS
"""Ballots at least that are acknowledged between two kills."""
TOLD_AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TIMETABLE = Timetable(
    vote_notice=calendar_days(1),
    vote_open=calendar_days(60),
    extension_limit=0,
    extension_decided_days_before=1,
)
MOTIONS = ("works", "costs")
PATIENCE_S = 180

RECEIPT_KEY = SecretStr("1e" * 32)


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[LocalStack]:
    local = LocalSettings(data_dir=tmp_path, log_level="warning")
    async with LocalStack(local, headless=True) as running:
        yield running


@dataclass
class Shown:
    """What a run showed."""

    told: Told
    kills: int
    load_s: float
    closed: dict[str, object]
    report: AuditReport


async def opened_vote(stack: LocalStack, rid: str) -> None:
    """A told case whose workflow has announced the vote; returns when ballots are taken."""
    database = Database(stack.record.database_url)
    try:
        await make_renovation(database, rid=rid, units=UNITS, told_at=TOLD_AT, timetable=TIMETABLE)
        await database.transaction(lambda session: convened(session, rid))
    finally:
        await database.dispose()
    client = await connect(stack.record.temporal_address, stack.record.temporal_namespace)
    await client.start_workflow(
        RenovationWorkflow.run,
        Journey(renovation_id=rid, clock="told"),
        id=renovation_workflow_id(rid),
        task_queue=stack.settings.task_queue,
    )
    connection = await asyncpg.connect(asyncpg_url(stack.record.database_url))
    await sign_in(connection, COMMITTEE.id)
    await connection.close()
    async with http_of(stack) as http:
        settled = await http.get(f"/v1/renovations/{rid}/clock", params={"settled": True})
        assert settled.is_success, settled.text
    await committee_says(stack, rid, "acts/open_vote")
    await committee_says(stack, rid, "clock", move="next")
    shut = "SELECT opens_at > (SELECT now FROM case_clock WHERE renovation_id = $1) FROM ballot_box"
    assert not await value(stack, f"{shut} WHERE renovation_id = $1", rid)


async def convened(session: AsyncSession, rid: str) -> None:
    """The committee convenes the case, and its workflow is about to begin."""
    grant = {"actor_id": COMMITTEE.id, "role": COMMITTEE.role.value, "place_id": COMMITTEE.place}
    row = insert(RoleGrant).values(label=COMMITTEE.label, **grant)
    await session.execute(row.on_conflict_do_nothing())
    waits = [at_work(STARTING, TOLD_AT)]
    await replace_waits(session, rid, renovation_workflow_id(rid), waits, TOLD_AT)


async def committee_says(stack: LocalStack, rid: str, what: str, **body: object) -> None:
    """The committee says something, under one command id until it is confirmed."""
    given = {"command_id": f"{rid}-{what}-{body.get('move', '')}".replace("/", "-"), **body}
    async with asyncio.timeout(PATIENCE_S), http_of(stack) as http:
        while True:
            answer = await http.post(f"/v1/renovations/{rid}/{what}", json=given)
            if answer.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
                break
            await asyncio.sleep(float(answer.headers["retry-after"]))
    assert answer.is_success, answer.text


def http_of(stack: LocalStack) -> httpx.AsyncClient:
    """The service as the committee reaches it."""
    return httpx.AsyncClient(
        base_url=stack.record.service_url,
        headers={"Authorization": f"Bearer {token_of(COMMITTEE.id)}"},
        timeout=PATIENCE_S,
        trust_env=False,
    )


async def value(stack: LocalStack, sql: str, *args: object) -> object:
    (found,) = await rows(stack, sql, *args)
    return found[0]


async def rows(stack: LocalStack, sql: str, *args: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(asyncpg_url(stack.record.database_url))
    try:
        return list(await connection.fetch(sql, *args))
    finally:
        await connection.close()


async def voted_while_dying(stack: LocalStack, part: Part) -> Shown:
    """The load, the kills, the close by the workflow, and the audit afterwards."""
    rid = f"chaos-{part}"
    await opened_vote(stack, rid)
    units = await rows(
        stack, "SELECT unit_number FROM roll_unit WHERE box_id=$1 ORDER BY 1", f"{rid}.1"
    )
    numbers = [str(row["unit_number"]) for row in units]
    key = stack.settings.session_key
    assert key is not None
    crowd = Crowd(rid, numbers, MOTIONS, key, lambda: stack.record.service_url)
    voting = asyncio.create_task(crowd.vote())
    began = monotonic()
    for number in range(1, KILLS + 1):
        # Not before ballots are acknowledged again: each kill hits a part that is at work.
        await crowd.answered(BETWEEN_KILLS)
        await asyncio.sleep(max(0.0, began + number * LOAD_S / (KILLS + 1) - monotonic()))
        await stack.kill(part)
        await stack.restart(part)
    await crowd.answered(BETWEEN_KILLS)
    await asyncio.sleep(max(0.0, began + LOAD_S - monotonic()))
    crowd.stop()
    answers = await voting
    load_s = monotonic() - began
    closes_at = await value(stack, "SELECT closes_at FROM ballot_box WHERE id=$1", f"{rid}.1")
    assert isinstance(closes_at, datetime)
    await committee_says(stack, rid, "clock", move="to", to=closes_at.isoformat())
    return Shown(answers, KILLS, load_s, await closing(stack, rid), await audited(stack, rid))


async def closing(stack: LocalStack, rid: str) -> dict[str, object]:
    """What the workflow's closing has recorded."""
    sql = "SELECT details FROM event WHERE renovation_id=$1 AND kind='voting.box_closed'"
    (only,) = await rows(stack, sql, rid)
    details: dict[str, object] = json.loads(only["details"])
    return details


async def audited(stack: LocalStack, rid: str) -> AuditReport:
    database = Database(stack.record.database_url)
    try:
        return await audit(database, rid, Signer.of_receipts(stack.settings.receipt_key).public_key)
    finally:
        await database.dispose()


async def check(stack: LocalStack, part: Part) -> None:
    shown = await voted_while_dying(stack, part)
    told, closed, report = shown.told, shown.closed, shown.report
    ballots = await rows(
        stack,
        "SELECT command_id, unit_number, entry_id, area_dm2, leaf, recorded_at FROM ballot"
        " WHERE box_id=$1 ORDER BY seq",
        f"chaos-{part}.1",
    )
    say(part, shown, len(ballots))
    assert told.strange == []
    # Acknowledged = stored, and each command once.
    assert Counter(row["command_id"] for row in ballots) == Counter(told.receipts.keys())
    # Stored = counted: of every voter the last acknowledged ballot, and no other.
    states = closed["ballots"]
    assert isinstance(states, dict)
    assert {state: number for state, number in states.items() if number} == {
        "counted": len(told.last),
        "superseded": len(ballots) - len(told.last),
    }
    assert tallies(closed) == expected(told, ballots)
    # The receipts are signed, and all of them lead into the signed tree.
    public = Signer.of_receipts(stack.settings.receipt_key).public_key
    assert receipts_that_lie(list(told.receipts.values()), public) == []
    leaves = [bytes(row["leaf"]) for row in ballots]
    assert {each["leaf_hash"] for each in told.receipts.values()} == {x.hex() for x in leaves}
    head = closed["tree_head"]
    assert isinstance(head, dict)
    assert (head["root"], head["tree_size"]) == (root_of(leaves).hex(), len(leaves))
    # Nothing is bad; what a killed service had not signed for yet is said.
    assert report.bad == ()
    assert report.bad_ballots == ()
    assert report.unsigned <= (len(ballots) if part is not Part.WORKER else 0)


Numbers = dict[str, dict[str, tuple[int, int]]]


def tallies(closed: dict[str, object]) -> Numbers:
    """Heads and area of each word to each motion, as the closing counted them."""
    motions = closed["motions"]
    assert isinstance(motions, dict)
    return {
        motion: {
            word: (found["tally"][f"{word}_heads"], found["tally"][f"{word}_area_dm2"])
            for word in ("yes", "no", "abstain")
        }
        for motion, found in motions.items()
    }


def expected(told: Told, ballots: list[asyncpg.Record]) -> Numbers:
    """The same from what the clients said last and were told is in the box."""
    areas = {row["unit_number"]: row["area_dm2"] for row in ballots}
    numbers: Numbers = {
        motion: dict.fromkeys(("yes", "no", "abstain"), (0, 0)) for motion in MOTIONS
    }
    for unit, choices in told.last.items():
        for motion, word in choices.items():
            heads, area = numbers[motion][word]
            numbers[motion][word] = (heads + 1, area + areas[unit])
    return numbers


def say(part: Part, shown: Shown, counted: int) -> None:
    """The figures of a run, on the terminal and, if asked for, in a file."""
    told = shown.told
    figures = {
        "killed": str(part),
        "kills": shown.kills,
        "load_s": round(shown.load_s, 1),
        "acknowledged": len(told.receipts),
        "stored": counted,
        "voters": len(told.last),
        "tries_lost": told.tries_lost,
        "answers": {str(status): times for status, times in sorted(told.statuses.items())},
        "unsigned": shown.report.unsigned,
        "bad": len(shown.report.bad) + len(shown.report.bad_ballots),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    line = json.dumps(figures)
    print(line)
    if (path := os.environ.get("GONGJIAN_CHAOS_FIGURES")) is not None:
        with Path(path).open("a", encoding="utf-8") as out:
            out.write(line + "\n")


@pytest.mark.slow
@pytest.mark.parametrize("part", [Part.SERVICE, Part.WORKER, Part.POSTGRES])
async def test_ten_kills_under_load_lose_no_acknowledged_ballot_and_count_none_twice(
    stack: LocalStack, part: Part
) -> None:
    await check(stack, part)


async def test_a_database_killed_under_two_intakes_loses_no_acknowledged_ballot(
    tmp_path: Path,
) -> None:
    """The short proof of every run: a durable server, SIGKILL in the middle, the audit afterwards."""
    server = EmbeddedPostgres(tmp_path / "postgres")
    urls = await asyncio.to_thread(server.start)
    try:
        upgrade(urls.owner)
        database = Database(urls.app)
        vote = await LiveVote(database, "short", units=CLIENTS).open()
        intakes = [Intake(urls.app, RECEIPT_KEY, queue=1_000) for _ in range(2)]
        for intake in intakes:
            await intake.start()
        told = Direct(intakes, vote)
        voting = asyncio.create_task(told.everybody())
        await told.answered(2 * CLIENTS)
        pid = server.postmaster_pid
        assert pid is not None
        await kill_family(pid)
        await asyncio.to_thread(server.start)
        await told.answered(2 * CLIENTS)
        told.stopped = True
        await voting
        for intake in intakes:
            await intake.stop()
        await vote.close()
        report = await audit(database, vote.rid, Signer.of_receipts(RECEIPT_KEY).public_key)
        await database.dispose()
        assert (report.ok, report.bad_ballots, report.unsigned) == (True, (), 0)
        assert told.refused <= {"service.database_away"}
        assert report.ballots == len(told.acknowledged) == len(set(told.acknowledged))
    finally:
        await asyncio.to_thread(server.stop)


class Direct:
    """Clients of intakes in this process; each ballot is asked for again until it is answered."""

    def __init__(self, intakes: list[Intake], vote: LiveVote) -> None:
        self.intakes, self.vote = intakes, vote
        self.acknowledged: list[str] = []
        self.refused: set[str] = set()
        self.stopped = False
        self.grown = asyncio.Condition()

    async def answered(self, more: int) -> None:
        """Return when so many ballots more have been acknowledged."""
        enough = len(self.acknowledged) + more
        async with asyncio.timeout(PATIENCE_S), self.grown:
            await self.grown.wait_for(lambda: len(self.acknowledged) >= enough)

    async def vote_of(self, unit: str) -> None:
        number = 0
        while not self.stopped:
            name = f"{unit}/{number}"
            given = CastBallot.model_validate(
                {"command_id": name, "unit_number": unit, "choices": {"works": "yes"}}
            )
            try:
                await self.intakes[number % 2].cast(self.vote.rid, given)
            except Refused as refused:
                self.refused.add(refused.problems[0].code)
                await asyncio.sleep(0.05)
                continue
            number += 1
            async with self.grown:
                self.acknowledged.append(name)
                self.grown.notify_all()

    async def everybody(self) -> None:
        await asyncio.gather(*(self.vote_of(unit) for unit in self.vote.units))
