"""People who are signed in: their accounts and sessions, written as rows; no hashing, no waiting.

The token of an actor is always the same, so that a test may write its header before the row is there.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from cli.people.session_file import KeptSession, keep_sessions
from service.identity.tokens import token_hash


def token_of(actor_id: str) -> str:
    """The token of the session of this actor, which `sign_in` begins."""
    return f"s1.{hashlib.sha256(f'test-{actor_id}'.encode()).hexdigest()[:43]}"


def bearer(actor_id: str) -> dict[str, str]:
    """The header that an actor sends who was signed in."""
    return {"Authorization": f"Bearer {token_of(actor_id)}"}


async def sign_in(sql: asyncpg.Connection, *actor_ids: str) -> str:
    """Sign these actors in, each once; the token of the last one."""
    for actor_id in actor_ids:
        await sql.execute(
            "INSERT INTO private.person (id, name) VALUES ($1::varchar, $1::varchar) ON CONFLICT DO NOTHING",
            actor_id,
        )
        await sql.execute(
            "INSERT INTO private.account (id, actor_id, person_id, name, created_at)"
            " VALUES ($1::varchar, $1::varchar, $1::varchar, $1::varchar, now()) ON CONFLICT DO NOTHING",
            actor_id,
        )
        await sql.execute(
            "INSERT INTO private.session (id, account_id, way, created_at, expires_at)"
            " VALUES ($1, $2, 'password', now(), now() + interval '1 day') ON CONFLICT DO NOTHING",
            token_hash(token_of(actor_id)),
            actor_id,
        )
    return token_of(actor_ids[-1])


async def employ(owner: str, rid: str, *people: str) -> str:
    """The id of a firm at the place of a case for which these people act; nobody has confirmed it."""
    firm = f"firm-{hashlib.sha256(rid.encode()).hexdigest()[:12]}"
    sql = await asyncpg.connect(owner)
    try:
        await sql.execute(
            "INSERT INTO private.firm (id, code, name, form, contact, qualification, place_id,"
            " registered_by, created_at) SELECT $1, '91350100M000100Y43', 'x', 'limited', 'x', 'x',"
            " p.id, 'x', now() FROM place p LIMIT 1",
            firm,
        )
        for person in people:
            await sql.execute(
                "INSERT INTO private.person (id, name) VALUES ($1::varchar, $1::varchar)"
                " ON CONFLICT DO NOTHING",
                person,
            )
            await sql.execute(
                "INSERT INTO private.firm_person (firm_id, person_id, added_by, added_at)"
                " VALUES ($1, $2, 'x', now())",
                *(firm, person),
            )
    finally:
        await sql.close()
    return firm


def keep_here(data_dir: Path, *actor_ids: str, service: str = "") -> None:
    """The file of a machine on which these actors have signed in at a service."""
    until = datetime.now(UTC) + timedelta(days=1)
    kept = (
        KeptSession(actor_id=actor_id, token=token_of(actor_id), expires_at=until, service=service)
        for actor_id in actor_ids
    )
    keep_sessions(data_dir, *kept)
