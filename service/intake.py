"""The hot path: ballots queue while the last batch commits, then go in together.

Adaptive group commit: two writers, no timer. A batch is one statement and so one transaction, which
takes the box rows FOR SHARE; the closing takes them FOR UPDATE. A ballot is committed before the
close and counted, or refused; a caller gets a receipt only after the commit.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg
import structlog
from pydantic import SecretStr

from models.values.refusal import Problem, Refused
from rules.chain import canonical_json, digest, leaf_hash
from runtime.database import asyncpg_url, worth_another_attempt
from service.boxes import Box, Boxes, Entry, NoBox
from service.commands import BallotReceipt, CastBallot
from service.problems import away

log = structlog.get_logger("intake")
WRITERS = 2
BATCH = 256
CHANNEL = "web"
ATTEMPTS = 3
TIMEOUT_S = 10.0
LOOKERS = 2
"""Connections beside the writers', for rolls and for the receipts of retries."""

INSERT = """
WITH given AS (
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                       $7::jsonb[], $8::int[], $9::bigint[], $10::text[])
    AS g(id, box_id, unit_number, entry_id, command_id, request_hash, choices, heads, area_dm2,
         leaf_hash)
), box AS MATERIALIZED (
  SELECT id FROM ballot_box
  WHERE id = ANY ($2::text[]) AND state = 'open'
    AND opens_at <= clock_timestamp() AND clock_timestamp() < closes_at
  FOR SHARE
)
INSERT INTO ballot (id, box_id, entry_id, command_id, request_hash, choices, channel, heads,
                    area_dm2, leaf_hash, recorded_at)
SELECT g.id, g.box_id, e.entry_id, g.command_id, g.request_hash, g.choices, $11, e.heads,
       e.area_dm2, g.leaf_hash, clock_timestamp()
FROM given g
JOIN box ON box.id = g.box_id
JOIN roll_unit u ON u.box_id = g.box_id AND u.unit_number = g.unit_number
JOIN roll_entry e ON e.box_id = u.box_id AND e.entry_id = u.entry_id
WHERE e.excluded_reason IS NULL
  -- The leaf hash was made from what the intake remembers of the frozen roll.
  AND e.entry_id = g.entry_id AND e.heads = g.heads AND e.area_dm2 = g.area_dm2
ORDER BY g.box_id, g.command_id
ON CONFLICT DO NOTHING
RETURNING id, recorded_at
"""
STORED = """
SELECT b.id, b.box_id, b.command_id, b.request_hash, b.leaf_hash, b.recorded_at
FROM unnest($1::text[], $2::text[]) AS g(box_id, command_id)
JOIN ballot b ON b.box_id = g.box_id AND b.command_id = g.command_id
"""
WHY_NOT = """
SELECT state, opens_at, closes_at, opens_at > clock_timestamp() AS early
FROM ballot_box WHERE id = $1
"""


@dataclass(frozen=True, eq=False)
class Cast:
    """One ballot on its way into the database."""

    ballot_id: str
    box_id: str
    unit_number: str
    entry: Entry
    command_id: str
    request_hash: str
    choices: str
    leaf_hash: str
    done: asyncio.Future["Stored | None"]
    """Resolves after the commit: the stored row, or None when the box did not take it."""


@dataclass(frozen=True)
class Stored:
    """A committed ballot."""

    ballot_id: str
    box_id: str
    request_hash: str
    leaf_hash: str
    recorded_at: datetime
    fresh: bool


