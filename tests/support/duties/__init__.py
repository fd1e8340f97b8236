"""How each pair of duties is played: who has done the earlier one, and how the later one is asked for."""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

import asyncpg
import httpx

from models.values.actor import Role
from rules.authority import ROLES_OF_ACT, ROLES_OF_WRITE
from rules.duties import Duty
from rules.granting import MAY_GIVE
from tests.support.journey import JourneyDriver
from tests.support.people import sign_in, token_of
from tests.support.suggestions import Suggestions

GIVEN = Role.OWNERS_COMMITTEE
"""What is given where the duty is about giving."""


class Playing(NamedTuple):
    """Two cases of one stack: one that goes its way on a told clock, and one on the wall's with an open box.

    In a told case one person may be both halves of a letter and of a proposal; on the wall nobody may.
    """

    told: JourneyDriver
    wall: Suggestions
    sql: asyncpg.Connection

    async def allow(self, person: str, *does: str) -> dict[str, str]:
        """The person holds every role that may do these acts or writes; the header it sends."""
        roles = {each for name in does for each in roles_of(name)}
        for role in sorted(roles - {Role.ADMINISTRATOR}):
            await self.sql.execute(
                "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ($1::text, $1::text, $2, 'd')"
                " ON CONFLICT DO NOTHING",
                *(person, role.value),
            )
        return {"Authorization": f"Bearer {await sign_in(self.sql, person)}"}

    async def act(self, name: str, person: str, **fields: object) -> httpx.Response:
        """An official act of the told case, at the door for it."""
        return await self.told.post(f"/acts/{name}", token_of(person), **fields)


def roles_of(name: str) -> frozenset[Role]:
    """Who may do an act or a write, as the tables say."""
    if name == "grants":
        return MAY_GIVE[GIVEN].by
    return (ROLES_OF_ACT.get(name) or ROLES_OF_WRITE[name]).roles


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
