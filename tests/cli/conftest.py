"""The language of one command is not that of the next test."""

from collections.abc import Iterator

import pytest

from runtime.language.choice import DECIDING, choose


@pytest.fixture(autouse=True)
def english_unless_asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in DECIDING:
        monkeypatch.delenv(name, raising=False)
    yield
    choose("")
