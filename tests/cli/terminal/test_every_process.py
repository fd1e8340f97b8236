"""Every command as a process of its own, on a machine on which nothing runs: it ends, and says why in a sentence."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.local.programs import ROOT
from tests.cli.test_help import COMMANDS, EXAMPLE

pytestmark = pytest.mark.slow
STARTS_SERVERS = frozenset({"up", "serve", "demo"})
"""They run until they are stopped: tests/e2e run them whole."""
PATIENCE_S = 120


def words_of(name: str) -> list[str]:
    """The words of its example; of what would start servers its help."""
    if name in STARTS_SERVERS:
        return [name, "--help"]
    command = COMMANDS[name]
    told = " ".join(f"{command.help} {command.epilog or ''}".split())  # type: ignore[attr-defined]
    return shlex.split(told.partition(EXAMPLE)[2].partition(" >")[0])


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_ends_by_itself_and_says_why_in_a_sentence(name: str, tmp_path: Path) -> None:
    ours = ("GONGJIAN_", "DATABASE_", "TEMPORAL_")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    environment |= {"GONGJIAN_DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", *words_of(name)],
        cwd=tmp_path,
        env={**environment, "LANG": "en_US.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode in {0, 1, 2}, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    # What a command is asked for stands on the standard output, `verify`'s verdict too; what went wrong beside it.
    assert len((done.stdout + done.stderr).split()) > 1
