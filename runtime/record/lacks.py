"""Who holds a role at the place of a case now, and what the stage that is on lacks of them."""

from collections import defaultdict

import asyncpg

from models.values.actor import Role
from models.values.states import RenovationState, Stage
from models.values.waits import Lack
from rules.lacking import lacking

HOLD = """
SELECT role, actor_id FROM role_grant
WHERE place_id = ANY(string_to_array($1, '/')) AND (only_case IS NULL OR only_case = $2)
  AND valid_from <= clock_timestamp() AND (valid_until IS NULL OR valid_until > clock_timestamp())
"""
KNOWN = frozenset(role.value for role in Role)


async def load_people(
    connection: asyncpg.Connection, place_path: str, renovation_id: str
) -> dict[Role, set[str]]:
    """The ids of those who may act in a case at this place, by role; a firm counts once."""
    found: dict[Role, set[str]] = defaultdict(set)
    for row in await connection.fetch(HOLD, place_path, renovation_id):
        if row["role"] in KNOWN:
            found[Role(row["role"])].add(row["actor_id"])
    return found


async def load_lacks(
    connection: asyncpg.Connection, renovation_id: str, place_path: str, stage: str, state: str
) -> tuple[Lack, ...]:
    """What the stage lacks in which a case is; nothing of one that is over."""
    if state != RenovationState.RUNNING:
        return ()
    people = await load_people(connection, place_path, renovation_id)
    return lacking(people, Stage(stage))
