"""`gongjian client …` against a service that listens: the key is printed once, and works."""

import json
from pathlib import Path

import httpx
import pytest

from models.values.refusal import Refused
from tests.support.processes.commands import gongjian
from tests.support.waiting import PATIENCE_S


def asked(service: str, key: str) -> tuple[int, str]:
    """What the service says to a program with this key, where only people come in."""
    answer = httpx.get(
        f"{service}/v1/session", headers={"Authorization": f"Bearer {key}"}, timeout=PATIENCE_S
    )
    return answer.status_code, answer.json()["code"]


def test_a_key_is_added_rotated_and_revoked(
    data: Path, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    who = ("--actor", "cli-office")
    added = ("add", "cli-one", *who, "--scope", "channels", "--scope", "submit_bid")
    once = ("--command-id", "cli-add-1")
    line, told, first = gongjian(data, "client", *added, *once)
    assert line.startswith("cli-one  cli-office  channels, submit_bid  key good until 20")
    assert told == "The new key, told this once:"
    assert asked(service, first) == (403, "credential.key_scope")
    again = gongjian(data, "client", *added, *once)
    assert again == [line, "This command was done before; its key is not told again."]
    *_, second = gongjian(data, "client", "rotate", "cli-one", "--overlap-hours", "0")
    assert asked(service, first) == (401, "credential.key_replaced")
    assert asked(service, second) == (403, "credential.key_scope")
    gone = gongjian(data, "client", "revoke", "cli-one", "--reason", "lost")
    assert gone == ["cli-one  cli-office  channels, submit_bid  revoked"]
    assert asked(service, second) == (401, "credential.key_revoked")
    found = json.loads("".join(gongjian(data, "client", "list", "--json")))
    assert [(each["client"], each["revoked"]) for each in found] == [("cli-one", True)]
    assert not {first, second} & set(
        "".join(path.read_text() for path in data.iterdir()).split('"')
    )


def test_the_list_speaks_chinese(data: Path) -> None:
    gongjian(data, "client", "add", "cli-two", "--actor", "cli-office", "--scope", "channels")
    gongjian(data, "client", "revoke", "cli-two", "--reason", "lost")
    assert "cli-two  cli-office  channels  已撤销" in gongjian(
        data, "client", "list", "--language", "zh_CN"
    )


def test_what_the_service_refuses_is_told(data: Path) -> None:
    with pytest.raises(Refused) as refused:
        gongjian(data, "client", "add", "cli-x", "--actor", "cli-office", "--scope", "give_role")
    assert [each.code for each in refused.value.problems] == ["client.scope_unknown"]
