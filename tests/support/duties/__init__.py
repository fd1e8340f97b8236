"""How each pair of duties is played: who has done the earlier one, and how the later one is asked for."""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

import asyncpg
import httpx

from rules.duties import Duty
from tests.support.attacks import allow
from tests.support.journey import JourneyDriver
from tests.support.people import token_of
from tests.support.suggestions import Suggestions


class Playing(NamedTuple):
    """Two cases of one stack: one that goes its way on a told clock, and one on the wall's with an open box.

    In a told case one person may be both halves of a letter and of a proposal; on the wall nobody may.
    """

    told: JourneyDriver
    wall: Suggestions
    sql: asyncpg.Connection

    async def allow(self, person: str, *does: str) -> dict[str, str]:
        """Let the person in to these acts or writes; the header it sends."""
        return {"Authorization": f"Bearer {await allow(self.sql, person, *does)}"}

    async def act(self, name: str, person: str, **fields: object) -> httpx.Response:
        """An official act of the told case, at the door for it."""
        return await self.told.post(f"/acts/{name}", token_of(person), **fields)


class Play(NamedTuple):
    """The duties that one later act or write breaks.

    `earlier` brings its case there and says who has done what `later` is not for; `later` asks for it in
    somebody's name.
    """

    duties: tuple[Duty, ...]
    earlier: Callable[[Playing], Awaitable[Mapping[Duty, str]]]
    later: Callable[[Playing, str], Awaitable[httpx.Response]]


def done(answer: httpx.Response) -> httpx.Response:
    """It was taken."""
    assert answer.is_success, answer.text
    return answer