class Intake:
    """Takes ballots in; at most `queue` of them wait for a commit."""

    def __init__(
        self, url: str, receipt_key: SecretStr, *, queue: int, writers: int = WRITERS
    ) -> None:
        self._url = asyncpg_url(url)
        self._receipt_key = bytes.fromhex(receipt_key.get_secret_value())
        self._queue: asyncio.Queue[Cast] = asyncio.Queue(maxsize=queue)
        self._under_way: dict[tuple[str, str], Cast] = {}
        self._writers = writers
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start the writers; connections are made when they are needed."""
        self._pool = await asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=self._writers + LOOKERS,
            timeout=TIMEOUT_S,
            command_timeout=TIMEOUT_S,
            server_settings={"timezone": "UTC"},
        )
        self.boxes = Boxes(self._pool)
        self._tasks = [asyncio.create_task(self._write()) for _ in range(self._writers)]

    async def stop(self) -> None:
        """Stop the writers; whoever still waits is told that nothing was acknowledged."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for cast in tuple(self._under_way.values()):
            self._fail([cast], Refused(Problem(code="service.busy")))
        self._pool.terminate()

    async def cast(self, renovation_id: str, ballot: CastBallot) -> tuple[BallotReceipt, bool]:
        """Put a ballot into the renovation's box; the receipt, and whether it is a new one.

        Raises:
            Refused: `voting.…` when the box does not take it, `journal.command_reused`,
                `service.busy` when too many wait, `service.database_away`; nothing was counted.
        """
        try:
            return await self._cast(renovation_id, ballot)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            refusal = away(error)
            if refusal is None:
                raise
            raise refusal from error

    async def _cast(self, renovation_id: str, ballot: CastBallot) -> tuple[BallotReceipt, bool]:
        box, just_read = await self.boxes.of(renovation_id)
        problems = problems_of(ballot, box)
        if problems and not just_read:
            box, just_read = await self.boxes.reload(renovation_id), True
            problems = problems_of(ballot, box)
        if problems:
            raise Refused(*problems)
        assert isinstance(box, Box)
        stored = await self._seen_before(box, ballot) or await self._submit(box, ballot)
        if stored is None and not just_read:
            newer = await self.boxes.reload(renovation_id)
            if newer is not box:
                return await self._cast(renovation_id, ballot)
        if stored is None:
            raise Refused(await self._why_not(box))
        if stored.request_hash != hash_of_request(ballot):
            params: dict[str, str | int] = {"command": ballot.command_id, "kind": "ballot"}
            raise Refused(
                Problem(code="journal.command_reused", where=ballot.command_id, params=params)
            )
        return self._receipt(stored, ballot.unit_number), stored.fresh

    async def _submit(self, box: Box, ballot: CastBallot) -> Stored | None:
        """Queue it, or join the same command that is under way, and wait for the commit."""
        key = (box.id, ballot.command_id)
        cast = self._under_way.get(key)
        if cast is not None:
            first = await asyncio.shield(cast.done)
            return first and Stored(**{**vars(first), "fresh": False})
        cast = prepared(box, ballot)
        try:
            self._queue.put_nowait(cast)
        except asyncio.QueueFull:
            raise Refused(Problem(code="service.busy")) from None
        self._under_way[key] = cast
        cast.done.add_done_callback(lambda _: self._under_way.pop(key, None))
        # A client that hangs up must not take the answer from another one with the same command.
        return await asyncio.shield(cast.done)

    async def _write(self) -> None:
        """One writer: whatever has queued meanwhile is the next batch."""
        while True:
            batch = [await self._queue.get()]
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await self._commit(batch)

    async def _commit(self, batch: Sequence[Cast]) -> None:
        """Commit a batch; one that fails for its content is halved until its bad row is found."""
        try:
            stored = await self._commit_patiently(batch)
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, ValueError) as error:
            if len(batch) == 1:
                log.warning("ballot_unwritable", reason=type(error).__name__)
                self._fail(batch, Refused(Problem(code="voting.ballot_unwritable")))
                return
            middle = len(batch) // 2
            await self._commit(batch[:middle])
            await self._commit(batch[middle:])
        except Exception as error:  # noqa: BLE001 - the writer goes on, each caller is told
            log.warning("batch_not_committed", ballots=len(batch), reason=type(error).__name__)
            self._fail(batch, away(error) or error)
        else:
            for cast in batch:
                if not cast.done.done():
                    cast.done.set_result(stored.get(cast.ballot_id))

    async def _commit_patiently(self, batch: Sequence[Cast]) -> dict[str, Stored]:
        """Try again after a deadlock or a lost connection: the same rows are found, not doubled."""
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._put(batch)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError) as error:
                if not worth_another_attempt(error):
                    raise
        return await self._put(batch)

    async def _put(self, batch: Sequence[Cast]) -> dict[str, Stored]:
        async with self._pool.acquire(timeout=TIMEOUT_S) as connection:
            rows = await connection.fetch(INSERT, *columns(batch), CHANNEL)
            # Outside of a transaction block, the statement has committed when it returns.
            fresh = {row["id"]: row["recorded_at"] for row in rows}
            by_id = {
                cast.ballot_id: Stored(
                    ballot_id=cast.ballot_id,
                    box_id=cast.box_id,
                    request_hash=cast.request_hash,
                    leaf_hash=cast.leaf_hash,
                    recorded_at=fresh[cast.ballot_id],
                    fresh=True,
                )
                for cast in batch
                if cast.ballot_id in fresh
            }
            rest = [cast for cast in batch if cast.ballot_id not in fresh]
            if rest:
                boxes, commands = [c.box_id for c in rest], [c.command_id for c in rest]
                for row in await connection.fetch(STORED, boxes, commands):
                    by_id[row["id"]] = _stored(row)
        return by_id

    async def _seen_before(self, box: Box, ballot: CastBallot) -> Stored | None:
        """A command that already voted in an earlier vote is answered from there, not cast again."""
        if not box.earlier:
            return None
        commands = [ballot.command_id] * len(box.earlier)
        row = await self._pool.fetchrow(STORED, list(box.earlier), commands)
        return _stored(row) if row is not None else None

    async def _why_not(self, box: Box) -> Problem:
        row = await self._pool.fetchrow(WHY_NOT, box.id)
        early = row["state"] == "open" and row["early"]
        code, moment = (
            ("voting.box_not_open_yet", row["opens_at"])
            if early
            else ("voting.box_closed", row["closes_at"])
        )
        return Problem(code=code, params={"box": box.id, "at": written(moment)})

    def _fail(self, batch: Sequence[Cast], error: Exception) -> None:
        for cast in batch:
            if not cast.done.done():
                cast.done.set_exception(error)
                cast.done.exception()  # the caller may have hung up: nobody has to look at it

    def _receipt(self, stored: Stored, unit_number: str) -> BallotReceipt:
        fields = {
            "ballot_id": stored.ballot_id,
            "box_id": stored.box_id,
            "unit_number": unit_number,
            "leaf_hash": stored.leaf_hash,
            "recorded_at": written(stored.recorded_at),
        }
        signature = hmac.digest(self._receipt_key, canonical_json(fields), hashlib.sha256).hex()
        return BallotReceipt(**fields, signature=signature)


