"""A journal for what many send at once to one case: reports of payments that wait are committed together."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.command import Command
from models.values.refusal import refusal
from runtime.database import Database, is_lost
from runtime.intake.gathering import Gathering
from runtime.record.heads import Heads
from runtime.record.journal import AskedCommand, Inside, Journal, LastEvent, lock_case
from runtime.seals import ActSigner

T = TypeVar("T", bound=BaseModel)
BATCH, WRITERS = 64, 8
"""So many commands of a case in one transaction, and so many cases at once: a case whose row others hold for
long takes one of these turns and not all."""


@dataclass(eq=False)
class _Waiting:
    """A command and whoever waits for what it comes to."""

    asked: AskedCommand[Any]
    answer: asyncio.Future[Any] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class GatheredJournal(Journal):
    """Records like a journal; while one transaction of a case commits, the commands for the next one gather.

    Each has its own event and receipt. A batch of which one is refused is halved until that one is alone: the
    rows of a batch are all in or none.
    """

    def __init__(
        self,
        database: Database,
        heads: Heads | None = None,
        signer: ActSigner | None = None,
        *,
        room: int,
    ) -> None:
        """At most `room` commands wait."""
        super().__init__(database, heads, signer)
        self._waiting: set[_Waiting] = set()
        self._gathering = Gathering[_Waiting](
            lambda waiting: waiting.asked.command.renovation_id,
            self._commit,
            lambda waiting: (waiting[:BATCH], waiting[BATCH:]),
            room=room,
            writers=WRITERS,
            batch=BATCH,
            beside=False,
        )

    async def record(
        self,
        command: Command,
        kind: str,
        request: BaseModel | None,
        inside: Inside[T],
        into: type[T],
        busy: str = "",
    ) -> T:
        """As `Journal.record`; what waits for others of its case is committed with them.

        Raises:
            Refused: as there, and `service.busy` when too many wait.
        """
        if busy:
            return await super().record(command, kind, request, inside, into, busy)
        waiting = _Waiting(self._asked(command, kind, request, inside, into))
        self._gathering.queue_up(waiting)
        self._waiting.add(waiting)
        try:
            answer: T = await waiting.answer
        finally:
            self._waiting.discard(waiting)
        return answer

    async def stop(self) -> None:
        """End what is under way; whoever still waits is told that nothing was acknowledged."""
        await self._gathering.stop()
        _fail(tuple(self._waiting), refusal("service.busy"))

    async def _commit(self, batch: Sequence[_Waiting]) -> None:
        try:
            if len(batch) > 1:
                results = await self._record_together([each.asked for each in batch])
            else:
                results = [await self._record(batch[0].asked)]
        except Exception as error:  # noqa: BLE001 - whoever waits is told
            if len(batch) == 1 or is_lost(error):
                # The database is away for all of them: none is at fault.
                _fail(batch, error)
                return
            # Nothing of it is in, and one of them is at fault.
            middle = len(batch) // 2
            await self._commit(batch[:middle])
            await self._commit(batch[middle:])
            return
        for waiting, result in zip(batch, results, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(result)

    async def _record_together(self, asked: Sequence[AskedCommand[Any]]) -> list[Any]:
        """Commands of one case in one transaction, which locks it once: all of them or none."""
        done: list[LastEvent] = []

        async def work(session: AsyncSession) -> list[Any]:
            done[:] = [LastEvent() for _ in asked]
            locked = await lock_case(session, asked[0].command.renovation_id)
            pairs = zip(asked, done, strict=True)
            return [await self._write(session, one, locked, written) for one, written in pairs]

        results = await self._database.transaction(work)
        for written in done:
            self._keep(written)
        return results


def _fail(batch: Sequence[_Waiting], error: Exception) -> None:
    for waiting in batch:
        if not waiting.answer.done():
            waiting.answer.set_exception(error)
