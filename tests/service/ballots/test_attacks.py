"""Whoever can reach the service plays against a vote: voters, thieves, forgers, and the service's operator.

What a taken-over database can do is in `tests/runtime/ballots/test_attacks.py`. Here: one voter twice, a
request again, a receipt in wrong hands, a credential nobody gave out, and whoever reads every answer,
every log line, every table and every setting of the service before the close.
"""

import asyncio
import hashlib
import hmac
import json
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from structlog.testing import capture_logs

from models.tables import BallotBox
from models.values.refusal import Refused
from proof.ballots import commitment_of
from proof.merkle import leaf_hash
from rules.ballots.ballot import plain_ballot
from runtime.ballots.sealing import BallotOpener, BoxKeys, SealBroken, Signer
from runtime.database import Database
from runtime.record.audit import audit
from runtime.settings import Settings
from service.access.tickets import TicketCheck, TicketKeys
from service.ballots.batches import BatchBook
from service.ballots.intake import Intake
from service.bodies import CastBallot
from service.http.problems import database_away
from tests.service.conftest import KEY
from tests.support.box import open_box, put_ballots, said_in
from tests.support.channels import Channels, grant_roles, official
from tests.support.estate import make_renovation
from tests.support.people import sign_in, token_of
from tests.support.processes.chaos import receipts_that_lie
from tests.support.slow import examples
from tests.support.votes.tickets import agent_ticket, unit_ticket
from tests.support.votes.vote import LiveVote

RECEIPT_KEY = SecretStr("1e" * 32)
RECEIPTS = Signer.of_receipts(RECEIPT_KEY).public_key
Make = Callable[..., Awaitable[str]]
UNIT, OTHER = "1-101", "1-102"
WORDS = ("yes", "no", "abstain")
AT_ONCE = 16


@pytest.fixture
async def two_intakes(database: Database) -> AsyncIterator[tuple[Intake, Intake]]:
    """Two service processes, as far as the database can tell."""
    pair = (
        Intake(database.url, RECEIPT_KEY, queue=1_000),
        Intake(database.url, RECEIPT_KEY, queue=1_000),
    )
    for intake in pair:
        await intake.start()
    yield pair
    for intake in pair:
        await intake.stop()


def ballot(command: str, unit: str = UNIT, choice: str = "yes") -> CastBallot:
    return CastBallot.model_validate(body(command, unit, choice))


def body(command: str, unit: str = UNIT, choice: str = "yes") -> dict[str, Any]:
    return {"command_id": command, "unit_number": unit, "choices": {"works": choice}}


def bearer(rid: str, unit: str = UNIT) -> dict[str, str]:
    return {"Authorization": f"Bearer {unit_ticket(SecretStr(KEY), rid, unit)}"}


async def cast(
    http: httpx.AsyncClient, rid: str, given: dict[str, Any], headers: dict[str, str]
) -> httpx.Response:
    return await http.post(f"/v1/renovations/{rid}/ballots", json=given, headers=headers)


async def rows(sql: asyncpg.Connection, box: str) -> list[asyncpg.Record]:
    return list(await sql.fetch("SELECT * FROM ballot WHERE box_id=$1 ORDER BY seq", box))


# One voter, twice.


async def test_where_a_ballot_may_not_be_changed_one_of_many_at_once_gets_in(
    two_intakes: tuple[Intake, Intake], renovation: Make, sql: asyncpg.Connection
) -> None:
    for attempt in range(1, 4):
        rid = await renovation()
        box = await open_box(sql, rid, attempt=attempt, change_allowed=False)
        answers = await asyncio.gather(
            *(
                two_intakes[number % 2].cast(
                    rid, ballot(f"{rid}-{number}", UNIT, WORDS[number % 3])
                )
                for number in range(AT_ONCE)
            ),
            return_exceptions=True,
        )
        taken = [answer for answer in answers if not isinstance(answer, BaseException)]
        codes = {error.problems[0].code for error in answers if isinstance(error, Refused)}
        assert (len(taken), codes) == (1, {"voting.already_voted"})
        (row,) = await rows(sql, box)
        assert row["id"] == json.loads(taken[0][0].json())["ballot_id"]


