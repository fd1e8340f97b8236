"""`gongjian person`, `retention` and `access` on a real database and service, as offices use them."""

import asyncio
import json
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from cli.main import application
from models.values.refusal import Refused
from rules.retention import KINDS
from runtime.database import Database
from runtime.privacy.keys import PersonKeys, names_of, put_person
from tests.support.estate import make_renovation
from tests.support.people import sign_in

KEYS = PersonKeys(SecretStr("7e" * 32))
Run = Callable[..., Result]


@pytest.fixture
def run(
    database: Database,
    service: str,
    monkeypatch: pytest.MonkeyPatch,
    signed_in_here: Callable[..., None],
) -> Run:
    signed_in_here("first-eye", "second-eye", "watch", service=service)
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv("GONGJIAN_CREDENTIAL_KEY", "0f" * 32)
    monkeypatch.setenv("GONGJIAN_RECEIPT_KEY", "1e" * 32)
    monkeypatch.setenv("GONGJIAN_PERSON_KEY", "7e" * 32)
    return lambda *words: CliRunner().invoke(application(words[0]), [*words])


async def said(run: Run, *words: str) -> list[str]:
    result = await asyncio.to_thread(run, *words)
    if isinstance(result.exception, Refused):
        raise result.exception
    assert result.exit_code == 0, result.output
    # The service runs in this process: what it logs is not the command's.
    return [line for line in result.stdout.splitlines() if "[info" not in line]


@pytest.fixture
async def owned(database: Database, owner: str) -> tuple[str, str]:
    """A case, and an owner of its unit 1-101."""
    rid, person = f"r{uuid.uuid4().hex[:10]}", uuid.uuid4().hex
    await make_renovation(database, rid=rid)
    await database.transaction(lambda session: put_person(session, KEYS, person, "夏侯示例"))
    sql = await asyncpg.connect(owner)
    await sign_in(sql, "first-eye", "second-eye", "watch")
    for who, role in (
        ("first-eye", "street_office"),
        ("second-eye", "residents_committee"),
        ("watch", "auditor"),
    ):
        await sql.execute(
            "INSERT INTO role_grant (actor_id, label, role, place_id)"
            " VALUES ($1::text, $1::text, $2, 's') ON CONFLICT DO NOTHING",
            who,
            role,
        )
    await sql.execute(
        "INSERT INTO private.unit_owner (unit_id, person_id, position)"
        " SELECT id, $2, 0 FROM unit WHERE estate_id = $1 AND number = '1-101'",
        f"{rid}.estate",
        person,
    )
    await sql.close()
    return rid, person


async def test_two_officials_erase_a_person_and_the_answer_says_what_stays(
    run: Run, owned: tuple[str, str], database: Database, tmp_path: Path
) -> None:
    rid, person = owned
    found = await said(run, "person", "find", rid, "1-101", "--as", "first-eye")
    assert found == [f"{person}  夏侯示例"]
    out = tmp_path / "own.zip"
    await said(run, "person", "data", person, "--out", str(out))
    with zipfile.ZipFile(out) as archive:
        assert json.loads(archive.read("own-data.json"))["name"] == "夏侯示例"
    reason = ("--reason", "asked in person")
    (waits,) = await said(run, "person", "erase", person, *reason, "--as", "first-eye")
    erasure = waits.split()[1]
    assert waits.startswith("Erasure ")
    with pytest.raises(Refused, match=r"erasure\.own"):
        await said(run, "person", "confirm", erasure, "--as", "first-eye")
    words = ("person", "confirm", erasure, "--as", "second-eye", "--language", "zh_CN")
    record, kept = await said(run, *words)
    assert record.startswith(
        "案卷：事件、选票、缴费、投诉：去除姓名后保留，仅限办理和审计本案的人员查阅"
    )
    assert kept.startswith("业主姓名：保留但不再显示，至 案件、任职或表决结束")
    async with database.session() as session:
        assert await names_of(session, KEYS, [person]) == {person: ""}
    log = await said(run, "access", rid, "--as", "watch", "--language", "en")
    assert any("first-eye" in line and "/people" in line for line in log)
    report = ("--report", "--later-than", "2020-01-01", "--language", "en")
    counted, *lines = await said(run, "access", rid, *report, "--as", "watch")
    assert counted.startswith(f"{len(log) + 1} readings by ")
    assert any("first-eye" in line and "/people" in line for line in lines)


async def test_every_period_is_told_in_words_and_what_is_due_is_erased(
    run: Run, owned: tuple[str, str], database: Database, owner: str
) -> None:
    rid, person = owned
    lines = await said(run, "retention", "list", "--language", "en")
    assert len(lines) == 2 * len(KINDS)
    assert lines[0].startswith("names of owners: 1095 days after the case is closed")
    sql = await asyncpg.connect(owner)
    await sql.execute(
        "UPDATE renovation SET closed_at = now() - interval '1096 days' WHERE id = $1", rid
    )
    (line,) = await said(run, "retention", "list", "--json")
    due = json.loads(line)
    assert {each["kind"]: each["due"] for each in due}["owner_name"] >= 1
    await said(run, "retention", "run")
    assert not await sql.fetchval("SELECT 1 FROM person_keys.person_key WHERE id = $1", person)
    await sql.close()
