"""`gongjian login --browser`: a code that a signed-in browser shows begins the session of a terminal."""

from pathlib import Path

import httpx
import pytest
import typer

from cli.people.session_file import load_sessions
from models.values.refusal import Refused
from tests.cli.people.conftest import ADMIN
from tests.support.people import bearer
from tests.support.processes.commands import gongjian
from tests.support.waiting import PATIENCE_S


def shown_code(service: str) -> str:
    """What the page of somebody who is signed in shows."""
    answer = httpx.post(
        f"{service}/v1/session/terminal-codes", headers=bearer(ADMIN), timeout=PATIENCE_S
    )
    return str(answer.json()["code"])


def test_a_code_of_the_browser_signs_in_at_a_terminal_once(
    data: Path, service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    code = shown_code(service)
    monkeypatch.setattr(typer, "prompt", lambda *_, **__: f" {code} ")
    terminal = tmp_path / "terminal"
    where, signed_in = gongjian(terminal, "login", "--browser", "--service", service)
    assert where.startswith(f"Sign in with your browser at {service}/sign-in")
    assert ADMIN in signed_in
    (kept,) = load_sessions(terminal)
    header = {"Authorization": f"Bearer {kept.token}"}
    session = httpx.get(f"{service}/v1/session", headers=header, timeout=PATIENCE_S).json()
    assert (session["actor_id"], session["way"]) == (ADMIN, "password")
    with pytest.raises(Refused, match=r"sign_in\.attempt_unknown"):
        gongjian(terminal, "login", "--browser", "--service", service)


def test_a_code_of_a_browser_that_has_signed_out_since_opens_nothing(
    data: Path, service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = shown_code(service)
    monkeypatch.setattr(typer, "prompt", lambda *_, **__: first)
    terminal = tmp_path / "terminal"
    gongjian(terminal, "login", "--browser", "--service", service)
    (kept,) = load_sessions(terminal)
    header = {"Authorization": f"Bearer {kept.token}"}
    late = httpx.post(
        f"{service}/v1/session/terminal-codes", headers=header, timeout=PATIENCE_S
    ).json()["code"]
    assert httpx.post(f"{service}/v1/sign-out", headers=header, timeout=PATIENCE_S).is_success
    monkeypatch.setattr(typer, "prompt", lambda *_, **__: late)
    with pytest.raises(Refused, match=r"sign_in\.attempt_unknown"):
        gongjian(terminal, "login", "--browser", "--service", service)