async def test_of_many_ballots_of_one_voter_at_once_one_is_counted(
    two_intakes: tuple[Intake, Intake], database: Database
) -> None:
    vote = await LiveVote(database, f"r{uuid.uuid4().hex[:10]}").open()
    answers = await asyncio.gather(
        *(
            two_intakes[number % 2].cast(vote.rid, ballot(f"{vote.rid}-{number}"))
            for number in range(AT_ONCE)
        )
    )
    assert all(fresh for _, fresh in answers)
    for intake in two_intakes:
        await intake.stop()
    tally = await result(vote)
    assert (tally["yes_heads"], tally["participating_heads"]) == (1, 1)


async def test_an_owner_of_two_flats_who_votes_with_each_is_one_head(
    two_intakes: tuple[Intake, Intake], database: Database
) -> None:
    owners = ["a", "a", "b", "c"]
    rid = f"r{uuid.uuid4().hex[:10]}"
    vote = await LiveVote(database, rid, units=4, owner_keys=owners).open()
    await asyncio.gather(
        two_intakes[0].cast(rid, ballot(f"{rid}-1", UNIT)),
        two_intakes[1].cast(rid, ballot(f"{rid}-2", OTHER)),
    )
    tally = await result(vote)
    assert (tally["yes_heads"], tally["roll_heads"]) == (1, 3)


async def result(vote: LiveVote) -> dict[str, Any]:
    """Close the vote; the tally of its works."""
    await vote.close()
    async with vote.database.session() as session:
        box = await session.get_one(BallotBox, vote.box_id)
    assert box.tally is not None
    works = box.tally["works"]
    assert isinstance(works, dict)
    tally = works["tally"]
    assert isinstance(tally, dict)
    return dict(tally)


# A request again.


@pytest.fixture
async def open_vote(renovation: Make, sql: asyncpg.Connection) -> tuple[str, str]:
    rid = await renovation()
    return rid, await open_box(sql, rid)


async def test_a_replayed_request_is_the_same_ballot_also_after_the_vote_was_changed(
    http: httpx.AsyncClient, sql: asyncpg.Connection, open_vote: tuple[str, str]
) -> None:
    rid, box = open_vote
    first = await cast(http, rid, body("c1", choice="no"), bearer(rid))
    await cast(http, rid, body("c2", choice="yes"), bearer(rid))
    # A thief of the first request sends it once more, to bring the old choice back.
    replay = await cast(http, rid, body("c1", choice="no"), bearer(rid))
    assert (replay.status_code, replay.json()["leaf_hash"]) == (200, first.json()["leaf_hash"])
    assert [said["works"] for said in await said_in(sql, box)] == ["no", "yes"]


@pytest.mark.parametrize("choice", ["yes", "no"])
async def test_a_replayed_request_of_another_unit_is_refused_or_a_ballot_of_its_own(
    http: httpx.AsyncClient, sql: asyncpg.Connection, open_vote: tuple[str, str], choice: str
) -> None:
    rid, box = open_vote
    first = await cast(http, rid, body("c1", choice="no"), bearer(rid))
    # With the own credential for the other's unit, and for the own unit under the other's command.
    stolen = await cast(http, rid, body("c1", UNIT, choice), bearer(rid, OTHER))
    guessed = await cast(http, rid, body("c1", OTHER, choice), bearer(rid, OTHER))
    assert (stolen.status_code, stolen.json()["code"]) == (403, "credential.other_unit")
    assert (guessed.status_code, guessed.json()["unit_number"]) == (201, OTHER)
    for answer in (stolen, guessed):
        assert first.json()["leaf_hash"] not in answer.text
    assert [said["works"] for said in await said_in(sql, box)] == ["no", choice]
    again = await cast(http, rid, body("c1", choice="no"), bearer(rid))
    assert (again.status_code, again.json()["leaf_hash"]) == (200, first.json()["leaf_hash"])


