"""A service that listens, and a data directory in which its administrator is signed in."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
import uvicorn

from cli.people.session_file import KeptSession, keep_sessions
from runtime.addresses import asyncpg_url
from runtime.database import Database
from runtime.settings import Settings
from service.app import create_app
from tests.support.people import sign_in, token_of

ADMIN = "cli-admin"


@pytest.fixture(scope="module")
def service(database: Database) -> Iterator[str]:
    """The address of a service in a thread of its own."""
    settings = Settings(
        database_url=database.url,
        credential_key="0f" * 32,
        receipt_key="1e" * 32,
        gateway_key="5c" * 32,
        person_key="7e" * 32,
        temporal_address="127.0.0.1:9",
        webhooks_to_own_network=True,
    )
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


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
