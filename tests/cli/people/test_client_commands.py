"""`gongjian client …` against a service that listens: the key is printed once, and works."""

import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest
import uvicorn
from typer.testing import CliRunner

from cli.main import application
from cli.people.session_file import KeptSession, keep_sessions
from models.values.refusal import Refused
from runtime.addresses import asyncpg_url
from runtime.database import Database
from runtime.settings import Settings
from service.app import create_app
from tests.support.people import sign_in, token_of

RUNNER = CliRunner()
ADMIN = "cli-admin"
LOGGED = re.compile(r"\d{4}-\d\d-\d\d .*\[(?:info|warning)")


@pytest.fixture(scope="module")
def service(database: Database) -> Iterator[str]:
    """The address of a service in a thread of its own."""
    settings = Settings(
        database_url=database.url,
        credential_key="0f" * 32,
        receipt_key="1e" * 32,
        gateway_key="5c" * 32,
        temporal_address="127.0.0.1:9",
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


def gongjian(data: Path, *words: str) -> list[str]:
    """What a command prints, line by line."""
    result = RUNNER.invoke(application("client"), ["client", *words, "--data", str(data)])
    if isinstance(result.exception, Refused):
        raise result.exception
    assert result.exit_code == 0, result.output
    # The service's thread writes its log to the same place.
    return [line for line in result.output.splitlines() if not LOGGED.match(line)]


def asked(service: str, key: str) -> tuple[int, str]:
    """What the service says to a program with this key, where only people come in."""
    answer = httpx.get(f"{service}/v1/session", headers={"Authorization": f"Bearer {key}"})
    return answer.status_code, answer.json()["code"]


def test_a_key_is_added_rotated_and_revoked(
    data: Path, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    who = ("--actor", "cli-office")
    added = ("add", "cli-one", *who, "--scope", "channels", "--scope", "submit_bid")
    once = ("--command-id", "cli-add-1")
    line, told, first = gongjian(data, *added, *once)
    assert line.startswith("cli-one  cli-office  channels, submit_bid  key good until 20")
    assert told == "The new key, told this once:"
    assert asked(service, first) == (403, "credential.key_scope")
    again = gongjian(data, *added, *once)
    assert again == [line, "This command was done before; its key is not told again."]
    *_, second = gongjian(data, "rotate", "cli-one", "--overlap-hours", "0")
    assert asked(service, first) == (401, "credential.key_replaced")
    assert asked(service, second) == (403, "credential.key_scope")
    gone = gongjian(data, "revoke", "cli-one", "--reason", "lost")
    assert gone == ["cli-one  cli-office  channels, submit_bid  revoked"]
    assert asked(service, second) == (401, "credential.key_revoked")
    found = json.loads("".join(gongjian(data, "list", "--json")))
    assert [(each["client"], each["revoked"]) for each in found] == [("cli-one", True)]
    assert not {first, second} & set(
        "".join(path.read_text() for path in data.iterdir()).split('"')
    )


def test_the_list_speaks_chinese(data: Path) -> None:
    gongjian(data, "add", "cli-two", "--actor", "cli-office", "--scope", "channels")
    gongjian(data, "revoke", "cli-two", "--reason", "lost")
    assert "cli-two  cli-office  channels  已撤销" in gongjian(data, "list", "--language", "zh_CN")


def test_what_the_service_refuses_is_told(data: Path) -> None:
    with pytest.raises(Refused) as refused:
        gongjian(data, "add", "cli-x", "--actor", "cli-office", "--scope", "give_role")
    assert [each.code for each in refused.value.problems] == ["client.scope_unknown"]