async def test_after_a_restart_a_replay_is_still_one_ballot_and_still_its_voters(
    two_intakes: tuple[Intake, Intake], sql: asyncpg.Connection, open_vote: tuple[str, str]
) -> None:
    rid, box = open_vote
    first, _ = await two_intakes[0].cast(rid, ballot("c1", choice="no"))
    # What the first process was asked, the second cannot know: the ballot stays what it is.
    for choice in ("no", "yes"):
        again, fresh = await two_intakes[1].cast(rid, ballot("c1", choice=choice))
        assert (json.loads(again.json())["leaf_hash"], fresh) == (
            json.loads(first.json())["leaf_hash"],
            False,
        )
    _, fresh = await two_intakes[1].cast(rid, ballot("c1", OTHER, "yes"))
    assert fresh
    assert [said["works"] for said in await said_in(sql, box)] == ["no", "yes"]


async def test_a_request_of_an_earlier_vote_does_not_vote_in_the_next_one(
    http: httpx.AsyncClient, sql: asyncpg.Connection, open_vote: tuple[str, str]
) -> None:
    rid, box = open_vote
    await cast(http, rid, body("c1"), bearer(rid))
    await sql.execute("UPDATE ballot_box SET state='closed', closed_at=now() WHERE id=$1", box)
    second = await open_box(sql, rid, attempt=2)
    replay = await cast(http, rid, body("c1"), bearer(rid))
    assert (replay.status_code, replay.json()["box_id"]) == (200, box)
    # And one that names the box it was for is refused in any other.
    pinned = await cast(http, rid, {**body("c2"), "box_id": box}, bearer(rid))
    assert (pinned.status_code, pinned.json()["code"]) == (409, "voting.other_box")
    assert await rows(sql, second) == []


# A receipt in wrong hands.


async def test_a_stolen_receipt_opens_nothing(
    http: httpx.AsyncClient, sql: asyncpg.Connection, open_vote: tuple[str, str]
) -> None:
    rid, box = open_vote
    receipt = (await cast(http, rid, body("c1"), bearer(rid))).json()
    values = [str(receipt[name]) for name in receipt if name != "batch"]
    made = [f"v1.MS0xMDE.{value}" for value in values]  # "1-101" with each value for its MAC
    for credential in (*values, *made, json.dumps(receipt)):
        headers = {"Authorization": f"Bearer {credential}"}
        answer = await cast(http, rid, body("c2", choice="no"), headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "credential.wrong")
    assert len(await rows(sql, box)) == 1


def every_guess() -> list[bytes]:
    return [plain_ballot({"works": word}) for word in WORDS]


def digests(parts: list[bytes], guess: bytes) -> set[bytes]:
    """What can be made of the known bytes and a guess with the functions that the product uses."""
    found = {hashlib.sha256(guess).digest(), leaf_hash(guess)}
    for part in parts:
        found |= {
            commitment_of(part, guess),
            commitment_of(guess, part),
            commitment_of(part[:16], guess),
            leaf_hash(part + guess),
            hmac.digest(part, guess, "sha256"),
            hmac.digest(part, UNIT.encode() + b"\0" + guess, "sha256"),
            hmac.digest(guess, part, "sha256"),
        }
    return found


def raw(value: object) -> list[bytes]:
    """The bytes that a value of a row or a receipt may stand for."""
    if isinstance(value, bytes):
        return [value, value[:16], value[12:28], value[-16:], value[:32], value[-32:]]
    text = str(value)
    found = [text.encode()]
    if re.fullmatch(r"(?:[0-9a-f]{2})+", text):
        found.append(bytes.fromhex(text))
    return found


def known_bytes(*holders: dict[str, Any]) -> list[bytes]:
    values: list[bytes] = []
    for holder in holders:
        for value in holder.values():
            inner = value.values() if isinstance(value, dict) else [value]
            for each in inner:
                for one in each if isinstance(each, list | tuple) else [each]:
                    values += raw(one)
    return values


