"""The one who holds the database plays against a vote: every claim of the threat model about tables.

Four attackers, each with exactly its rights: the application's role (a service that was taken over),
the schema's owner, the superuser with the triggers switched off, and whoever reads a full dump. The
vote is real: announced by its activity, cast through the intake, closed and counted by its activity.
What is not prevented is detected by the audit, by the count, or by a voter's receipt; the tests say
by which.
"""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from models.tables import BallotBox, Event
from proof.ballots import commitment_of
from proof.canonical import canonical_json
from proof.chain import event_hash
from proof.merkle import Tree
from runtime.addresses import asyncpg_url
from runtime.ballots.sealing import BallotOpener, BoxKeys, SealBroken, Signer
from runtime.database import Database
from runtime.record.audit import AuditReport, audit
from runtime.rows.hashed import hashed_fields
from service.ballots.intake import Intake
from service.bodies import CastBallot
from tests.support.box import put_ballots
from tests.support.processes.chaos import receipts_that_lie
from tests.support.votes.vote import LiveVote

RECEIPT_KEY = SecretStr("1e" * 32)
RECEIPTS = Signer.of_receipts(RECEIPT_KEY).public_key
OTHER_KEYS = BoxKeys(SecretStr("e1" * 32))
NUMBERS = count(1)
WORDS = ("yes", "no", "abstain")
VOTERS = 6


class Played:
    """A vote under attack: six of twelve have voted, each in a batch of its own that is recorded."""

    def __init__(self, vote: LiveVote, database: Database, admin: asyncpg.Connection) -> None:
        self.vote, self.database, self.admin = vote, database, admin
        self.receipts: list[dict[str, Any]] = []

    @property
    def box(self) -> str:
        return self.vote.box_id

    async def cast(self) -> None:
        intake = Intake(self.database.url, RECEIPT_KEY, queue=100)
        await intake.start()
        try:
            for number, unit in enumerate(self.vote.units[:VOTERS]):
                word = WORDS[number % 3]
                ballot = CastBallot.model_validate(
                    {
                        "command_id": f"c-{unit}",
                        "unit_number": unit,
                        "choices": {"works": word, "costs": word},
                    }
                )
                receipt, _ = await intake.cast(self.vote.rid, ballot)
                self.receipts.append(json.loads(receipt.json()))
        finally:
            await intake.stop()

    async def audit(self) -> AuditReport:
        return await audit(self.database, self.vote.rid, RECEIPTS)

    async def reasons(self) -> set[str]:
        report = await self.audit()
        return {bad.reason for bad in report.bad_ballots} | {
            f"event {bad.reason}" for bad in report.bad
        }

    async def close(self) -> dict[str, Any]:
        """Close and count; what the closing recorded."""
        await self.vote.close()
        return await self.closed()

    async def closed(self) -> dict[str, Any]:
        async with self.database.session() as session:
            details = await session.scalar(
                select(Event.details).where(
                    Event.renovation_id == self.vote.rid, Event.kind == "voting.box_closed"
                )
            )
        assert details is not None
        return dict(details)

    async def row(self) -> BallotBox:
        async with self.database.session() as session:
            return await session.get_one(BallotBox, self.box)

    async def leaves(self) -> list[bytes]:
        rows = await self.admin.fetch(
            "SELECT leaf FROM ballot WHERE box_id=$1 ORDER BY seq", self.box
        )
        return [bytes(row["leaf"]) for row in rows]

    async def run(self, sql: str, *args: object) -> None:
        """As the superuser, with the triggers off: at least one row must have changed."""
        done = await self.admin.execute(sql, *args)
        assert not done.endswith(" 0"), f"nothing was attacked: {done}"


def intact(closed: dict[str, Any]) -> bool:
    """Whether the closing found the box whole."""
    return all(
        check["passed"] for check in closed["checks"] if check["code"] == "voting.box_intact"
    )


