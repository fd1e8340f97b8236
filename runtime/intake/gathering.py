"""Adaptive group commit, no timer: while one batch commits, the next one gathers.

Of each group one batch is under way. Ballots of a box and reports of a case wait here; whoever waits gets an
answer only after the commit.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from functools import partial
from typing import Generic, TypeVar

from models.values.refusal import refusal

Q = TypeVar("Q")
Cut = Callable[[list[Q]], tuple[list[Q], list[Q]]]
"""The next batch of what waits, and the rest."""


class Gathering(Generic[Q]):
    """At most `room` wait here, and at most `writers` batches of at most `batch` are under way.

    `beside`: a second batch of a group may be under way when a whole one waits. Where the batches of a group
    hold the same lock it would only take a turn from another group.
    """

    def __init__(
        self,
        group_of: Callable[[Q], Hashable],
        commit: Callable[[Sequence[Q]], Awaitable[None]],
        cut: Cut[Q],
        *,
        room: int,
        writers: int,
        batch: int,
        beside: bool,
    ) -> None:
        self._group_of, self._commit, self._cut = group_of, commit, cut
        self._room, self._writers, self._batch, self._beside = room, writers, batch, beside
        self._waiting: dict[Hashable, list[Q]] = {}
        self._flying: list[Hashable] = []
        self._tasks: set[asyncio.Future[None]] = set()

    def queue_up(self, item: Q) -> None:
        """Let it wait for the next batch of its group.

        Raises:
            Refused: `service.busy` when too many wait.
        """
        if not self._room:
            raise refusal("service.busy")
        self._room -= 1
        waiting = self._waiting.setdefault(self._group_of(item), [])
        waiting.append(item)
        if len(waiting) in (1, self._batch):
            # Not at once: what else comes in this turn of the loop belongs to the same batch.
            asyncio.get_running_loop().call_soon(self._send_off)

    async def stop(self) -> None:
        """Begin nothing more and end what is under way; the caller tells whoever still waits."""
        self._waiting.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _send_off(self) -> None:
        """Begin the batches that may begin now."""
        while len(self._flying) < self._writers and (group := self._next_group()) is not None:
            waiting = self._waiting.pop(group)
            batch, rest = self._cut(waiting)
            if rest:
                # At the end of the dict again, whose order is that of waiting.
                self._waiting[group] = rest
            self._room += len(batch)
            self._flying.append(group)
            task = asyncio.ensure_future(self._commit(batch))
            self._tasks.add(task)
            task.add_done_callback(partial(self._landed, group))

    def _next_group(self) -> Hashable | None:
        """Of the groups that may be sent, the one that has waited longest.

        Beside a batch of the same group a second one pays for a whole batch only: a call of the database
        costs as much as ten ballots.
        """
        for group, waiting in self._waiting.items():
            whole = self._beside and len(waiting) >= self._batch
            if whole or group not in self._flying:
                return group
        return None

    def _landed(self, group: Hashable, task: asyncio.Future[None]) -> None:
        self._flying.remove(group)
        self._tasks.discard(task)
        if not task.cancelled():
            self._send_off()