async def test_nothing_that_a_receipt_or_a_row_holds_tells_one_choice_from_another(
    http: httpx.AsyncClient, sql: asyncpg.Connection, open_vote: tuple[str, str]
) -> None:
    # A thief of the receipt who may read every column of the row, the box, its seal and its batch
    # hashes every possible choice with everything that is known: no result is anywhere.
    rid, box = open_vote
    receipt = (await cast(http, rid, body("c1"), bearer(rid))).json()
    (row,) = await rows(sql, box)
    around = [
        dict(each)
        for table in ("ballot_seal", "ballot_batch", "roll_entry")
        for each in await sql.fetch(f"SELECT * FROM {table} WHERE box_id=$1 LIMIT 3", box)
    ]
    the_box = dict(await sql.fetchrow("SELECT * FROM ballot_box WHERE id=$1", box))
    known = known_bytes(receipt, dict(row), the_box, *around)
    targets = {each for each in known if len(each) == 32} | {row["commitment"], row["leaf"]}
    for guess in every_guess():
        assert not targets & digests(known, guess)


async def test_two_worlds_that_voted_differently_look_alike_in_every_column(
    http: httpx.AsyncClient, sql: asyncpg.Connection, renovation: Make
) -> None:
    shapes = []
    for choice in WORDS:
        rid = await renovation()
        box = await open_box(sql, rid)
        for unit in (UNIT, OTHER):
            await cast(http, rid, body(f"c-{unit}", unit, choice), bearer(rid, unit))
        shapes.append(
            [
                {
                    name: len(value) if isinstance(value, str | bytes) else type(value)
                    for name, value in row.items()
                }
                for row in await rows(sql, box)
            ]
        )
    assert shapes[0] == shapes[1] == shapes[2]


# A credential that nobody gave out.


@settings(max_examples=examples(200), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    mac=st.binary(max_size=40),
    cut=st.integers(1, 60),
)
def test_no_damaged_or_invented_credential_is_anybodys(name: str, mac: bytes, cut: int) -> None:
    key = SecretStr(KEY)
    check = TicketCheck(TicketKeys(key), key)
    good = unit_ticket(key, "r1", UNIT)
    encoded = [part.hex() for part in (name.encode(), mac)]
    forged = (
        ".".join(("v1", *encoded)),
        good[:-cut],
        good[:cut] + good,
        f"v1{good[2:]}",
        token_of(UNIT),
        unit_ticket(key, f"r1{name or 'x'}", UNIT),
        unit_ticket(SecretStr("00" * 32), "r1", UNIT),
        # Of another kind of holder.
        agent_ticket(key, "r1", UNIT),
        # The parts of a message cannot be moved into each other.
        unit_ticket(key, "r", f"1{UNIT}"),
    )
    for credential in forged:
        with pytest.raises(Refused, match=r"credential\."):
            check.read("r1", f"Bearer {credential}".encode())


def test_a_flipped_bit_anywhere_in_the_mac_makes_a_credential_nobodys() -> None:
    check = TicketCheck(TicketKeys(SecretStr(KEY)), SecretStr(KEY))
    good = unit_ticket(SecretStr(KEY), "r1", UNIT)
    assert check.read("r1", f"Bearer {good}".encode()) == (UNIT, 0, "web", False)
    head, name, mac = good.split(".")
    for place in range(len(mac)):
        other = "0" if mac[place] != "0" else "1"
        forged = ".".join((head, name, mac[:place] + other + mac[place + 1 :]))
        with pytest.raises(Refused, match=r"credential\.wrong"):
            check.read("r1", f"Bearer {forged}".encode())


# Whoever reads every answer and every log line, and whoever has the service's settings.

HIDDEN = {
    *("id", "hash", "prev_hash", "workflow_id", "counted_at", "case_now", "roll_hash"),
    "public_key",
}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.+Z]+")


FINGERPRINT = re.compile("[0-9a-f]{64}")


def faceless(value: Any, rid: str) -> Any:
    """A JSON value without what differs between any two renovations."""
    if isinstance(value, dict):
        return {name: faceless(each, rid) for name, each in value.items() if name not in HIDDEN}
    if isinstance(value, list):
        return [faceless(each, rid) for each in value]
    return MOMENT.sub("T", value.replace(rid, "RID")) if isinstance(value, str) else value


