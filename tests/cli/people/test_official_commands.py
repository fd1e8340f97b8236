"""`gongjian official add|list|end` and `login`: a role is given, its holder takes the invitation up, signs in, and loses it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import pyotp
import pytest
import typer

from cli.people.session_file import load_sessions
from models.values.refusal import Refused
from runtime.addresses import asyncpg_url
from tests.cli.people.conftest import ADMIN
from tests.support.processes.commands import gongjian
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow
PASSWORD = "a horse and a battery"
PLACE = "cli-d"


@pytest.fixture(autouse=True)
async def place(owner: str) -> None:
    sql = await asyncpg.connect(asyncpg_url(owner))
    await sql.execute(
        "INSERT INTO place (id, kind, name, parent_id, path) VALUES ($1::text, 'district', 'd', NULL, $1::text)"
        " ON CONFLICT DO NOTHING",
        PLACE,
    )
    await sql.close()


def typed(monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    """What somebody types when they are asked, one after the other."""
    left: Iterator[str] = iter(answers)
    monkeypatch.setattr(typer, "prompt", lambda *_, **__: next(left))


def test_a_role_is_given_its_holder_signs_in_and_loses_it(
    data: Path, service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    bureau = ("district_bureau", PLACE)
    line, invitation = gongjian(data, "official", "add", "cli-li", *bureau, "--name", "Li Na")
    grant, who = line.split("  ")[:2]
    link = re.search(r"\S+/v1/invitations/\S+", invitation)
    assert who == "cli-li"
    assert link is not None
    home = tmp_path / "of-li"
    typed(monkeypatch, PASSWORD)
    taken = gongjian(home, "login", link[0].replace("http://127.0.0.1:8000", service))
    uri = next(each for each in taken if each.startswith("otpauth://"))
    assert "cli-li" in taken[-1]
    with pytest.raises(Refused, match=r"invitation\.used"):
        gongjian(tmp_path / "again", "login", link[0].replace("http://127.0.0.1:8000", service))
    found = json.loads("".join(gongjian(home, "official", "list", PLACE, "--json")))
    assert [each["person"] for each in found if each["place"] == PLACE] == ["cli-li"]

    gongjian(home, "logout")
    assert load_sessions(home) == ()
    with pytest.raises(Refused, match=r"cases\.not_signed_in"):
        gongjian(home, "official", "list", PLACE)
    typed(monkeypatch, PASSWORD, "000000")
    with pytest.raises(Refused, match=r"sign_in\.wrong"):
        gongjian(home, "login", "--as", "cli-li", "--service", service)
    second_factor = pyotp.parse_uri(uri)
    assert isinstance(second_factor, pyotp.TOTP)
    typed(monkeypatch, PASSWORD, second_factor.now())
    assert "cli-li" in gongjian(home, "login", "--as", "cli-li", "--service", service)[-1]

    gongjian(data, "official", "end", grant, "--reason", "moved to another office")
    (session,) = load_sessions(home)
    asked = httpx.get(
        f"{service}/v1/grants",
        params={"place": PLACE},
        headers={"Authorization": f"Bearer {session.token}"},
        timeout=PATIENCE_S,
    )
    assert asked.json()["code"] == "granting.nothing_to_see"


def test_nobody_gives_a_role_to_themselves_or_one_that_is_not_theirs_to_give(data: Path) -> None:
    for words, refused in (
        ((ADMIN, "district_bureau", PLACE), r"granting\.to_oneself"),
        (("cli-wang", "owners_committee", PLACE), r"granting\.wrong_role"),
        (("cli-wang", "contractor", PLACE), r"granting\.firm_registers"),
    ):
        with pytest.raises(Refused, match=refused):
            gongjian(data, "official", "add", *words)
