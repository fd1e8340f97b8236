"""Public numbers kept ready: however many ask, a box is counted once a second at most.

Who reads the turnout need not sign in, and counting it reads every ballot of the box. So a count is kept
for a second, or a hundred times as long as it took where that is longer: counting a large box takes a hundredth
of one processor and no more. Whoever asks meanwhile gets the same numbers, which say when they were counted;
whoever asks while they are counted waits without a database connection. Where the law needs a
number (the look at the turnout, the close), an activity counts for itself.

What everybody reads of a case is kept ready in the same way, under the number of its last event.

Kept by each process of the service: two processes count twice.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

T = TypeVar("T")
Key = tuple[str, ...]
"""What is counted, and of what."""
REST = 100
"""A count rests for so many times as long as it took."""
AT_ONCE = 2
"""Counts that run at the same time: the other connections of the pool are for everybody else."""
KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Ready(Generic[T]):
    """What was counted, and until when it is told (time of the event loop)."""

    value: T
    until: float


class ReadyCounts:
    """The numbers of this process; `age_s` is how long one is told at least, 0: each is counted anew."""

    def __init__(self, age_s: float) -> None:
        self._age_s = age_s
        self._ready: OrderedDict[Key, Ready[object]] = OrderedDict()
        self._counting: dict[Key, asyncio.Task[object]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def read(self, key: Key, count: Callable[[], Awaitable[T]]) -> T:
        """What `count` says, now or a little ago; one key is always counted by the same function.

        Raises:
            Refused: what `count` refuses, each time anew.
        """
        ready = self._ready.get(key)
        if ready is not None and asyncio.get_running_loop().time() < ready.until:
            return cast("T", ready.value)
        task = self._counting.get(key)
        if task is None:
            task = asyncio.create_task(self._count(key, count))
            self._counting[key] = task
            task.add_done_callback(lambda done: self._counted(key, done))
        # Whoever hangs up does not end it for the others.
        return cast("T", await asyncio.shield(task))

    async def _count(self, key: Key, count: Callable[[], Awaitable[T]]) -> T:
        time = asyncio.get_running_loop().time
        async with self._turns:
            begun = time()
            value = await count()
            until = begun + (self._age_s and max(self._age_s, REST * (time() - begun)))
        self._ready[key] = Ready(value, until)
        self._ready.move_to_end(key)
        while len(self._ready) > KEPT:
            self._ready.popitem(last=False)
        return value

    def _counted(self, key: Key, task: asyncio.Task[object]) -> None:
        self._counting.pop(key, None)
        if not task.cancelled():
            task.exception()  # whoever waits gets it; it is no error that nobody looked at
