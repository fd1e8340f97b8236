"""A service that listens, and a data directory in which its administrator is signed in."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from cli.people.session_file import KeptSession, keep_sessions
from runtime.addresses import asyncpg_url
from tests.support.people import sign_in, token_of

ADMIN = "cli-admin"


@pytest.fixture
async def data(owner: str, service: str, tmp_path: Path) -> Path:
    """A data directory in which an administrator is signed in."""
    sql = await asyncpg.connect(asyncpg_url(owner))
    await sign_in(sql, ADMIN)
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role) VALUES ($1::text, $1::text, 'administrator')"
        " ON CONFLICT DO NOTHING",
        ADMIN,
    )
    await sql.close()
    kept = KeptSession(
        actor_id=ADMIN,
        token=token_of(ADMIN),
        expires_at=datetime.now(UTC) + timedelta(hours=1),
        service=service,
    )
    keep_sessions(tmp_path, kept)
    return tmp_path
