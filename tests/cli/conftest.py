"""Commands are read in English; a service listens for those that ask it."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn

from runtime.database import Database
from runtime.language.choice import DECIDING
from runtime.settings import Settings
from service.app import create_app
from tests.support.people import keep_here
from tests.support.signed.keys import GATEWAY_KEY


@pytest.fixture(autouse=True)
def english_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in DECIDING:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def gateway_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONGJIAN_GATEWAY_KEY", GATEWAY_KEY)


@pytest.fixture
def signed_in_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """These actors have signed in on this machine, whose data directory is the test's own."""
    home = tmp_path / "home"
    monkeypatch.setenv("GONGJIAN_DATA_DIR", str(home))
    return lambda *actor_ids, service="": keep_here(home, *actor_ids, service=service)


@pytest.fixture(scope="module")
def service(database: Database) -> Iterator[str]:
    """The address of a service in a thread of its own."""
    settings = Settings(
        database_url=database.url,
        credential_key="0f" * 32,
        receipt_key="1e" * 32,
        gateway_key=GATEWAY_KEY,
        person_key="7e" * 32,
        temporal_address="127.0.0.1:9",
        webhooks_to_own_network=True,
        send_notices=False,  # it has no mail server, and would end what a test is about to send
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
