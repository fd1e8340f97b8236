"""What a command says when a file, a folder or a server is not as it should be: one line, no traceback."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from cli.main import COMMANDS, command_lines, main, whole_application
from runtime.database import Database
from runtime.local.programs import ROOT
from tests.support.estate import make_renovation

ANYWHERE = {"GONGJIAN_CREDENTIAL_KEY": "0f" * 32, "GONGJIAN_RECEIPT_KEY": "1e" * 32}


def said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int | str | None, str]:
    monkeypatch.setattr(sys, "argv", ["gongjian", *words])
    with pytest.raises(SystemExit) as left:
        main()
    return left.value.code, capsys.readouterr().err


@pytest.mark.parametrize("inside", ["", "inside"])
def test_a_data_folder_that_is_a_file_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    inside: str,
) -> None:
    plain = tmp_path / "plain"
    plain.write_text("")
    for name in ("DATABASE_URL", "TEMPORAL_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    code, line = said(monkeypatch, capsys, "up", "--data", str(plain / inside))
    assert code == 1
    assert line.startswith(f"gongjian: The file or folder {plain / inside} could not be")


def test_a_server_at_no_socket_did_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in ANYWHERE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATABASE_URL", f"postgresql+asyncpg://u@/none?host={tmp_path}")
    code, line = said(monkeypatch, capsys, "list")
    assert (code, line.split(":")[:2]) == (2, ["gongjian", " a server did not answer"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_is_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", "evidence", "script"],
            cwd=ROOT,
            env=dict(os.environ),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "could not be read or written: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_help_says_of_each_command_what_the_command_says() -> None:
    commands = getattr(typer.main.get_command(whole_application()), "commands")  # noqa: B009
    said = {
        name: " ".join(each.help.partition("\n\n")[0].split()) for name, each in commands.items()
    }
    assert said == {name: each.help for name, each in COMMANDS.items()}


OVER_HTTP = ("estates list", "show r1 tenders", "call GET /v1/estates")
MANY = 100
SERVERS = {
    "sqlalchemy",
    "asyncpg",
    "temporalio",
    "fastapi",
    "uvicorn",
    "alembic",
    "psutil",
    "httpx",
    "structlog",
}
PRINTERS = {"typst", "jinja2", "PIL", "segno", "xlsxwriter", "python_calamine"}
LOOK = """
import contextlib, io, sys
from cli.main import main
for line in sys.argv[1:]:
    sys.argv = ["gongjian", *line.split()]
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
        main()
    print(line, *({libraries} & set(sys.modules)), sep=",")
"""


def loaded(*lines: str) -> dict[str, set[str]]:
    """Which libraries of servers and of printing are loaded after each of these commands, in one process."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK.format(libraries=SERVERS | PRINTERS), *lines],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    said = (line.split(",") for line in done.stdout.splitlines())
    return {words[0]: set(words[1:]) for words in said}


def test_no_help_of_any_command_needs_a_library_of_a_server() -> None:
    lines = ["", "--help", *(f"{line} --help" for line in command_lines())]
    assert len(lines) > MANY
    assert loaded(*lines) == dict.fromkeys(lines, frozenset())


@pytest.fixture
def servers_of_the_tests(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**ANYWHERE, "DATABASE_URL": database.url}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("servers_of_the_tests")
async def test_a_command_loads_what_it_reads_or_sends_with_and_no_more(
    database: Database, tmp_path: Path
) -> None:
    rid = await make_renovation(database, rid="rloaded", units=1)
    alone = ["packs", "evidence script", f"keys list --data {tmp_path}"]
    over_http = [f"{line} --service http://127.0.0.1:9" for line in OVER_HTTP]
    reading = ["list", "list --stuck", f"status {rid}", f"history {rid}", f"audit {rid}"]
    found = await asyncio.to_thread(loaded, *alone, *over_http)
    assert found == {
        **dict.fromkeys(alone, frozenset()),
        **dict.fromkeys(over_http, frozenset({"httpx"})),
    }
    found = await asyncio.to_thread(loaded, *reading)
    assert found.pop(f"audit {rid}") == {"asyncpg", "structlog"}
    assert found == dict.fromkeys(reading[:-1], frozenset({"asyncpg"}))
