"""`gongjian firm …` against a service that listens: from the registration to the end, and in Chinese."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from cli.people.session_file import KeptSession, keep_sessions
from models.values.refusal import Refused
from runtime.addresses import asyncpg_url
from tests.support.people import sign_in, token_of
from tests.support.processes.commands import gongjian

STREET = "cli-street"
CODE = "91350100M000100Y43"
FIRM = (
    *("Lucheng Construction", "cli-d", "--code", CODE, "--form", "limited"),
    *("--contact", "0536-1234567", "--qualification", "grade 2, D237000000"),
)


@pytest.fixture
async def desk(data: Path, owner: str, service: str) -> Path:
    """A data directory in which a street office is signed in too."""
    sql = await asyncpg.connect(asyncpg_url(owner))
    await sql.execute(
        "INSERT INTO place (id, kind, name, path) VALUES ('cli-d', 'district', 'D', 'cli-d')"
        " ON CONFLICT DO NOTHING"
    )
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id)"
        " VALUES ($1::text, $1::text, 'street_office', 'cli-d') ON CONFLICT DO NOTHING",
        STREET,
    )
    await sign_in(sql, STREET)
    await sql.close()
    until = datetime.now(UTC) + timedelta(hours=1)
    kept = KeptSession(actor_id=STREET, token=token_of(STREET), expires_at=until, service=service)
    keep_sessions(data, kept)
    return data


def test_a_firm_registers_without_a_session_is_confirmed_and_ends(
    desk: Path, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    street = ("--as", STREET)
    person = ("--person", "Zhang San", "--service", service)
    line, link = gongjian(desk, "firm", "register", *FIRM, *person)
    grant, firm, state = line.split("  ")
    assert (firm.startswith(f"firm-{CODE}-"), state) == (True, "waits for confirmation")
    assert "/v1/invitations/i1." in link
    shown = gongjian(desk, "firm", "list", "--waiting", *street)
    assert shown[0] == f"Lucheng Construction  {CODE}  limited company  {firm}"
    assert shown[-1] == f"    {grant}  contractor  cli-d  waits for confirmation"
    assert gongjian(desk, "firm", "confirm", grant, *street) == [f"{grant} is confirmed"]
    assert gongjian(desk, "firm", "list", "--waiting", *street) == []
    (added,) = gongjian(desk, "firm", "add-person", firm, "Li Si", *street)
    second = added.split(",")[0].rpartition(" ")[2]
    gone = gongjian(desk, "firm", "end-person", firm, second, "--reason", "left", *street)
    assert gone == [f"{second} acts for the firm no more"]
    gongjian(desk, "firm", "end", grant, "--reason", "the licence is over", *street)
    told = gongjian(desk, "firm", "list", *street, "--language", "zh_CN")
    assert told[0].split("  ")[2] == "有限责任公司"
    assert told[-1].endswith("已终止  the licence is over")


def test_a_code_with_a_slip_of_the_pen_is_told(desk: Path) -> None:
    with pytest.raises(Refused) as refused:
        gongjian(desk, "firm", "register", *FIRM[:3], f"{CODE[:-1]}4", *FIRM[4:], "--as", STREET)
    (problem,) = refused.value.problems
    assert (problem.where, problem.params["expected"]) == ("code", "expected.credit_code")
