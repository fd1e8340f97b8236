"""One way to send, whatever it is: claim what is due, try it, and leave what came of it to its kind.

At least once: a row is taken for a while by one process (`next_at` is moved on under its lock); a process
that dies leaves what it had taken to the next one when that while is over. When to try again and when to
give up is `rules.sending`.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Generic, TypeVar

import structlog
from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningUpdate

from models.tables import NoticeMessage, Webhook
from runtime.database import Database

log = structlog.get_logger("outbox")
SOON_S = 0.05
"""The first pause after something was sent; each next one is twice as long, up to the usual one."""
T = TypeVar("T")
Hand = Callable[[T], Awaitable[None]]
"""Hands one thing over and notes what came of it."""
Sent = type[NoticeMessage] | type[Webhook]
"""Rows with an `id` and the moment `next_at` from which they are due."""


class OutboxSender(ABC, Generic[T]):
    """Sends one kind of thing for as long as it runs.

    Where nothing has come for a while it looks for something new every `poll_s` seconds; just after
    something has come, sooner, for more is likely then.
    """

    name: str
    """Of the kind, in the logs."""

    def __init__(
        self, database: Database, *, lanes: int, taken_for_s: float, poll_s: float = 1.0
    ) -> None:
        self._database = database
        self._lanes, self._taken_for_s, self._poll_s = lanes, taken_for_s, poll_s

    @abstractmethod
    def any_due(self) -> Select[bool] | None:
        """Asks whether there may be anything to take, every time alike; None where nothing can be sent."""

    @abstractmethod
    async def take(self, session: AsyncSession) -> Sequence[str]:
        """The ids of the rows that this process has now, by `claim`."""

    @abstractmethod
    async def load(self, ids: Sequence[str]) -> Sequence[T]:
        """What was taken, with what is needed to send it."""

    @abstractmethod
    def lane(self) -> AbstractAsyncContextManager[Hand[T]]:
        """What hands over one thing after the other, over connections of its own."""

    async def prepare(self) -> bool:
        """What comes before a turn; whether anything was done."""
        return False

    async def finish(self) -> bool:
        """What comes after a turn; whether anything was done."""
        return False

    async def run(self) -> None:
        """Until it is cancelled; whatever a turn meets, a database that is away too, the next one is made."""
        pause_s = self._poll_s
        while True:
            pause_s = min(2 * pause_s, self._poll_s)
            try:
                while await self.turn():
                    pause_s = min(SOON_S, self._poll_s)
            except Exception as error:  # noqa: BLE001 - nothing that one turn meets ends the sender
                log.warning("sending_waits", of=self.name, reason=type(error).__name__)
            await asyncio.sleep(pause_s)

    async def turn(self) -> bool:
        """Take what is due, hand it over in lanes, note it; whether anything was done."""
        prepared = await self.prepare()
        question = self.any_due()
        found = question is not None and await self._database.is_so(question)
        ids = await self._database.transaction(self.take) if found else ()
        things = await self.load(ids) if ids else ()
        # After half of its time somebody else may have it soon: what is left then is left.
        until = time.monotonic() + self._taken_for_s / 2
        lanes = range(min(self._lanes, len(things)))
        await asyncio.gather(*(self._work(things[each :: self._lanes], until) for each in lanes))
        finished = await self.finish()
        return bool(prepared or ids or finished)

    async def _work(self, things: Sequence[T], until: float) -> None:
        async with self.lane() as hand:
            for each in things:
                if time.monotonic() > until:
                    return
                await hand(each)

    def claim(
        self,
        rows: Sent,
        due: Sequence[ColumnElement[bool]],
        most: int,
        **also: object,
    ) -> ReturningUpdate[str]:
        """The statement that takes up to `most` rows that are due, the longest waiting first, for a while.

        `also` are other columns that it sets.
        """
        now = func.clock_timestamp()
        found = (
            select(rows.id)
            .where(*due, rows.next_at <= now)
            .order_by(rows.next_at)
            .limit(most)
            .with_for_update(skip_locked=True)
        )
        taken_until = now + timedelta(seconds=self._taken_for_s)
        mine = update(rows).where(rows.id.in_(found))
        return mine.values(next_at=taken_until, **also).returning(rows.id)
