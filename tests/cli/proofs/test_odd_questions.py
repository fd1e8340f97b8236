"""Whoever asks for history, log or evidence oddly gets a clear answer, in both languages, and nothing is written."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from models.values.refusal import Refused
from runtime.database import Database
from runtime.language.sentences import phrase
from tests.runtime.record.test_audit_tables import write
from tests.runtime.record.test_heads import KEY
from tests.support.estate import make_renovation
from tests.support.slow import some_are_slow

SECRET = "ab" * 32
RID = "odd"
USAGE = 2
Asked = Callable[..., Awaitable[Result]]


@pytest.fixture(scope="module")
async def recorded(database: Database) -> str:
    """A case with a record of six events."""
    await make_renovation(database, rid=RID)
    for _ in range(6):
        await write(database, RID, "renovation.corrected")
    return RID


@pytest.fixture
def ask(
    recorded: str, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Asked:
    """Call a command in a folder of its own; `{rid}` is the case."""
    for name, value in {
        "DATABASE_URL": database.url,
        "GONGJIAN_CREDENTIAL_KEY": SECRET,
        "GONGJIAN_RECEIPT_KEY": SECRET,
        "GONGJIAN_HEADS_KEY": KEY.get_secret_value(),
        "GONGJIAN_HEADS_DIR": str(tmp_path / "heads"),
    }.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)

    async def asked(line: str) -> Result:
        words = line.format(rid=recorded).split()
        return await asyncio.to_thread(CliRunner().invoke, app, words)

    return asked


@pytest.mark.parametrize(
    ("line", "code", "where"),
    [
        ("history nowhere", "renovation.unknown", ""),
        ("history {rid} --as-of 2026-13-01", "history.moment_invalid", "--as-of"),
        ("history {rid} --as-of 2026-02-30T10:00", "history.moment_invalid", "--as-of"),
        ("export log {rid} --out none/log.xes", "cases.file_unwritable", "none/log.xes"),
        *some_are_slow(
            ("history {rid} --as-of 9999-12-31", "history.moment_invalid", "--as-of"),
            ("history {rid} --known yesterday", "history.moment_invalid", "--known"),
            ("history {rid} --diff 2026-01-01 soon", "history.moment_invalid", "--diff"),
            (
                "history {rid} --diff 2026-01-01 2026-02-01 --as-of 2026-01-05",
                *("history.one_or_other", "--as-of"),
            ),
            ("history {rid} --language xx", "language.unknown", "--language"),
            ("export log nowhere", "renovation.unknown", ""),
            ("audit nowhere", "renovation.unknown", ""),
            ("evidence case nowhere", "renovation.unknown", ""),
            ("evidence case {rid} --for king", "evidence.reader", "--for"),
            ("evidence case {rid} --for auditor", "evidence.reason", "--reason"),
            ("evidence case {rid} --out none/odd.zip", "cases.file_unwritable", "none/odd.zip"),
        ),
    ],
)
async def test_what_cannot_be_answered_is_refused_by_name(
    ask: Asked, line: str, code: str, where: str
) -> None:
    refused = (await ask(line)).exception
    assert isinstance(refused, Refused), refused
    (problem,) = refused.problems
    assert problem.code == code
    assert where in problem.where
    for language in ("en", "zh_CN"):
        assert phrase(code, language, problem.params) is not None
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize(
    "line",
    ["history {rid} --level everything", "export log {rid} --format pdf", "history", "evidence"],
)
async def test_what_is_no_command_says_how_it_is_called(ask: Asked, line: str) -> None:
    result = await ask(line)
    assert (result.exit_code, "Usage" in result.output) == (USAGE, True)


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "nothing on it at that moment"), ("zh_CN", "该时点尚无任何记录")],
)
async def test_before_its_first_event_there_is_nothing(
    ask: Asked, language: str, said: str
) -> None:
    result = await ask(f"history {{rid}} --as-of 2020-01-01 --language {language}")
    assert (result.exit_code, said in result.output) == (0, True), result.output


@pytest.mark.slow
async def test_a_day_that_is_still_to_come_shows_what_is_known_today(ask: Asked) -> None:
    today = json.loads((await ask("history {rid} --json")).stdout)
    later = json.loads((await ask("history {rid} --as-of 2199-01-01 --json")).stdout)
    assert later["events"] == today
    assert later["standing"]["seq"] == len(today) == 6


@pytest.mark.slow
async def test_of_two_moments_the_earlier_one_is_the_first(ask: Asked) -> None:
    there = json.loads((await ask("history {rid} --diff 2020-01-01 2199-01-01 --json")).stdout)
    back = json.loads((await ask("history {rid} --diff 2199-01-01 2020-01-01 --json")).stdout)
    assert there == back
    assert (there["before"]["seq"], there["after"]["seq"]) == (0, 6)
    last = json.loads(
        (await ask("history {rid} --diff 2020-01-01 2199-01-01 --limit 2 --json")).stdout
    )
    assert [each["seq"] for each in last["lines"]] == [5, 6]
    assert last["more"] == 4


@pytest.mark.slow
async def test_evidence_is_for_its_owner_and_replaces_what_was_there(ask: Asked) -> None:
    file = Path("odd.zip")
    file.write_text("old")
    for _ in range(2):
        result = await ask("evidence case {rid} --out odd.zip")
        assert result.exit_code == 0, result.output
        assert file.stat().st_mode & 0o077 == 0
    assert (await ask("verify odd.zip")).exit_code == 0
    for option in ("--receipt", "--manifest"):
        refused = (await ask(f"verify odd.zip {option} ab")).exception
        assert isinstance(refused, Refused)
        assert [each.code for each in refused.problems] == ["evidence.of_a_case"]
    wrong = await ask(f"verify odd.zip --key {'ab' * 32}")
    assert wrong.exit_code == 1
    assert "不是由给定的公钥签名 it is signed by another key" in wrong.output


@pytest.mark.parametrize("path", ["none.zip", "none/of/it", "."])
async def test_what_is_no_bundle_is_one_clear_line_and_exit_code_1(ask: Asked, path: str) -> None:
    result = await ask(f"verify {path}")
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert result.output.strip()
