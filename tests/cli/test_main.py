"""What a command says when a file, a folder or a server is not as it should be: one line, no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import main
from runtime.local.programs import ROOT

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
