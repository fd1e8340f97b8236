"""Where ballots wait for their commit (`runtime.intake`); a batch is one statement of one box."""

from collections.abc import Sequence

import asyncpg
import structlog

from models.values.refusal import refusal
from runtime.database import worth_another_attempt
from runtime.intake.gathering import Gathering
from service.ballots.batches import BatchBook
from service.ballots.boxes import NotTaken
from service.ballots.queued import BallotAnswer, Key, QueuedBallot
from service.http.problems import database_away

log = structlog.get_logger("intake")
BATCH = 256
ATTEMPTS = 3


class BallotQueue:
    """At most `room` ballots wait here, and at most `writers` batches are under way."""

    def __init__(self, book: BatchBook, room: int, writers: int) -> None:
        self._book = book
        self._under_way: dict[Key, QueuedBallot] = {}
        self._gathering = Gathering[QueuedBallot](
            lambda queued: queued.group,
            self._commit,
            one_batch,
            room=room,
            writers=writers,
            batch=BATCH,
            beside=True,
        )

    async def put(self, queued: QueuedBallot, earlier: Sequence[str]) -> BallotAnswer:
        """Queue a ballot and wait for its commit; a command that voted before gets its receipt again.

        `earlier` are the boxes of the votes before, in which the command may have voted.

        Raises:
            Refused: `service.busy` when too many wait; `voting.ballot_unwritable`,
                `service.database_away`, `journal.command_reused`.
            NotTaken: the box did not take it.
        """
        # No coroutines of its own on the way that nearly every ballot goes.
        key = queued.key
        answer = None
        if earlier or key in self._under_way:
            answer = await self._answered_before(queued, earlier)
        if answer is None:
            self._gathering.queue_up(queued)
            self._under_way[key] = queued
            answer = await queued.awaited()
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

    async def stop(self) -> None:
        """Stop writing; whoever still waits is told that nothing was acknowledged."""
        await self._gathering.stop()
        self._fail(tuple(self._under_way.values()), refusal("service.busy"))

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