def problems_of(ballot: CastBallot, box: Box | NoBox) -> tuple[Problem, ...]:
    """Why a box cannot take this ballot, as far as its motions and its roll say."""
    if isinstance(box, NoBox):
        code = "voting.no_box" if box.renovation_known else "renovation_unknown"
        return (Problem(code=code),)
    if ballot.box_id is not None and ballot.box_id != box.id:
        return (Problem(code="voting.other_box", params={"given": ballot.box_id, "box": box.id}),)
    entry = box.roll.get(ballot.unit_number)
    if entry is None:
        return (Problem(code="voting.unit_not_on_roll", params={"unit": ballot.unit_number}),)
    if entry.excluded_reason is not None:
        params: dict[str, str | int] = {"unit": ballot.unit_number, "reason": entry.excluded_reason}
        return (Problem(code="voting.unit_excluded", params=params),)
    known = ", ".join(sorted(box.motions))
    return tuple(
        Problem(
            code="voting.motion_unknown",
            where=f"choices.{motion}",
            params={"motion": motion, "motions": known},
        )
        for motion in ballot.choices
        if motion not in box.motions
    )


def hash_of_request(ballot: CastBallot) -> str:
    """What makes two uses of a command id the same ballot."""
    return digest({"unit_number": ballot.unit_number, "choices": dict(ballot.choices)})


def prepared(box: Box, ballot: CastBallot) -> Cast:
    """The row to insert; its weights are those of the frozen roll."""
    entry = box.roll[ballot.unit_number]
    choices = {motion: choice.value for motion, choice in ballot.choices.items()}
    leaf = leaf_hash(
        box_id=box.id,
        entry_id=entry.entry_id,
        command_id=ballot.command_id,
        choices=choices,
        channel=CHANNEL,
        heads=entry.heads,
        area_dm2=entry.area_dm2,
    )
    # Of the command alone, so that a retry is the same row.
    name = hashlib.sha256(f"{box.id}\0{ballot.command_id}".encode()).hexdigest()[:32]
    return Cast(
        ballot_id=f"{box.id}.{name}"[-64:],
        box_id=box.id,
        unit_number=ballot.unit_number,
        entry=entry,
        command_id=ballot.command_id,
        request_hash=hash_of_request(ballot),
        choices=json.dumps(choices, ensure_ascii=False),
        leaf_hash=leaf,
        done=asyncio.get_running_loop().create_future(),
    )


def columns(batch: Sequence[Cast]) -> tuple[list[object], ...]:
    """The batch as the arrays that `INSERT` unnests."""
    return (
        [cast.ballot_id for cast in batch],
        [cast.box_id for cast in batch],
        [cast.unit_number for cast in batch],
        [cast.entry.entry_id for cast in batch],
        [cast.command_id for cast in batch],
        [cast.request_hash for cast in batch],
        [cast.choices for cast in batch],
        [cast.entry.heads for cast in batch],
        [cast.entry.area_dm2 for cast in batch],
        [cast.leaf_hash for cast in batch],
    )


def written(moment: datetime) -> str:
    """A moment as the doors write it: UTC, microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _stored(row: asyncpg.Record) -> Stored:
    return Stored(
        ballot_id=row["id"],
        box_id=row["box_id"],
        request_hash=row["request_hash"],
        leaf_hash=row["leaf_hash"],
        recorded_at=row["recorded_at"],
        fresh=False,
    )
