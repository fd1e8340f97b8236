"""Where ballots wait for their commit: while one batch commits, the next one gathers.

Adaptive group commit, no timer: of each box one batch is under way, a second one only when a whole
one waits. Whoever waits gets an answer only after the commit.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

import asyncpg
import structlog

from models.values.refusal import refusal
from runtime.database import worth_another_attempt
from service.ballots.batches import BatchBook
from service.ballots.boxes import NotTaken
from service.ballots.queued import BallotAnswer, Group, Key, QueuedBallot
from service.http.problems import database_away

log = structlog.get_logger("intake")
BATCH = 256
ATTEMPTS = 3


class BallotQueue:
    """At most `room` ballots wait here, and at most `writers` batches are under way."""

    def __init__(self, book: BatchBook, room: int, writers: int) -> None:
        self._book = book
        self._room = room
        self._writers = writers
        self._waiting: dict[Group, list[QueuedBallot]] = {}
        self._under_way: dict[Key, QueuedBallot] = {}
        self._flying: list[Group] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def put(self, queued: QueuedBallot, earlier: Sequence[str]) -> BallotAnswer:
        """Queue a ballot and wait for its commit; a command that voted before gets its receipt again.

        `earlier` are the boxes of the votes before, in which the command may have voted.

        Raises:
            Refused: `service.busy` when too many wait; `voting.ballot_unwritable`,
                `service.database_away`, `journal.command_reused`.
            NotTaken: the box did not take it.
        """
        answer = await self._answered_before(queued, earlier)
        if answer is None:
            answer = await self._committed(queued)
        if answer is None:
            raise NotTaken(await self._book.why_not(queued))
        if not answer.fresh:
            queued.refuse_another(answer.receipt.stored)
        return answer

    async def _answered_before(
        self, queued: QueuedBallot, earlier: Sequence[str]
    ) -> BallotAnswer | None:
        if earlier and (again := await self._book.again(earlier, queued)) is not None:
            return again
        first = self._under_way.get(queued.key)
        answer = await first.awaited() if first is not None else None
        return answer and BallotAnswer(answer.receipt, fresh=False)

    async def _committed(self, queued: QueuedBallot) -> BallotAnswer | None:
        if not self._room:
            raise refusal("service.busy")
        self._under_way[queued.key] = queued
        self._room -= 1
        waiting = self._waiting.setdefault(queued.group, [])
        waiting.append(queued)
        if len(waiting) in (1, BATCH):
            # Not at once: what else comes in this turn of the loop belongs to the same batch.
            asyncio.get_running_loop().call_soon(self._send_off)
        return await queued.awaited()

    async def stop(self) -> None:
        """Stop writing; whoever still waits is told that nothing was acknowledged."""
        self._waiting.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._fail(tuple(self._under_way.values()), refusal("service.busy"))

    def _send_off(self) -> None:
        """Begin the statements that may begin now."""
        while len(self._flying) < self._writers and (group := self._next_group()) is not None:
            waiting = self._waiting.pop(group)
            batch, rest = one_batch(waiting)
            if rest:
                # At the end of the dict again, whose order is that of waiting.
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

    async def _commit(self, batch: Sequence[QueuedBallot]) -> None:
        """Commit a batch; one that fails for its content is halved until its bad row is found."""
        number = self._book.next_number(batch[0].box_id)
        try:
            answers = await self._commit_patiently(batch, number)
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, ValueError) as error:
            self._book.give_up(number)
            if len(batch) == 1:
                log.warning("ballot_unwritable", reason=type(error).__name__)
                self._fail(batch, refusal("voting.ballot_unwritable"))
                return
            # Nothing of it is in: a batch is one statement. Each half gets a number of its own.
            middle = len(batch) // 2
            await self._commit(batch[:middle])
            await self._commit(batch[middle:])
        except Exception as error:  # noqa: BLE001 - the queue goes on, each caller is told
            log.warning("batch_not_committed", ballots=len(batch), reason=type(error).__name__)
            self._book.give_up(number)
            self._fail(batch, database_away(error) or error)
        else:
            for queued in batch:
                self._under_way.pop(queued.key, None)
                queued.answer(answers.get(queued.command_id))

    async def _commit_patiently(
        self, batch: Sequence[QueuedBallot], number: int
    ) -> dict[str, BallotAnswer]:
        """Try again after a deadlock or a lost connection: the same rows are found, not doubled."""
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._book.commit(batch, number)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError) as error:
                if not worth_another_attempt(error):
                    raise
        return await self._book.commit(batch, number)

    def _fail(self, batch: Sequence[QueuedBallot], error: Exception) -> None:
        for queued in batch:
            self._under_way.pop(queued.key, None)
            queued.fail(error)


def one_batch(waiting: list[QueuedBallot]) -> tuple[list[QueuedBallot], list[QueuedBallot]]:
    """The ballots of the next statement, and the rest.

    The statement answers by command ids, so that no two of its ballots may have the same one.
    """
    batch, rest = waiting[:BATCH], waiting[BATCH:]
    first = {queued.command_id: queued for queued in reversed(batch)}
    if len(first) < len(batch):
        rest = [queued for queued in batch if first[queued.command_id] is not queued] + rest
        batch = [queued for queued in batch if first[queued.command_id] is queued]
    return batch, rest
