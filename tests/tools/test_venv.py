import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "venv.sh"
SHELL = "/bin/sh"
SHIM = '#!/bin/sh\necho "pyenv: $0: command not found" >&2\nexit 127\n'
OLD = '#!/bin/sh\ncase "$*" in *sys.exit*|*ensurepip*) exit 1;; *print*) echo 3.10.2;; esac\n'
BARE = '#!/bin/sh\ncase "$*" in *ensurepip*) exit 1;; esac\n'


class Machine:
    """A PATH with the interpreters that a test puts there, and a folder for `.venv`."""

    def __init__(self, folder: Path) -> None:
        self.path, self.home = folder / "bin", folder / "house"
        self.path.mkdir()
        self.home.mkdir()
        for tool in ("cut", "rm"):
            self.path.joinpath(tool).symlink_to(f"/usr/bin/{tool}")

    def has(self, name: str, program: str | None = None) -> Path:
        """An interpreter of this name: a real one, or a program that stands for a broken one."""
        place = self.path / name
        if program is None:
            place.symlink_to(sys.executable)
        else:
            place.write_text(program)
            place.chmod(0o755)
        return place

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            (SHELL, str(SCRIPT), *words),
            check=False,
            cwd=self.home,
            env={"PATH": str(self.path)},
            capture_output=True,
            text=True,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_an_interpreter_that_is_only_a_shim_is_passed_over(machine: Machine) -> None:
    machine.has("python3", SHIM)
    machine.has("python3.14", OLD)
    machine.has("python3.12", BARE)
    machine.has("python3.11")
    found = machine.run("find")
    assert (found.returncode, Path(found.stdout.strip()).name) == (0, "python3.11"), found.stderr


def test_python3_goes_first_when_it_will_do(machine: Machine) -> None:
    machine.has("python3")
    machine.has("python3.13")
    assert Path(machine.run("find").stdout.strip()).name == "python3"


def test_nothing_that_will_do_is_told_with_the_reason_of_each(machine: Machine) -> None:
    machine.has("python3", OLD)
    machine.has("python3.13", SHIM)
    machine.has("python", BARE)
    found = machine.run("find")
    assert found.returncode == 1
    assert found.stdout == ""
    for said in (
        "Python 3.11 or newer is needed",
        "'python3' is Python 3.10.2",
        "'python3.13' does not run",
        "'python' cannot make a virtual environment",
    ):
        assert said in found.stderr


@pytest.mark.parametrize(("program", "reason"), [(SHIM, "does not run"), (OLD, "3.10.2")])
def test_the_named_one_is_not_replaced_by_another(
    machine: Machine, program: str, reason: str
) -> None:
    machine.has("python3")
    named = machine.has("mine", program)
    found = machine.run("find", str(named))
    assert found.returncode == 1
    assert reason in found.stderr


def test_an_environment_whose_python_is_gone_is_stale_and_made_anew(machine: Machine) -> None:
    python = machine.home / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to("/nowhere/python3")
    machine.has("python3")
    assert machine.run("stale").stdout == "stale\n"
    made = machine.run("make")
    assert made.returncode == 0, made.stderr
    assert "is made anew" in made.stderr
    assert os.access(python, os.X_OK)
    assert machine.run("stale").stdout == ""
    assert machine.run("make").stderr == "", "one that will do stays as it is"
    # Somebody names an interpreter that is not there: the environment stays, the sentence comes.
    refused = machine.run("make", "python3.99")
    assert refused.returncode == 1
    assert "'python3.99' does not run" in refused.stderr
    assert os.access(python, os.X_OK)
