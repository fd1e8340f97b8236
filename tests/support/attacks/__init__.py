"""What every attacker of the tests needs: a role that lets one in, and whether anything was written."""

import hashlib

import asyncpg

from models.values.actor import Role
from rules.authority import ROLES_OF_ACT, ROLES_OF_WRITE
from rules.granting import FIRM_ROLES, MAY_GIVE
from tests.support.people import sign_in

GIVEN = Role.OWNERS_COMMITTEE
"""What is given where the act is to give a role."""
BY_THEMSELVES = frozenset({"public.notice", "private.notice_message"})
"""The sender takes what was queued, whenever it comes to it."""


def roles_of(name: str) -> frozenset[Role]:
    """Who may do an act or a write, as the tables say."""
    if name == "grants":
        return MAY_GIVE[GIVEN].by
    return (ROLES_OF_ACT.get(name) or ROLES_OF_WRITE[name]).roles


async def allow(sql: asyncpg.Connection, person: str, *does: str) -> str:
    """The person holds, for the district, every official's role that may do these acts or writes; its session."""
    roles = {each for name in does for each in roles_of(name)}
    for role in sorted(roles - {Role.ADMINISTRATOR} - (FIRM_ROLES if len(roles) > 1 else set())):
        await sql.execute(
            "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ($1::text, $1::text, $2, 'd')"
            " ON CONFLICT DO NOTHING",
            *(person, role.value),
        )
    return await sign_in(sql, person)


async def written(sql: asyncpg.Connection) -> dict[str, str]:
    """What stands in each table, and which notices there are."""
    tables = await sql.fetch(
        "SELECT schemaname || '.' || tablename AS name FROM pg_tables"
        " WHERE schemaname IN ('public', 'private', 'person_keys')"
    )
    notices = await sql.fetch("SELECT id FROM notice ORDER BY id")
    found = {"notices": " ".join(row["id"] for row in notices)}
    for table in tables:
        if table["name"] in BY_THEMSELVES:
            continue
        rows = await sql.fetch(f"SELECT t::text FROM {table['name']} t ORDER BY 1")
        text = "\n".join(row["t"] for row in rows)
        found[table["name"]] = hashlib.sha256(text.encode()).hexdigest()
    return found


def changed(before: dict[str, str], now: dict[str, str]) -> set[str]:
    """The tables in which something else stands now."""
    return {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}
