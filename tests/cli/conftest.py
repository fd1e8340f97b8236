"""The language of one command is not that of the next test; commands that write have the gateway's key."""

from collections.abc import Iterator

import pytest

from runtime.language.choice import DECIDING, choose
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
