"""The intake of ballots by every channel: they queue while a batch commits, then go in together.

There is no timer: of each box one batch is under way, and a second one only when a whole batch
waits. A batch is one statement and so one transaction, which locks the box row FOR SHARE; the
closing locks it FOR UPDATE. So a ballot is either committed before the close and counted, or
refused. A caller gets a receipt only after the commit.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Sequence
from functools import partial

import asyncpg
import structlog
from pydantic import SecretStr

from models.values.refusal import Problem, Refused, problem, refusal
from models.values.voting import Channel
from rules.ballots.ballot import plain_ballot
from runtime.ballots.sealing import Signer
from runtime.database import asyncpg_url, worth_another_attempt
from service.ballots.batches import LOOKERS, BatchBook
from service.ballots.boxes import Box, Boxes, NoBox
from service.ballots.queued import CastAnswer, Group, QueuedBallot, box_problems, queued_ballot
from service.ballots.receipts import (
    IssuedReceipt,
    StoredBallot,
    receipt_again,
    signed_batch,
    written,
)
from service.bodies import CastBallot
from service.http.problems import database_away

log = structlog.get_logger("intake")
DATABASE_ERRORS = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a server that is killed in the middle of a statement
)
Key = tuple[str, str]
"""(box id, command id): the same pair is the same ballot, sent again."""
WRITERS = 2
"""Statements under way at most."""
BATCH = 256
ATTEMPTS = 3
TIMEOUT_S = 10.0
RECORD_PAUSE_S = 0.05
"""Pause between two writes of the signed batches; no caller waits for them."""


class Intake:
    """Takes ballots; the one place through which they come into a box. At most `queue` of them wait."""

    def __init__(
        self, url: str, receipt_key: SecretStr, *, queue: int, writers: int = WRITERS
    ) -> None:
        self._url = asyncpg_url(url)
        # Of this process alone: under a key of the settings, the three hashes that a ballot can have
        # would tell an operator who reads the table how everybody voted.
        self._request_key = secrets.token_bytes(32)
        self.signer = Signer.of_receipts(receipt_key)
        self._room = queue
        self._waiting: dict[Group, list[QueuedBallot]] = {}
        self._under_way: dict[Key, QueuedBallot] = {}
        self._writers = writers
        self._writing: list[Group] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Start taking ballots; connections are made when they are needed."""
        self._pool = await asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=self._writers + LOOKERS,
            timeout=TIMEOUT_S,
            command_timeout=TIMEOUT_S,
            server_settings={"timezone": "UTC"},
            # Nothing here leaves anything behind in its session: no round trip to clean up.
            reset=_as_it_is,
        )
        self.boxes = Boxes(self._pool)
        self._book = BatchBook(self._pool, secrets.token_hex(8))
        self._recorder = asyncio.create_task(self._record())

    async def stop(self) -> None:
        """Stop writing; callers that still wait are refused with `service.busy`."""
        self._waiting.clear()
        for task in (*self._tasks, self._recorder):
            task.cancel()
        await asyncio.gather(*self._tasks, self._recorder, return_exceptions=True)
        for queued in tuple(self._under_way.values()):
            self._fail([queued], refusal("service.busy"))
        self._book.give_up_all()
        await self._record_now()
        self._pool.terminate()

    async def cast(
        self,
        renovation_id: str,
        ballot: CastBallot,
        channel: Channel = "web",
        version: int | None = None,
    ) -> tuple[IssuedReceipt, bool]:
        """Cast a ballot; returns its receipt, and whether it is new or the same as before.

        `version` is that of the unit's credential which was shown, if one was: the database takes
        the ballot only if it is the unit's version then.

        Raises:
            Refused: `voting.…` when the box does not take it, `credential.replaced`,
                `journal.command_reused`, `service.busy` when too many wait,
                `service.database_away`; nothing was counted.
        """
        try:
            return await self._cast(renovation_id, ballot, channel, version)
        except DATABASE_ERRORS as error:
            refusal = database_away(error)
            if refusal is None:
                raise
            raise refusal from error

    async def _cast(
        self, renovation_id: str, ballot: CastBallot, channel: Channel, version: int | None
    ) -> tuple[IssuedReceipt, bool]:
        box: Box | NoBox | None = self.boxes.kept(renovation_id)
        just_read = box is None
        if box is None:
            box, just_read = await self.boxes.of(renovation_id)
        problems = box_problems(ballot, box, channel)
        if problems and not just_read:
            box, just_read = await self.boxes.reload(renovation_id), True
            problems = box_problems(ballot, box, channel)
        if problems:
            raise Refused(*problems)
        assert isinstance(box, Box)
        choices_json = plain_ballot(ballot.choices)
        request_hash = self._request_hash(ballot.unit_number, choices_json)
        answer = await self._seen_before(box, ballot) if box.earlier else None
        if answer is None:
            answer = await self._submit(box, ballot, channel, choices_json, request_hash, version)
        if answer is None and not just_read:
            newer = await self.boxes.reload(renovation_id)
            if newer is not box:
                return await self._cast(renovation_id, ballot, channel, version)
        if answer is None:
            raise Refused(await self._why_not(box, ballot.unit_number, version))
        if not _same(answer.receipt.stored, ballot, request_hash):
            raise refusal(
                "journal.command_reused",
                where=ballot.command_id,
                command=ballot.command_id,
                kind="ballot",
            )
        return answer.receipt, answer.fresh

    async def _submit(
        self,
        box: Box,
        ballot: CastBallot,
        channel: Channel,
        choices_json: bytes,
        request_hash: bytes,
        version: int | None,
    ) -> CastAnswer | None:
        """Queue the ballot, or wait with the same command that is under way; None if the box refused it."""
        key = (box.id, ballot.command_id)
        seal = box.seals.in_use() or await box.seals.current()
        queued = self._under_way.get(key)
        if queued is not None:
            first = await queued.awaited()
            return first and CastAnswer(first.receipt, fresh=False)
        if not self._room:
            raise refusal("service.busy")
        sealed = seal.seal(choices_json, box.ballot_bytes)
        queued = queued_ballot(box, ballot, channel, sealed, seal.id, request_hash, version)
        self._under_way[key] = queued
        self._queue(queued)
        return await queued.awaited()

    def _queue(self, queued: QueuedBallot) -> None:
        self._room -= 1
        group = queued.group
        waiting = self._waiting.get(group)
        if waiting is None:
            waiting = self._waiting[group] = []
        waiting.append(queued)
        if len(waiting) in (1, BATCH):
            # Not at once: what else comes in this turn of the loop belongs to the same batch.
            asyncio.get_running_loop().call_soon(self._start_batches)

    def _start_batches(self) -> None:
        """Start a task for each batch that may be written now."""
        while len(self._writing) < self._writers and (group := self._next_group()) is not None:
            waiting = self._waiting.pop(group)
            batch, rest = waiting[:BATCH], waiting[BATCH:]
            if rest:
                self._waiting[group] = rest
            self._room += len(batch)
            self._writing.append(group)
            task = asyncio.create_task(self._commit(batch))
            self._tasks.add(task)
            task.add_done_callback(partial(self._batch_done, group))

    def _next_group(self) -> Group | None:
        """The group that has waited longest, of those that may be written now.

        A group that is being written gets a second statement only for a whole batch: a statement
        costs the database as much as ten ballots.
        """
        for group, waiting in self._waiting.items():
            if len(waiting) >= BATCH or group not in self._writing:
                return group
        return None

    def _batch_done(self, group: Group, task: asyncio.Task[None]) -> None:
        self._writing.remove(group)
        self._tasks.discard(task)
        if not task.cancelled():
            self._start_batches()

    async def _commit(self, batch: Sequence[QueuedBallot]) -> None:
        """Commit a batch and tell its callers; one with a row that cannot be written is halved."""
        number = self._book.next_number(batch[0].box_id)
        try:
            answers = await self._commit_patiently(batch, number)
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, ValueError) as error:
            self._book.give_up(number)
            if len(batch) == 1:
                log.warning("ballot_unwritable", reason=type(error).__name__)
                self._fail(batch, refusal("voting.ballot_unwritable"))
                return
            middle = len(batch) // 2
            await self._commit(batch[:middle])
            await self._commit(batch[middle:])
        except Exception as error:  # noqa: BLE001 - the intake goes on, each caller is told
            log.warning("batch_not_committed", ballots=len(batch), reason=type(error).__name__)
            self._book.give_up(number)
            self._fail(batch, database_away(error) or error)
        else:
            for queued in batch:
                self._under_way.pop((queued.box_id, queued.command_id), None)
                queued.answer(answers.get(queued.command_id))

    async def _commit_patiently(
        self, batch: Sequence[QueuedBallot], number: int
    ) -> dict[str, CastAnswer]:
        """Try again after a deadlock or a lost connection; rows that were committed are found, not doubled."""
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._put(batch, number)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError) as error:
                if not worth_another_attempt(error):
                    raise
        return await self._put(batch, number)

    async def _put(self, batch: Sequence[QueuedBallot], number: int) -> dict[str, CastAnswer]:
        """Insert a batch and sign what came in; returns command id to answer.

        A command that the insert did not take may be in the box already: then its receipt is made again.
        """
        taken = await self._book.insert(batch, number)
        came_in: list[StoredBallot] = []
        rest: list[QueuedBallot] = []
        for queued in batch:
            leaf = taken.leaves.get(queued.command_id)
            if leaf is None:
                rest.append(queued)
            else:
                came_in.append(queued.stored(leaf, taken.cast_at, taken.recorded_at))
        answers: dict[str, CastAnswer] = {}
        for stored, ours in await self._book.stored(rest, number):
            if ours:
                came_in.append(stored)
            else:
                again = receipt_again(stored, self.signer)
                answers[stored.command_id] = CastAnswer(again, fresh=False)
        name = self._book.batch_name(number)
        signed, receipts = signed_batch(name, batch[0].box_id, came_in, self.signer)
        self._book.remember(number, signed)
        for receipt in receipts:
            answers[receipt.stored.command_id] = CastAnswer(receipt, fresh=True)
        return answers

    async def _record(self) -> None:
        """Record the signed batches, every `RECORD_PAUSE_S` seconds."""
        while True:
            await asyncio.sleep(RECORD_PAUSE_S)
            await self._record_now()

    async def _record_now(self) -> None:
        try:
            await self._book.record(self.signer)
        except DATABASE_ERRORS as error:
            log.warning("batches_not_recorded", reason=type(error).__name__)

    async def _seen_before(self, box: Box, ballot: CastBallot) -> CastAnswer | None:
        """The answer of a command that was cast in an earlier vote of this renovation, else None."""
        each = await self._book.stored_in(box.earlier, ballot.command_id)
        if each is None:
            return None
        return CastAnswer(receipt_again(each, self.signer), fresh=False)

    async def _why_not(self, box: Box, unit_number: str, version: int | None) -> Problem:
        row = await self._book.box_state(box.id)
        if row["is_open"]:
            if version not in (None, await self._book.credential_version(box.id, unit_number)):
                return problem("credential.replaced", unit=unit_number)
            return problem("voting.already_voted", box=box.id)
        if row["state"] == "open" and row["early"]:
            return problem("voting.box_not_open_yet", box=box.id, at=written(row["opens_at"]))
        return problem("voting.box_closed", box=box.id, at=written(row["closes_at"]))

    def _fail(self, batch: Sequence[QueuedBallot], error: Exception) -> None:
        for queued in batch:
            self._under_way.pop((queued.box_id, queued.command_id), None)
            queued.fail(error)

    def _request_hash(self, unit_number: str, choices_json: bytes) -> bytes:
        """A keyed hash that tells whether a command id is used again for the same ballot."""
        message = unit_number.encode() + b"\0" + choices_json
        return hashlib.blake2b(message, key=self._request_key, digest_size=32).digest()


def _same(stored: StoredBallot, ballot: CastBallot, request_hash: bytes) -> bool:
    """Whether the stored ballot is this one; one of another process has no hash to compare."""
    return stored.unit_number == ballot.unit_number and stored.request_hash in (None, request_hash)


async def _as_it_is(_: asyncpg.Connection) -> None:
    """The reset of the pool: none."""