@pytest.fixture(scope="module")
async def admin(superuser: str) -> AsyncIterator[asyncpg.Connection]:
    """The superuser, with the triggers switched off."""
    connection = await asyncpg.connect(superuser)
    await connection.execute("SET session_replication_role = replica")
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
async def as_owner(owner: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(owner)
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
async def as_app(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """The role of worker and service."""
    connection = await asyncpg.connect(asyncpg_url(database.url))
    yield connection
    await connection.close()


async def begin(database: Database, admin: asyncpg.Connection) -> Played:
    vote = await LiveVote(database, f"attack{next(NUMBERS)}").open()
    played = Played(vote, database, admin)
    await played.cast()
    return played


@pytest.fixture
async def played(database: Database, admin: asyncpg.Connection) -> Played:
    return await begin(database, admin)


@pytest.fixture(scope="module")
async def read_only(database: Database, admin: asyncpg.Connection) -> Played:
    """One vote for all attackers who only read."""
    return await begin(database, admin)


# Nobody attacks.


async def test_a_vote_that_nobody_touches_is_whole_before_and_after_its_close(
    played: Played,
) -> None:
    before = await played.audit()
    assert (before.ok, before.ballots, before.unsigned) == (True, VOTERS, 0)
    closed = await played.close()
    after = await played.audit()
    assert (after.ok, after.bad_ballots, after.unsigned) == (True, (), 0)
    assert intact(closed)
    assert closed["ballots"]["counted"] == VOTERS
    assert receipts_that_lie(played.receipts, RECEIPTS) == []


async def test_a_vote_that_is_extended_is_whole_and_no_shorter_for_anybody(
    played: Played, as_app: asyncpg.Connection
) -> None:
    assert (await played.vote.look_at_turnout()).extended
    assert (await played.audit()).ok
    back = "interval '15 days'"
    await as_app.execute(
        f"UPDATE ballot_box SET closes_at=closes_at-{back} WHERE id=$1", played.box
    )
    assert await played.reasons() == {"box"}


async def test_a_vote_that_a_cancellation_voids_is_whole_and_stays_sealed(played: Played) -> None:
    await played.vote.void()
    assert (await played.audit()).bad_ballots == ()
    row = await played.row()
    assert (row.state, row.opened_key, row.tally) == ("closed", None, None)
    await played.run("UPDATE ballot_box SET tally='{}' WHERE id=$1", played.box)
    assert await played.reasons() == {"box"}


async def test_a_vote_that_an_official_result_ends_is_whole_and_stays_sealed(
    played: Played,
) -> None:
    await played.vote.close_officially()
    assert (await played.audit()).bad_ballots == ()
    row = await played.row()
    assert (row.state, row.opened_key) == ("closed", None)
    await played.run("UPDATE ballot_box SET opened_key=sha256('x') WHERE id=$1", played.box)
    assert "box" in await played.reasons()


# A ballot is taken away.


async def test_one_dropped_ballot_is_missed_by_its_batch_and_the_close_decides_nothing(
    played: Played,
) -> None:
    await played.run("DELETE FROM ballot WHERE id=$1", played.receipts[2]["ballot_id"])
    assert await played.reasons() == {"missing"}
    result = await played.vote.close()
    closed = await played.closed()
    assert (result.adopted, closed["ballots"]["missing"], intact(closed)) == (False, 1, False)


async def test_a_batch_dropped_with_its_record_leaves_a_gap_in_the_numbers(
    played: Played,
) -> None:
    name = played.receipts[2]["batch"]["id"]
    intake, _, number = name.partition(".")
    for table, column in (("ballot", "batch"), ("ballot_batch", "number")):
        await played.run(
            f"DELETE FROM {table} WHERE intake=$1 AND {column}=$2", intake, int(number)
        )
    for _ in ("before the close", "after it"):
        report = await played.audit()
        assert [(bad.ballot_id, bad.reason) for bad in report.bad_ballots] == [(name, "batch")]
        if (await played.row()).state == "open":
            await played.close()


async def test_of_the_last_batch_dropped_with_its_record_the_voters_receipt_is_the_proof(
    played: Played,
) -> None:
    stolen = played.receipts[-1]
    intake, _, number = stolen["batch"]["id"].partition(".")
    for table, column in (("ballot", "batch"), ("ballot_batch", "number")):
        await played.run(
            f"DELETE FROM {table} WHERE intake=$1 AND {column}>=$2", intake, int(number)
        )
    closed = await played.close()
    # The tables are consistent: no audit of them can find it.
    assert await played.reasons() == set()
    # The voter holds the service's signature over a ballot that the signed tree does not have.
    assert receipts_that_lie([stolen], RECEIPTS) == []
    leaves = await played.leaves()
    tree = Tree()
    tree.extend(leaves)
    assert closed["tree_head"]["root"] == tree.root().hex()
    assert bytes.fromhex(stolen["leaf_hash"]) not in leaves


# A ballot is altered. Every column of the table is here: a new one has to be argued about.

ALTERED: dict[str, tuple[str, str]] = {
    "id": ("repeat('a', 32)", "leaf"),
    "box_id": ("box_id || 'x'", "missing"),
    "channel": ("'paper'", "leaf"),
    "pseudonym": ("repeat('a', 32)", "leaf"),
    "heads": ("0", "leaf"),
    "area_dm2": ("area_dm2 + 1", "leaf"),
    "shares": ("shares + 1", "leaf"),
    "commitment": ("sha256('x')", "leaf"),
    "leaf": ("sha256('x')", "leaf"),
    "entry_id": ("(SELECT max(entry_id) FROM roll_entry r WHERE r.box_id = ballot.box_id)", "roll"),
    "unit_number": (
        "(SELECT max(entry_id) FROM roll_entry r WHERE r.box_id = ballot.box_id)",
        "missing",
    ),
    "cast_at": ("cast_at + interval '1 microsecond'", "leaf"),
    "recorded_at": ("recorded_at - interval '1 microsecond'", "leaf"),
    "intake": ("intake || 'x'", "missing"),
    "batch": ("batch + 1", "missing"),
    "only_one": ("true", "twice"),
    "sealed": ("set_byte(sealed, 20, get_byte(sealed, 20) # 1)", "seal"),
    "seal_id": ("'another'", "seal"),
}
HARMLESS = {
    "seq": "the order only says which of one entry's ballots is the last: see the tests of the order",
    "command_id": "whose change lets the same voter cast once more, as every voter may",
    "request_hash": "under a key that is forgotten; whose change makes the voter's own retry a refusal",
}


async def test_every_column_of_a_ballot_is_attacked_or_argued_about(
    admin: asyncpg.Connection,
) -> None:
    rows = await admin.fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_name='ballot'"
    )
    assert {row["column_name"] for row in rows} == set(ALTERED) | set(HARMLESS)


@pytest.mark.parametrize("column", sorted(set(ALTERED) - {"heads"}))
async def test_an_altered_ballot_is_found_and_where_it_would_change_the_count_nothing_is_decided(
    played: Played, column: str
) -> None:
    value, reason = ALTERED[column]
    sql = f"UPDATE ballot SET {column} = {value} WHERE box_id=$1 AND id=$2"
    await played.run(sql, played.box, played.receipts[1]["ballot_id"])
    if reason != "seal":  # what the envelope holds, nobody can look at before the close
        assert reason in await played.reasons()
    closed = await played.close()
    assert reason in await played.reasons()
    counted = closed["ballots"]["counted"] == VOTERS and not closed["ballots"]["missing"]
    assert counted or not intact(closed)


async def test_a_ballot_of_more_than_one_head_is_refused_by_the_table(played: Played) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await played.admin.execute("UPDATE ballot SET heads = 2 WHERE box_id=$1", played.box)


@pytest.mark.parametrize("moment", ["before the close", "after it"])
async def test_envelopes_swapped_between_two_rows_do_not_open(played: Played, moment: str) -> None:
    if moment == "after it":
        await played.close()
    one, other = (each["ballot_id"] for each in played.receipts[:2])
    swap = (
        "UPDATE ballot b SET sealed = o.sealed FROM ballot o"
        " WHERE (b.id, o.id) IN (($1, $2), ($2, $1))"
    )
    await played.run(swap, one, other)
    if moment == "before the close":
        closed = await played.close()
        assert (closed["ballots"]["broken"], intact(closed)) == (2, False)
    report = await played.audit()
    assert {(bad.ballot_id, bad.reason) for bad in report.bad_ballots} == {
        (one, "seal"),
        (other, "seal"),
    }


async def test_contents_swapped_between_two_voters_with_all_that_proves_them_are_found(
    played: Played,
) -> None:
    # Everything that binds the words moves; only the voters stay: the leaf names the voter.
    one, other = (each["ballot_id"] for each in played.receipts[:2])
    await played.run(
        "UPDATE ballot b SET sealed=o.sealed, commitment=o.commitment, seal_id=o.seal_id"
        " FROM ballot o WHERE (b.id, o.id) IN (($1, $2), ($2, $1))",
        one,
        other,
    )
    assert await played.reasons() == {"leaf"}
    closed = await played.close()
    assert (closed["ballots"]["broken"], intact(closed)) == (2, False)


async def test_a_ballot_replaced_by_a_well_made_one_is_not_what_the_batch_was_signed_over(
    played: Played,
) -> None:
    # The box's public key is public: anybody can seal. The attacker puts a "no" for the "yes".
    old = played.receipts[0]
    row = await played.admin.fetchrow("SELECT * FROM ballot WHERE id=$1", old["ballot_id"])
    said = [(row["entry_id"], {"works": "no", "costs": "no"})]
    times = {name: row[name] for name in ("cast_at", "recorded_at")}
    (new,) = await put_ballots(played.admin, played.box, said, **times)
    await played.run("DELETE FROM ballot WHERE id=$1", old["ballot_id"])
    await played.run(
        "UPDATE ballot SET intake=$2, batch=$3, command_id=$4, unit_number=$5 WHERE id=$1",
        new,
        *(row[name] for name in ("intake", "batch", "command_id", "unit_number")),
    )
    assert await played.reasons() == {"missing"}
    await played.close()
    assert await played.reasons() == {"missing"}
    assert bytes.fromhex(old["leaf_hash"]) not in await played.leaves()


# A ballot is put in.


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO ballot SELECT * FROM ballot LIMIT 0",
        "UPDATE ballot SET area_dm2 = 1",
        "DELETE FROM ballot",
        "TRUNCATE ballot",
        "UPDATE ballot_batch SET size = 1",
        "DELETE FROM ballot_batch",
        "UPDATE ballot_seal SET made_at = now()",
        "DELETE FROM ballot_seal",
        "UPDATE roll_entry SET area_dm2 = 1",
        "DELETE FROM roll_unit",
        "UPDATE event SET kind = 'x'",
        "SET session_replication_role = replica",
        "ALTER TABLE ballot DISABLE TRIGGER ALL",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE sql AS ''",
        "CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'",
    ],
)
async def test_the_role_of_the_service_has_no_right_to_do_it(
    as_app: asyncpg.Connection, sql: str
) -> None:
    with pytest.raises(asyncpg.PostgresError) as refused:
        await as_app.execute(sql)
    assert refused.value.sqlstate in ("42501", "428C9")  # insufficient privilege, also as generated