async def all_answers(http: httpx.AsyncClient, rid: str) -> dict[str, Any]:
    """What every readable address of a renovation says, for an official."""
    paths = (await http.get("/openapi.json")).json()["paths"]
    said = {}
    for path, methods in paths.items():
        if "get" in methods and set(re.findall(r"{(.*?)}", path)) == {"renovation_id"}:
            answer = await http.get(
                path.replace("{renovation_id}", rid), headers=official("committee")
            )
            is_json = "json" in answer.headers["content-type"]
            told = answer.json() if is_json else FINGERPRINT.sub("H", answer.text)
            said[path] = (answer.status_code, faceless(told, rid))
    return said


async def test_no_endpoint_tells_apart_a_yes_from_a_no_before_the_close(
    http: httpx.AsyncClient, database: Database, sql: asyncpg.Connection
) -> None:
    worlds = []
    await sign_in(sql, "committee")
    for choice in ("yes", "no"):
        vote = await LiveVote(database, f"r{uuid.uuid4().hex[:10]}").open()
        for unit in vote.units[:6]:
            await cast(http, vote.rid, body(f"c-{unit}", unit, choice), bearer(vote.rid, unit))
        worlds.append(await all_answers(http, vote.rid))
    assert len(worlds[0]) >= 3  # the renovation, its events, its turnout
    assert worlds[0] == worlds[1]
    turnout = worlds[0]["/v1/renovations/{renovation_id}/turnout"]
    assert (turnout[0], turnout[1]["participating_heads"]) == (200, 6)


async def test_no_log_line_has_a_choice_a_credential_or_a_voter(
    http: httpx.AsyncClient,
    sql: asyncpg.Connection,
    renovation: Make,
    capfd: pytest.CaptureFixture[str],
) -> None:
    rid = await renovation()
    options = [{"id": name, "title": name} for name in ("zebra-17", "gnu-42")]
    motion = {"id": "works", "title": "Works", "kind": "major", "options": options}
    await open_box(sql, rid, motions=[motion])
    credential = bearer(rid)
    with capture_logs() as lines:
        await cast(http, rid, body("c1", choice="zebra-17"), credential)
        await cast(http, rid, body("c1", choice="gnu-42"), credential)
        await cast(http, rid, body("c2", choice="lion-99"), credential)
        await cast(http, rid, {**body("c3"), "choices": {"zebra-17": "gnu-42"}}, credential)
        await cast(http, rid, body("c4", OTHER, "zebra-17"), credential)
    printed = capfd.readouterr()
    text = json.dumps(lines, default=str) + printed.out + printed.err
    for secret in ("zebra-17", "gnu-42", "lion-99", credential["Authorization"][7:], UNIT):
        assert secret not in text


async def test_a_refused_ballot_is_not_told_what_the_other_one_said(
    http: httpx.AsyncClient, open_vote: tuple[str, str]
) -> None:
    rid, _ = open_vote
    await cast(http, rid, body("c1", choice="abstain"), bearer(rid))
    for choice in WORDS[:2]:
        answer = await cast(http, rid, body("c1", choice=choice), bearer(rid))
        assert answer.status_code == 409
        assert "abstain" not in answer.text


