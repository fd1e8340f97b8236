"""The line between Temporal and the worker, on which a test holds back what an activity answers."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from temporalio import activity
from temporalio.client import Interceptor as ClientInterceptor
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor


class LateWord(ClientInterceptor, Interceptor):
    """The line to the worker: what an activity has written is heard only when the test lets it."""

    def __init__(self) -> None:
        self.held: dict[str, asyncio.Event] = {}

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """What this activity answers is held back until the block ends."""
        released = self.held[name] = asyncio.Event()
        try:
            yield
        finally:
            del self.held[name]
            released.set()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Line(next, self)


class _Line(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, word: LateWord) -> None:
        super().__init__(inner)
        self.word = word

    async def execute_activity(self, input: ExecuteActivityInput) -> object:  # noqa: A002
        answer: object = await super().execute_activity(input)
        released = self.word.held.get(activity.info().activity_type)
        if released is not None:
            await released.wait()
        return answer
