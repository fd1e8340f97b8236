"""Keeps a local stack up: starts parts anew that ended by themselves, with a limit."""

import asyncio
from collections.abc import Callable
from time import monotonic

from models.values.base import Value
from models.values.refusal import Refused
from runtime.local.processes import Crash
from runtime.local.stack import LocalStack, Part

CHECK_S = 0.5


class Patience(Value):
    """How often a part is started anew: `tries` times in a row, each after a longer pause.

    A part that was up for `steady_s` seconds is counted from the beginning again.
    """

    tries: int = 5
    first_pause_s: float = 0.5
    """Each pause is twice as long as the one before."""
    steady_s: float = 60.0


class Restart(Value):
    """A part ended by itself and is started anew after the pause: which time in a row, of how many."""

    crash: Crash
    number: int
    tries: int
    pause_s: float


class Keeper:
    """Watches a stack that was started; `say` is told of every start that it tries."""

    def __init__(
        self,
        stack: LocalStack,
        say: Callable[[Restart], None],
        patience: Patience = Patience(),  # noqa: B008 - frozen
    ) -> None:
        self._stack = stack
        self._say = say
        self._patience = patience
        self._tried: dict[Part, int] = {}
        self._up_since: dict[Part, float] = {}

    async def keep(self, stopping: asyncio.Event) -> Crash | None:
        """Keep the stack up until somebody stops it; else the part that did not stay up."""
        while not await _happened(stopping, CHECK_S):
            for crash in self._stack.check():
                lost = await self._start_anew(Part(crash.name), crash, stopping)
                if lost is not None:
                    return lost
        return None

    async def _start_anew(self, part: Part, crash: Crash, stopping: asyncio.Event) -> Crash | None:
        """Try until the part is up, or somebody stops everything; the crash if it is given up."""
        now = monotonic()
        if now - self._up_since.get(part, now) > self._patience.steady_s:
            self._tried[part] = 0
        while not stopping.is_set():
            number = self._tried.get(part, 0) + 1
            if number > self._patience.tries:
                return crash
            self._tried[part] = number
            pause_s = self._patience.first_pause_s * 2 ** (number - 1)
            tries = self._patience.tries
            self._say(Restart(crash=crash, number=number, tries=tries, pause_s=pause_s))
            if not await _happened(stopping, pause_s) and await self._is_up(part, stopping):
                self._up_since[part] = monotonic()
                return None
            crash = next((each for each in self._stack.check() if each.name == part), crash)
        return None

    async def _is_up(self, part: Part, stopping: asyncio.Event) -> bool:
        """Start it; a start that somebody's stop came between leaves what it began to the stack."""
        starting = asyncio.create_task(self._stack.restart(part))
        stopped = asyncio.create_task(stopping.wait())
        try:
            await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            starting.cancel()
            stopped.cancel()
            await asyncio.wait({starting})
        if starting.cancelled():
            return False
        error = starting.exception()
        if error is not None and not isinstance(error, Refused):
            raise error
        return error is None


async def _happened(event: asyncio.Event, within_s: float) -> bool:
    try:
        async with asyncio.timeout(within_s):
            await event.wait()
    except TimeoutError:
        return False
    return True