async def test_an_operator_with_every_setting_of_the_service_and_every_row_reads_no_choice(
    two_intakes: tuple[Intake, Intake], sql: asyncpg.Connection, open_vote: tuple[str, str]
) -> None:
    # The settings of the service hold the key of the credentials and the key of the receipts; the
    # key of the boxes is the worker's. The hash of a request was once under the receipts' key: three
    # guesses told the choice. It is under a key that each process makes for itself and forgets.
    rid, box = open_vote
    for unit, word in ((UNIT, "yes"), (OTHER, "no")):
        await two_intakes[0].cast(rid, ballot(f"c-{unit}", unit, word))
    await two_intakes[0].stop()
    keys = [bytes.fromhex(KEY), bytes.fromhex(RECEIPT_KEY.get_secret_value())]
    purposes = [b"", b"gongjian/ballots", b"gongjian/box-keys", b"gongjian/receipts"]
    keys += [hmac.digest(key, purpose, "sha256") for key in tuple(keys) for purpose in purposes]
    the_box = await sql.fetchrow("SELECT * FROM ballot_box WHERE id=$1", box)
    seals = {
        row["id"]: row["public_key"]
        for row in await sql.fetch("SELECT * FROM ballot_seal WHERE box_id=$1", box)
    }
    for row in await rows(sql, box):
        for guess in every_guess():
            for said in (guess, row["unit_number"].encode() + b"\0" + guess):
                for key in keys:
                    assert hmac.digest(key, said, "sha256") != row["request_hash"]
                    assert commitment_of(key[:16], guess) != row["commitment"]
        for key in keys:
            opener = BallotOpener(key, seals[row["seal_id"]])
            with pytest.raises(SealBroken):
                opener.open(row["sealed"], row["commitment"])
    for secret in (SecretStr(KEY), RECEIPT_KEY):
        with pytest.raises(SealBroken):
            BoxKeys(secret).unwrap(box, the_box["wrapped_key"])


async def test_two_processes_hash_the_same_request_differently(
    two_intakes: tuple[Intake, Intake], sql: asyncpg.Connection, renovation: Make
) -> None:
    hashes = []
    for intake in two_intakes:
        rid = await renovation()
        box = await open_box(sql, rid)
        await intake.cast(rid, ballot("c1"))
        (row,) = await rows(sql, box)
        hashes.append(row["request_hash"])
    assert hashes[0] != hashes[1]


@pytest.fixture
def settings_of_service(settings: Settings) -> Settings:
    """Those with which all tests of this room run the service; `settings` is hypothesis' here."""
    return settings


def test_the_service_runs_without_the_key_of_the_boxes(settings_of_service: Settings) -> None:
    assert settings_of_service.box_key is None


async def test_a_ruling_at_the_counter_holds_and_changed_afterwards_does_not(
    http: httpx.AsyncClient,
    sql: asyncpg.Connection,
    database: Database,
    renovation: Make,
    superuser: str,
) -> None:
    rid = await renovation()
    await grant_roles(sql)
    vote = Channels(http, sql, rid, await open_box(sql, rid))
    await vote.web(UNIT, "yes")
    await put_ballots(sql, vote.box, [(UNIT, {"works": "no"})], channel="paper")
    ruling = {"unit_number": UNIT, "kind": "disputed", "reason": "I did not vote 没有投票"}
    assert (await vote.post("/rulings", official("residents"), "", **ruling)).status_code == 201
    report = await audit(database, rid)
    assert "ruling" not in {bad.reason for bad in report.bad_ballots}
    admin = await asyncpg.connect(superuser)
    try:
        await admin.execute("SET session_replication_role = replica")
        await admin.execute("UPDATE ballot_ruling SET kind='set_aside' WHERE box_id=$1", vote.box)
    finally:
        await admin.close()
    report = await audit(database, rid)
    assert "ruling" in {bad.reason for bad in report.bad_ballots}


# What a kill of the service must not look like.


async def test_a_batch_that_is_under_way_holds_back_the_record_of_the_later_ones(
    database: Database, sql: asyncpg.Connection, open_vote: tuple[str, str]
) -> None:
    # Two writers: the later number is often done first. Were it recorded alone and the process
    # killed then, the audit would take the gap for a batch that somebody took away.
    _, box = open_vote
    signer = Signer.of_receipts(RECEIPT_KEY)
    pool = await asyncpg.create_pool(database.url.replace("+asyncpg", ""), min_size=1, max_size=1)
    try:
        book = BatchBook(pool, f"i{uuid.uuid4().hex[:8]}", signer)
        first, second = book.next_number(box), book.next_number(box)
        book.sign(second, box, [])
        await book.record()
        assert await recorded(sql, book) == []
        book.give_up(first)
        third = book.next_number(box)
        await book.record()
        assert await recorded(sql, book) == [first, second]
        book.give_up_all()
        await book.record()
        assert await recorded(sql, book) == [first, second, third]
    finally:
        await pool.close()


