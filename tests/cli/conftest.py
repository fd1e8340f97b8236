"""The language of one command is not that of the next test; commands that write have the gateway's key."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.language.choice import DECIDING, choose
from tests.support.people import keep_here
from tests.support.signed.keys import GATEWAY_KEY


@pytest.fixture(autouse=True)
def english_unless_asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in DECIDING:
        monkeypatch.delenv(name, raising=False)
    yield
    choose("")


@pytest.fixture(autouse=True)
def gateway_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONGJIAN_GATEWAY_KEY", GATEWAY_KEY)


@pytest.fixture
def signed_in_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """These actors have signed in on this machine, whose data directory is the test's own."""
    home = tmp_path / "home"
    monkeypatch.setenv("GONGJIAN_DATA_DIR", str(home))
    return lambda *actor_ids: keep_here(home, *actor_ids)
