"""The hot path: ballots queue while the last batch commits, then go in together.

Adaptive group commit, no timer: of each box one batch is under way, a second one only when a whole
one waits. A batch is one statement and so one transaction, which takes the box row FOR SHARE; the
closing takes it FOR UPDATE. A ballot is committed before the close and counted, or refused; a caller
gets a receipt only after the commit.
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
from service.ballots.batches import LOOKERS, Ledger
from service.ballots.boxes import Box, Boxes, NoBox
from service.ballots.queued import Answer, Cast, Group, prepared, problems_of
from service.ballots.receipts import Receipt, Stored, receipt_again, signed_batch, written
from service.http.problems import away
from service.residents.commands import CastBallot

log = structlog.get_logger("intake")
DATABASE_ERRORS = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a server that is killed in the middle of a statement
)
Key = tuple[str, str]
"""(box id, command id): what makes a ballot the same one again."""
WRITERS = 2
"""Statements under way at most."""
BATCH = 256
ATTEMPTS = 3
TIMEOUT_S = 10.0
RECORD_PAUSE_S = 0.05
"""Signed batches are recorded together so often; nobody waits for it."""


class Intake:
    """Takes ballots in; at most `queue` of them wait for a commit."""

    def __init__(
        self, url: str, receipt_key: SecretStr, *, queue: int, writers: int = WRITERS
    ) -> None:
        self._url = asyncpg_url(url)
        # Of this process alone: under a key of the settings, the three hashes that a ballot can have
        # would tell an operator who reads the table how everybody voted.
        self._request_key = secrets.token_bytes(32)
        self.signer = Signer.of_receipts(receipt_key)
        self._room = queue
        self._waiting: dict[Group, list[Cast]] = {}
        self._under_way: dict[Key, Cast] = {}
        self._writers = writers
        self._flying: list[Group] = []
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
        self._ledger = Ledger(self._pool, secrets.token_hex(8))
        self._recorder = asyncio.create_task(self._record())

    async def stop(self) -> None:
        """Stop writing; whoever still waits is told that nothing was acknowledged."""
        self._waiting.clear()
        for task in (*self._tasks, self._recorder):
            task.cancel()
        await asyncio.gather(*self._tasks, self._recorder, return_exceptions=True)
        for cast in tuple(self._under_way.values()):
            self._fail([cast], refusal("service.busy"))
        self._ledger.give_up_all()
        await self._record_now()
        self._pool.terminate()

    async def cast(
        self,
        renovation_id: str,
        ballot: CastBallot,
        channel: Channel = "web",
        version: int | None = None,
    ) -> tuple[Receipt, bool]:
        """Put a ballot into the renovation's box; the receipt, and whether it is a new one.

        `version` is that of the unit's credential which was shown, if one was: the database takes
        the ballot only if it is the unit's version then.

        Raises:
            Refused: `voting.…` when the box does not take it, `credential.replaced`,
                `journal.command_reused`, `service.busy` when too many wait, `service.database_away`; nothing was counted.
        """
        try:
            return await self._cast(renovation_id, ballot, channel, version)
        except DATABASE_ERRORS as error:
            refusal = away(error)
            if refusal is None:
                raise
            raise refusal from error

    async def _cast(
        self, renovation_id: str, ballot: CastBallot, channel: Channel, version: int | None
    ) -> tuple[Receipt, bool]:
        box: Box | NoBox | None = self.boxes.kept(renovation_id)
        just_read = box is None
        if box is None:
            box, just_read = await self.boxes.of(renovation_id)
        problems = problems_of(ballot, box, channel)
        if problems and not just_read:
            box, just_read = await self.boxes.reload(renovation_id), True
            problems = problems_of(ballot, box, channel)
        if problems:
            raise Refused(*problems)
        assert isinstance(box, Box)
        said = plain_ballot(ballot.choices)
        asked = self._hash_of_request(ballot.unit_number, said)
        answer = await self._seen_before(box, ballot) if box.earlier else None
        if answer is None:
            answer = await self._submit(box, ballot, channel, said, asked, version)
        if answer is None and not just_read:
            newer = await self.boxes.reload(renovation_id)
            if newer is not box:
                return await self._cast(renovation_id, ballot, channel, version)
        if answer is None:
            raise Refused(await self._why_not(box, ballot.unit_number, version))
        if not _same(answer.receipt.stored, ballot, asked):
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
        said: bytes,
        asked: bytes,
        version: int | None,
    ) -> Answer | None:
        """Queue it, or join the same command that is under way, and wait for the commit."""
        key = (box.id, ballot.command_id)
        seal = box.seals.in_use() or await box.seals.current()
        cast = self._under_way.get(key)
        if cast is not None:
            first = await cast.awaited()
            return first and Answer(first.receipt, fresh=False)
        if not self._room:
            raise refusal("service.busy")
        words = seal.seal(said, box.ballot_bytes)
        cast = prepared(box, ballot, channel, words, seal.id, asked, version)
        self._under_way[key] = cast
        self._queue(cast)
        return await cast.awaited()

    def _queue(self, cast: Cast) -> None:
        self._room -= 1
        group = cast.group
        waiting = self._waiting.get(group)
        if waiting is None:
            waiting = self._waiting[group] = []
        waiting.append(cast)
        if len(waiting) in (1, BATCH):
            # Not at once: what else comes in this turn of the loop belongs to the same batch.
            asyncio.get_running_loop().call_soon(self._send_off)

    def _send_off(self) -> None:
        """Begin the statements that may begin now."""
        while len(self._flying) < self._writers and (group := self._next_group()) is not None:
            waiting = self._waiting.pop(group)
            batch, rest = waiting[:BATCH], waiting[BATCH:]
            if rest:
                self._waiting[group] = rest
            self._room += len(batch)
            self._flying.append(group)
            task = asyncio.create_task(self._commit(batch))
            self._tasks.add(task)
            task.add_done_callback(partial(self._landed, group))

    def _next_group(self) -> Group | None:
        """Of the groups that may be sent, the one that has waited longest.

        Beside a statement of the same box a second one pays for a whole batch only: a call of the
        database costs as much as ten ballots.
        """
        for group, waiting in self._waiting.items():
            if len(waiting) >= BATCH or group not in self._flying:
                return group
        return None

    def _landed(self, group: Group, task: asyncio.Task[None]) -> None:
        self._flying.remove(group)
        self._tasks.discard(task)
        if not task.cancelled():
            self._send_off()

    async def _commit(self, batch: Sequence[Cast]) -> None:
        """Commit a group; one that fails for its content is halved until its bad row is found."""
        number = self._ledger.next_number(batch[0].box_id)
        try:
            answers = await self._commit_patiently(batch, number)
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, ValueError) as error:
            self._ledger.give_up(number)
            if len(batch) == 1:
                log.warning("ballot_unwritable", reason=type(error).__name__)
                self._fail(batch, refusal("voting.ballot_unwritable"))
                return
            middle = len(batch) // 2
            await self._commit(batch[:middle])
            await self._commit(batch[middle:])
        except Exception as error:  # noqa: BLE001 - the writer goes on, each caller is told
            log.warning("batch_not_committed", ballots=len(batch), reason=type(error).__name__)
            self._ledger.give_up(number)
            self._fail(batch, away(error) or error)
        else:
            for cast in batch:
                self._under_way.pop((cast.box_id, cast.command_id), None)
                cast.answer(answers.get(cast.command_id))

    async def _commit_patiently(self, batch: Sequence[Cast], number: int) -> dict[str, Answer]:
        """Try again after a deadlock or a lost connection: the same rows are found, not doubled."""
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._put(batch, number)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError) as error:
                if not worth_another_attempt(error):
                    raise
        return await self._put(batch, number)

    async def _put(self, batch: Sequence[Cast], number: int) -> dict[str, Answer]:
        """Insert, and sign what came in; what did not is looked up, it may be there already.

        Command id to answer: a group is of one box.
        """
        taken = await self._ledger.insert(batch, number)
        came_in: list[Stored] = []
        rest: list[Cast] = []
        for cast in batch:
            leaf = taken.leaves.get(cast.command_id)
            if leaf is None:
                rest.append(cast)
            else:
                came_in.append(cast.stored(leaf, taken.cast_at, taken.recorded_at))
        answers: dict[str, Answer] = {}
        for stored, ours in await self._ledger.stored(rest, number):
            if ours:
                came_in.append(stored)
            else:
                again = receipt_again(stored, self.signer)
                answers[stored.command_id] = Answer(again, fresh=False)
        name = self._ledger.name_of(number)
        signed, receipts = signed_batch(name, batch[0].box_id, came_in, self.signer)
        self._ledger.remember(number, signed)
        for receipt in receipts:
            answers[receipt.stored.command_id] = Answer(receipt, fresh=True)
        return answers

    async def _record(self) -> None:
        """Write the signed batches down, a few times a second."""
        while True:
            await asyncio.sleep(RECORD_PAUSE_S)
            await self._record_now()

    async def _record_now(self) -> None:
        try:
            await self._ledger.record(self.signer)
        except DATABASE_ERRORS as error:
            log.warning("batches_not_recorded", reason=type(error).__name__)

    async def _seen_before(self, box: Box, ballot: CastBallot) -> Answer | None:
        """A command that already voted in an earlier vote is answered from there, not cast again."""
        each = await self._ledger.stored_in(box.earlier, ballot.command_id)
        if each is None:
            return None
        return Answer(receipt_again(each, self.signer), fresh=False)

    async def _why_not(self, box: Box, unit_number: str, version: int | None) -> Problem:
        row = await self._ledger.state_of(box.id)
        if row["is_open"]:
            if version not in (None, await self._ledger.version_of(box.id, unit_number)):
                return problem("credential.replaced", unit=unit_number)
            return problem("voting.already_voted", box=box.id)
        if row["state"] == "open" and row["early"]:
            return problem("voting.box_not_open_yet", box=box.id, at=written(row["opens_at"]))
        return problem("voting.box_closed", box=box.id, at=written(row["closes_at"]))

    def _fail(self, batch: Sequence[Cast], error: Exception) -> None:
        for cast in batch:
            self._under_way.pop((cast.box_id, cast.command_id), None)
            cast.fail(error)

    def _hash_of_request(self, unit_number: str, said: bytes) -> bytes:
        """What makes two uses of a command id the same ballot, as long as this process lives."""
        asked = unit_number.encode() + b"\0" + said
        return hashlib.blake2b(asked, key=self._request_key, digest_size=32).digest()


def _same(stored: Stored, ballot: CastBallot, asked: bytes) -> bool:
    """Is this the ballot that was asked for? What another process wrote, nobody can compare."""
    return stored.unit_number == ballot.unit_number and stored.request_hash in (None, asked)


async def _as_it_is(_: asyncpg.Connection) -> None:
    """How a connection goes back to the pool."""