async def recorded(sql: asyncpg.Connection, book: BatchBook) -> list[int]:
    found = await sql.fetch(
        "SELECT number FROM ballot_batch WHERE intake=$1 ORDER BY 1", book.intake
    )
    return [row["number"] for row in found]


async def test_an_intake_that_stops_in_the_middle_has_recorded_all_its_numbers(
    database: Database, sql: asyncpg.Connection, owner: str
) -> None:
    rid = f"r{uuid.uuid4().hex[:10]}"
    await make_renovation(database, rid=rid)
    box = await open_box(sql, rid)
    intake = Intake(database.url, RECEIPT_KEY, queue=100)
    await intake.start()
    receipt, _ = await intake.cast(rid, ballot("c1"))
    holder = await asyncpg.connect(owner)
    try:
        async with holder.transaction():
            # Stops a ballot, but not the record of a batch, which only refers to the box.
            await holder.execute("SELECT 1 FROM ballot_box WHERE id=$1 FOR NO KEY UPDATE", box)
            waiting = asyncio.create_task(intake.cast(rid, ballot("c2", OTHER)))
            async with asyncio.timeout(20):
                while not await sql.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                    pass
            await intake.stop()
            with pytest.raises(Refused, match=r"service\.busy"):
                await waiting
    finally:
        await holder.close()
    name = json.loads(receipt.json())["batch"]["id"].partition(".")[0]
    numbers = await sql.fetch(
        "SELECT number, size FROM ballot_batch WHERE intake=$1 ORDER BY 1", name
    )
    assert [(row["number"], row["size"]) for row in numbers] == [(1, 1), (2, 0)]
    assert receipts_that_lie([json.loads(receipt.json())], RECEIPTS) == []


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.CrashShutdownError("terminating connection because of crash"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("cannot switch to state 15; another operation is in progress"),
        ConnectionRefusedError(),
        TimeoutError(),
    ],
)
def test_a_database_that_was_killed_is_away_and_the_page_asks_again(error: Exception) -> None:
    refusal = database_away(error)
    assert refusal is not None
    assert refusal.problems[0].code == "service.database_away"


def test_a_wrong_value_is_no_database_that_is_away() -> None:
    assert database_away(asyncpg.DataError("value too long")) is None
    assert database_away(ValueError("x")) is None


async def test_an_intake_that_dies_at_any_moment_leaves_unsigned_ballots_and_nothing_bad(
    database: Database,
) -> None:
    # A SIGKILL, as the database sees it: the writers and the record stop where they are.
    vote = await LiveVote(database, f"r{uuid.uuid4().hex[:10]}", units=64).open()
    acknowledged: list[str] = []
    for life in range(10):
        intake = Intake(database.url, RECEIPT_KEY, queue=1_000)
        await intake.start()
        enough = asyncio.Event()
        clients = [
            asyncio.create_task(until_it_dies(intake, vote, unit, life, acknowledged, enough))
            for unit in vote.units
        ]
        async with asyncio.timeout(60):
            await enough.wait()
        await killed(intake)
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
    tally = await result(vote)
    report = await audit(database, vote.rid, RECEIPTS)
    assert (report.bad, report.bad_ballots) == ((), ())
    assert len(acknowledged) <= report.ballots
    assert report.unsigned < report.ballots
    assert tally["participating_heads"] <= len(vote.units)


async def until_it_dies(
    intake: Intake,
    vote: LiveVote,
    unit: str,
    life: int,
    acknowledged: list[str],
    enough: asyncio.Event,
) -> None:
    for number in range(1_000):
        name = f"c-{unit}-{life}-{number}"
        await intake.cast(vote.rid, ballot(name, unit, WORDS[number % 3]))
        acknowledged.append(name)
        if number >= 2 + life % 3:
            enough.set()


async def killed(intake: Intake) -> None:
    """The record runs once more, then no farewell: what is under way stays so."""
    intake._recorder.cancel()
    await asyncio.gather(intake._recorder, return_exceptions=True)
    await intake._record_now()
    for task in intake._queue._gathering._tasks:
        task.cancel()
    await asyncio.gather(*intake._queue._gathering._tasks, return_exceptions=True)
    intake._pool.terminate()