async def test_the_owner_cannot_alter_or_delete_with_the_triggers_on(
    as_owner: asyncpg.Connection, read_only: Played
) -> None:
    for sql in (
        "UPDATE ballot SET channel='paper'",
        "DELETE FROM ballot",
        "TRUNCATE ballot CASCADE",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await as_owner.execute(sql)
    assert len(await read_only.leaves()) == VOTERS


CAST = """
SELECT unnest(leaves) FROM cast_ballots(
  $1::text, $2::text, 'web', $3::text, 'attack', 1, ARRAY[$4::text], ARRAY[$5::text],
  ARRAY[sha256('x')], ARRAY['\\x00'::bytea], ARRAY[sha256('x')],
  ARRAY[sha256(convert_to($5::text, 'UTF8'))])
"""


async def cast_by_hand(
    connection: asyncpg.Connection, played: Played, command: str = "late"
) -> list[asyncpg.Record]:
    """Somebody with the application's rights calls the function by hand, for a unit that is silent."""
    unit = played.vote.units[-1]
    roll = await played.admin.fetchval("SELECT roll_hash FROM ballot_box WHERE id=$1", played.box)
    seal = await played.admin.fetchval(
        "SELECT id FROM ballot_seal WHERE box_id=$1 LIMIT 1", played.box
    )
    name = f"{played.vote.rid}-{command}"
    return list(await connection.fetch(CAST, played.box, roll, seal, unit, name))


async def test_after_the_close_the_casting_function_takes_nothing_and_it_has_its_own_clock(
    played: Played, as_app: asyncpg.Connection
) -> None:
    await played.close()
    assert await cast_by_hand(as_app, played) == []
    assert len(await played.leaves()) == VOTERS
    # No argument of it is a time, so that there is nothing to back-date.
    arguments = await as_app.fetchval(
        "SELECT proargtypes::oid[]::regtype[]::text FROM pg_proc WHERE proname='cast_ballots'"
    )
    assert "text[]" in arguments
    assert "time" not in arguments
    # Nor can a closed box be left open for it: opening it again shows in the audit.
    await as_app.execute(
        "UPDATE ballot_box SET state='open', closed_at=NULL WHERE id=$1", played.box
    )
    assert "box" in await played.reasons()


async def test_a_ballot_cast_by_hand_is_no_ballot_and_the_close_says_so(
    played: Played, as_app: asyncpg.Connection
) -> None:
    # A service that was taken over calls the function in time, with a leaf that is none.
    assert len(await cast_by_hand(as_app, played)) == 1
    report = await played.audit()
    assert {bad.reason for bad in report.bad_ballots} == {"leaf"}
    assert report.unsigned == 1
    assert not intact(await played.close())


async def test_temporary_tables_and_a_hostile_search_path_do_not_fool_the_casting_function(
    played: Played, database: Database
) -> None:
    await played.close()
    attacker = await asyncpg.connect(asyncpg_url(database.url))
    try:
        of_the_vote = ("ballot_box", "roll_entry", "roll_unit", "ballot_seal", "ballot")
        for table in (*of_the_vote, "case_clock", "event"):
            await attacker.execute(f"CREATE TEMP TABLE {table} AS SELECT * FROM public.{table}")
        await attacker.execute("UPDATE pg_temp.case_clock SET now = now - interval '1 day'")
        await attacker.execute("UPDATE pg_temp.ballot_box SET state='open', closed_at=NULL")
        await attacker.execute("UPDATE pg_temp.roll_entry SET area_dm2 = 1000000")
        await attacker.execute(
            "CREATE FUNCTION pg_temp.clock_timestamp() RETURNS timestamptz LANGUAGE sql"
            " AS $$ SELECT timestamptz '2000-01-01' $$"
        )
        await attacker.execute("SET search_path = pg_temp, public, pg_catalog")
        state = await attacker.fetchval("SELECT state FROM ballot_box WHERE id=$1", played.box)
        assert state == "open"  # what the session itself would see
        assert await cast_by_hand(attacker, played) == []
        inside = await attacker.fetchval(
            "SELECT count(*) FROM pg_temp.ballot WHERE box_id=$1", played.box
        )
        assert inside == VOTERS
    finally:
        await attacker.close()
    assert len(await played.leaves()) == VOTERS


async def test_a_temporary_roll_gives_no_ballot_another_weight(
    played: Played, database: Database
) -> None:
    attacker = await asyncpg.connect(asyncpg_url(database.url))
    try:
        await attacker.execute("CREATE TEMP TABLE roll_entry AS SELECT * FROM public.roll_entry")
        await attacker.execute("UPDATE pg_temp.roll_entry SET area_dm2 = 1000000")
        await attacker.execute("SET search_path = pg_temp, public")
        assert len(await cast_by_hand(attacker, played)) == 1
    finally:
        await attacker.close()
    heaviest = await played.admin.fetchval(
        "SELECT max(area_dm2) FROM ballot WHERE box_id=$1", played.box
    )
    assert heaviest < 1_000_000


async def stuffed(played: Played, admin: asyncpg.Connection) -> str:
    """A well-made ballot for a unit that did not vote, by somebody who may insert; back-dated."""
    said = [(played.vote.units[-1], {"works": "yes", "costs": "yes"})]
    first = await admin.fetchrow(
        "SELECT cast_at, recorded_at FROM ballot WHERE box_id=$1 ORDER BY seq LIMIT 1", played.box
    )
    (new,) = await put_ballots(admin, played.box, said, **first)
    return new


async def test_a_back_dated_ballot_put_in_after_the_close_is_not_under_the_signed_head(
    played: Played, as_owner: asyncpg.Connection
) -> None:
    await played.close()
    await stuffed(played, as_owner)
    assert await played.reasons() == {"head"}
    assert (await played.audit()).unsigned == 1


async def test_a_ballot_put_in_before_the_close_has_no_signature_and_is_reported_as_such(
    played: Played, as_owner: asyncpg.Connection
) -> None:
    # Whoever may insert and knows the public key of the box can make a ballot that counts. What it
    # cannot have is a batch that the service signed: it is told apart from those that have one.
    # The same is said of ballots whose service died within 50 ms of them, so that it is a number
    # to be explained and no proof; the service's log says when it died.
    await stuffed(played, as_owner)
    closed = await played.close()
    report = await played.audit()
    assert (report.ok, report.unsigned, report.ballots) == (True, 1, VOTERS + 1)
    assert closed["ballots"]["counted"] == VOTERS + 1


async def test_a_ballot_put_into_a_signed_batch_does_not_belong_there(
    played: Played, as_owner: asyncpg.Connection
) -> None:
    new = await stuffed(played, as_owner)
    intake, _, number = played.receipts[3]["batch"]["id"].partition(".")
    await played.run("UPDATE ballot SET intake=$2, batch=$3 WHERE id=$1", new, intake, int(number))
    assert await played.reasons() == {"missing"}


async def test_an_unsigned_ballot_among_the_batches_of_a_living_service_is_no_accident(
    played: Played, database: Database, admin: asyncpg.Connection, as_owner: asyncpg.Connection
) -> None:
    # In a batch of its own, but with a number that the intake used for another box.
    other = await begin(database, admin)
    new = await stuffed(played, as_owner)
    intake, _, number = played.receipts[-1]["batch"]["id"].partition(".")
    await played.run(
        "INSERT INTO ballot_batch SELECT intake, $2 + 1, $3, 0, root, signature, recorded_at"
        " FROM ballot_batch WHERE intake=$1 AND number=$2",
        intake,
        int(number),
        other.box,
    )
    await played.run(
        "UPDATE ballot_batch SET number=$2 + 2 WHERE intake=$1 AND number=$2", intake, int(number)
    )
    await played.run(
        "UPDATE ballot SET batch=$3, intake=$2 WHERE id=$1", new, intake, int(number) + 1
    )
    report = await played.audit()
    assert (new, "batch") in {(bad.ballot_id, bad.reason) for bad in report.bad_ballots}


async def test_a_batch_made_up_for_it_is_not_signed_by_the_service(
    played: Played, as_app: asyncpg.Connection, as_owner: asyncpg.Connection
) -> None:
    await stuffed(played, as_owner)
    await as_app.execute(
        "INSERT INTO ballot_batch SELECT 'test', 1, box_id, 1, root, signature, now()"
        " FROM ballot_batch WHERE box_id=$1 AND size=1 LIMIT 1",
        played.box,
    )
    assert "batch" in await played.reasons()


@pytest.mark.parametrize("when", ["early", "late"])
async def test_a_ballot_cast_outside_of_the_period_is_found_though_all_hashes_fit(
    played: Played, admin: asyncpg.Connection, when: str
) -> None:
    # Put in by hand; the casting function takes none then, and what is changed later no longer fits its leaf.
    box = await played.row()
    moment = box.closes_at if when == "late" else box.opens_at - timedelta(microseconds=1)
    said = [(played.vote.units[-1], {"works": "yes", "costs": "yes"})]
    (new,) = await put_ballots(admin, played.box, said, cast_at=moment)
    report = await played.audit()
    assert [(bad.ballot_id, bad.reason) for bad in report.bad_ballots] == [(new, when)]
    closed = await played.close()
    assert (closed["ballots"]["broken"], intact(closed)) == (1, False)


async def test_a_close_moved_before_the_ballots_that_were_cast_cuts_none_of_them_off_unnoticed(
    played: Played,
) -> None:
    # The close is moved back behind the ballots that were cast, for the count and for the head.
    await played.run(
        "UPDATE ballot_box SET closes_at = (SELECT min(cast_at) FROM ballot WHERE box_id=$1)"
        " WHERE id=$1",
        played.box,
    )
    assert await played.reasons() == {"late", "box"}
    closed = await played.close()
    assert (closed["ballots"]["broken"], intact(closed)) == (VOTERS, False)


# The order of one voter's ballots.


async def test_an_earlier_ballot_moved_behind_the_last_one_is_found(
    played: Played, admin: asyncpg.Connection
) -> None:
    unit = played.vote.units[-1]
    said = [(unit, {"works": "yes"}), (unit, {"works": "no"})]
    now = await admin.fetchval("SELECT clock_timestamp()")
    earlier = now - timedelta(hours=1)
    (first,) = await put_ballots(admin, played.box, said[:1], recorded_at=earlier)
    await put_ballots(admin, played.box, said[1:])
    assert await played.reasons() == set()
    # seq is GENERATED ALWAYS: not even the superuser sets it; it is made new.
    await played.run("UPDATE ballot SET seq = DEFAULT WHERE id=$1", first)
    report = await played.audit()
    assert [(bad.ballot_id, bad.reason) for bad in report.bad_ballots] == [(first, "order")]


async def test_ballots_in_another_order_are_not_under_the_signed_head(played: Played) -> None:
    await played.close()
    await played.run("UPDATE ballot SET seq = DEFAULT WHERE id=$1", played.receipts[0]["ballot_id"])
    assert "head" in await played.reasons()


# Rulings.


async def test_a_ruling_written_with_the_rights_of_the_service_is_nobodys_act(
    played: Played, as_app: asyncpg.Connection
) -> None:
    # The role may insert rulings: this one sets a ballot aside without an official or a reason.
    await as_app.execute(
        "INSERT INTO ballot_ruling (box_id, entry_id, number, kind, up_to_seq, reason, command_id,"
        " recorded_at) SELECT box_id, entry_id, 1, 'set_aside', seq, 'x', 'x', now()"
        " FROM ballot WHERE id=$1",
        played.receipts[0]["ballot_id"],
    )
    assert await played.reasons() == {"ruling"}
    closed = await played.close()
    assert closed["ballots"]["set_aside"] == 1
    assert await played.reasons() == {"ruling"}


# The result.


async def test_a_head_with_another_root_is_not_the_signed_one(played: Played) -> None:
    await played.close()
    await played.run(
        "UPDATE ballot_box SET tree_head = jsonb_set(tree_head, '{root}', to_jsonb(repeat('a', 64)))"
        " WHERE id=$1",
        played.box,
    )
    assert await played.reasons() == {"head", "box"}


def resigned(head: dict[str, Any], keys: BoxKeys) -> dict[str, Any]:
    """The head over one ballot less, signed by somebody else."""
    fields = {name: head[name] for name in head if name not in ("public_key", "signature")}
    fields["tree_size"] -= 1
    signature = keys.signer.sign(canonical_json(fields)).hex()
    return {**fields, "public_key": keys.signer.public_key, "signature": signature}


async def replace_head(played: Played, head: dict[str, Any]) -> None:
    await played.run("UPDATE ballot_box SET tree_head=$2 WHERE id=$1", played.box, json.dumps(head))


async def test_a_head_signed_by_another_key_is_not_by_the_announced_one(played: Played) -> None:
    closed = await played.close()
    await replace_head(played, resigned(closed["tree_head"], OTHER_KEYS))
    assert await played.reasons() == {"head", "box"}


async def test_a_head_swapped_in_the_event_too_breaks_the_chain(played: Played) -> None:
    closed = await played.close()
    head = resigned(closed["tree_head"], OTHER_KEYS)
    await replace_head(played, head)
    await played.run(
        "UPDATE event SET details = jsonb_set(details, '{tree_head}', $2)"
        " WHERE renovation_id=$1 AND kind='voting.box_closed'",
        played.vote.rid,
        json.dumps(head),
    )
    assert await played.reasons() == {"head", "event hash"}


async def test_with_the_chain_made_anew_the_announced_key_still_differs(played: Played) -> None:
    # The strongest: the superuser recomputes the last hash of the chain and the renovation's head.
    closed = await played.close()
    head = resigned(closed["tree_head"], OTHER_KEYS)
    await replace_head(played, head)
    await played.run(
        "UPDATE event SET details = jsonb_set(details, '{tree_head}', $2)"
        " WHERE renovation_id=$1 AND kind='voting.box_closed'",
        played.vote.rid,
        json.dumps(head),
    )
    await rehashed(played)
    assert await played.reasons() == {"head"}


async def rehashed(played: Played) -> None:
    """The chain's last event with a hash that fits, as anybody with the rights can make it."""
    async with played.database.session() as session:
        last = await session.scalar(
            select(Event)
            .where(Event.renovation_id == played.vote.rid)
            .order_by(Event.seq.desc())
            .limit(1)
        )
    assert last is not None
    fitting = event_hash(last.prev_hash, hashed_fields(last))
    await played.run(
        "UPDATE event SET hash=$3 WHERE renovation_id=$1 AND seq=$2",
        played.vote.rid,
        last.seq,
        fitting,
    )
    await played.run("UPDATE renovation SET head_hash=$2 WHERE id=$1", played.vote.rid, fitting)


@pytest.mark.parametrize(
    "change",
    [
        "tree_head = NULL",
        "tally = jsonb_set(tally, '{works,outcome}', '\"passed\"')",
        "tally = NULL",
        "closed_at = closed_at - interval '1 second'",
        "closed_at = NULL",
        "state = 'open'",
        "opened_key = sha256('another')",
        "opened_key = NULL",
        "wrapped_key = NULL",
    ],
)
async def test_a_result_changed_after_the_close_is_not_what_the_events_say(
    played: Played, change: str
) -> None:
    await played.close()
    if change.startswith("wrapped_key"):
        # It is used once, by the closing; what it was is in opened_key.
        with pytest.raises(asyncpg.NotNullViolationError):
            await played.run(f"UPDATE ballot_box SET {change} WHERE id=$1", played.box)
        return
    await played.run(f"UPDATE ballot_box SET {change} WHERE id=$1", played.box)
    assert "box" in await played.reasons()


@pytest.mark.parametrize(
    "change",
    [
        "state='closed', closed_at=now()",
        "closes_at = closes_at - interval '20 days'",
        "closes_at = closes_at + interval '20 days'",
        "opens_at = opens_at - interval '1 day'",
        "public_key = sha256('mine')",
        "roll_hash = repeat('a', 64)",
        "motions = jsonb_set(motions, '{0,kind}', '\"ordinary\"')",
        "motions = jsonb_set(motions, '{0,title}', '\"Something else\"')",
        "motions = motions - 1",
        "opened_key = sha256('x')",
    ],
)
async def test_a_box_changed_with_the_rights_of_the_service_is_not_the_announced_one(
    played: Played, as_app: asyncpg.Connection, change: str
) -> None:
    await as_app.execute(f"UPDATE ballot_box SET {change} WHERE id=$1", played.box)
    assert "box" in await played.reasons()


async def test_a_box_closed_early_by_hand_cannot_be_counted_by_its_vote(
    played: Played, as_app: asyncpg.Connection
) -> None:
    await as_app.execute(
        "UPDATE ballot_box SET state='closed', closed_at=now() WHERE id=$1", played.box
    )
    with pytest.raises(Exception, match=r"voting\.box_closed"):
        await played.vote.close()
    row = await played.row()
    assert (row.tally, row.tree_head, row.opened_key) == (None, None, None)


async def test_a_vote_that_may_not_be_changed_cannot_be_made_changeable_unseen(
    played: Played, as_app: asyncpg.Connection
) -> None:
    # The rule is a column that the service's role can write: each ballot carries it, signed for.
    await as_app.execute("UPDATE ballot_box SET change_allowed=false WHERE id=$1", played.box)
    assert await played.reasons() == {"twice"}


async def test_a_box_with_a_key_of_the_attacker_is_not_opened_by_the_worker(
    played: Played, as_app: asyncpg.Connection
) -> None:
    mine = OTHER_KEYS.new(played.box)
    await as_app.execute(
        "UPDATE ballot_box SET public_key=$2, wrapped_key=$3 WHERE id=$1",
        played.box,
        mine.public,
        mine.wrapped,
    )
    assert "box" in await played.reasons()
    with pytest.raises(Exception, match=r"voting\.box_key_wrong"):
        await played.vote.close()


# The roll.


@pytest.mark.parametrize(
    "change",
    [
        "area_dm2 = area_dm2 + 100000",
        "shares = shares + 1",
        "developer = true",
        "excluded_reason = 'arrears'",
        "pseudonym = repeat('b', 32)",
        "units = ARRAY['9-999']",
    ],
)
@pytest.mark.parametrize("who", ["a voter", "somebody silent"])
async def test_a_roll_changed_after_the_freeze_no_longer_has_the_announced_hash(
    played: Played, change: str, who: str
) -> None:
    unit = played.vote.units[0] if who == "a voter" else played.vote.units[-1]
    await played.run(
        f"UPDATE roll_entry SET {change} WHERE box_id=$1 AND entry_id=$2", played.box, unit
    )
    report = await played.audit()
    assert ("", "roll") in {(bad.ballot_id, bad.reason) for bad in report.bad_ballots}
    if who == "a voter" and not change.startswith(("units", "developer")):
        # The ballot carries the weights that it was cast with: the close counts no other.
        assert not intact(await played.close())


async def test_an_entry_put_onto_the_roll_with_the_rights_of_the_service_changes_its_hash(
    played: Played, as_app: asyncpg.Connection
) -> None:
    await as_app.execute(
        "INSERT INTO roll_entry (box_id, entry_id, area_dm2, units, pseudonym, shares)"
        " VALUES ($1, '9-999', 500000, ARRAY['9-999'], repeat('c', 32), 1)",
        played.box,
    )
    assert await played.reasons() == {"roll"}


async def test_a_unit_moved_to_another_entry_is_found(played: Played) -> None:
    one, other = played.vote.units[-2:]
    await played.run(
        "UPDATE roll_unit SET entry_id=$3 WHERE box_id=$1 AND unit_number=$2",
        played.box,
        one,
        other,
    )
    assert await played.reasons() == {"roll"}


# Choices are read before the close.


async def everything(connection: asyncpg.Connection) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table that the role may read, as a dump has them."""
    tables = await connection.fetch(
        "SELECT schemaname || '.' || tablename AS name FROM pg_tables"
        " WHERE schemaname IN ('public', 'private', 'person_keys')"
        " AND has_table_privilege(schemaname || '.' || tablename, 'SELECT')"
    )
    return {
        row["name"]: [dict(each) for each in await connection.fetch(f"SELECT * FROM {row['name']}")]
        for row in tables
    }


def guesses() -> list[bytes]:
    """What every possible ballot of these two motions would look like in clear."""
    said = [{}, *({"works": word} for word in WORDS), *({"costs": word} for word in WORDS)]
    said += [{"works": one, "costs": other} for one in WORDS for other in WORDS]
    return [canonical_json(each) for each in said if each]


@pytest.mark.parametrize("role", ["application", "owner", "superuser"])
async def test_a_full_read_of_the_tables_opens_no_ballot(
    read_only: Played,
    as_app: asyncpg.Connection,
    as_owner: asyncpg.Connection,
    admin: asyncpg.Connection,
    role: str,
) -> None:
    reader = {"application": as_app, "owner": as_owner, "superuser": admin}[role]
    dump = await everything(reader)
    ballots = [row for row in dump["public.ballot"] if row["box_id"] == read_only.box]
    assert len(ballots) == VOTERS
    # Whatever 16 or 32 bytes stand in a row of this vote are tried: as the nonce, as the box's key.
    material = {
        bytes(part)
        for rows in dump.values()
        for row in rows
        if row.get("box_id", row.get("id")) == read_only.box
        for value in row.values()
        if isinstance(value, bytes)
        for part in (value[:16], value[-16:], value[:32], value[12:44], value[-32:])
    }
    seals = {row["id"]: row["public_key"] for row in dump["public.ballot_seal"]}
    for ballot in ballots:
        assert not any(
            commitment_of(nonce, guess) == ballot["commitment"]
            for nonce in material
            for guess in guesses()
        )
        for key in (each for each in material if len(each) == 32):
            with pytest.raises((SealBroken, ValueError)):
                BallotOpener(key, seals[ballot["seal_id"]]).open(
                    ballot["sealed"], ballot["commitment"]
                )


async def test_all_rows_look_the_same_whatever_they_say(
    read_only: Played, admin: asyncpg.Connection
) -> None:
    rows = await admin.fetch("SELECT * FROM ballot WHERE box_id=$1 ORDER BY seq", read_only.box)
    lengths = {
        tuple(len(row[name]) for name in ("sealed", "commitment", "leaf", "request_hash", "id"))
        for row in rows
    }
    assert len(lengths) == 1
    # Two voters who say the same share no byte string: nobody can group them.
    for column in ("sealed", "commitment", "leaf", "request_hash", "id"):
        assert len({row[column] for row in rows}) == VOTERS
    said_alike = [(rows[0], rows[3]), (rows[1], rows[4])]
    for one, other in said_alike:
        assert one["sealed"][12:28] != other["sealed"][12:28]


async def test_the_key_of_the_box_stays_wrapped_until_the_close(
    read_only: Played, as_app: asyncpg.Connection
) -> None:
    row = await as_app.fetchrow(
        "SELECT wrapped_key, opened_key FROM ballot_box WHERE id=$1", read_only.box
    )
    assert row["opened_key"] is None
    with pytest.raises(SealBroken):
        OTHER_KEYS.unwrap(read_only.box, row["wrapped_key"])


async def test_no_row_anywhere_tells_a_running_total_before_the_close(
    read_only: Played, admin: asyncpg.Connection
) -> None:
    box = await read_only.row()
    assert (box.tally, box.tree_head) == (None, None)
    dump = await everything(admin)
    ours = [
        row
        for name, rows in dump.items()
        for row in rows
        if name != "public.scheme"  # the question itself
        and read_only.vote.rid in json.dumps(row, default=str)
    ]
    text = json.dumps(ours, default=str)
    assert ours
    for word in ('"yes"', '"no"', '"abstain"', "yes_heads", "no_heads", "yes_area"):
        assert word not in text


async def test_the_close_opens_what_nobody_could_read_before(played: Played) -> None:
    closed = await played.close()
    tally = closed["motions"]["works"]["tally"]
    assert [tally[f"{word}_heads"] for word in WORDS] == [2, 2, 2]
