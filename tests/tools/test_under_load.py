import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "under_load.py"
PATIENCE_S = 20


def start(*words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        (sys.executable, str(SCRIPT), *words), stderr=subprocess.PIPE, text=True
    )


@pytest.fixture
def long_run() -> Iterator["subprocess.Popen[str]"]:
    """Two loops beside a command that would run for a minute."""
    run = start("2", "--", sys.executable, "-c", "import time; time.sleep(60)")
    yield run
    run.terminate()  # the command too
    run.communicate()


def family_of(run: "subprocess.Popen[str]", size: int) -> list[psutil.Process]:
    deadline = time.monotonic() + PATIENCE_S
    while len(family := psutil.Process(run.pid).children()) < size:
        assert time.monotonic() < deadline, family
        time.sleep(0.01)
    return family


def loops_of(family: list[psutil.Process]) -> list[psutil.Process]:
    return [each for each in family if "getppid" in "".join(each.cmdline())]


@pytest.mark.parametrize("code", [0, 7])
def test_the_exit_code_is_that_of_the_command(code: int) -> None:
    run = start("1", "--", sys.executable, "-c", f"raise SystemExit({code})")
    _, told = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == code
    assert f"exit code {code}" in told


def test_a_command_that_a_signal_ended_is_told_as_a_shell_tells_it() -> None:
    run = start("0", "--", sys.executable, "-c", "import os; os.kill(os.getpid(), 9)")
    run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 128 + signal.SIGKILL


def test_a_command_that_does_not_exist_is_told_and_leaves_no_loop() -> None:
    run = start("1", "--", "no-such-command-of-ours")
    _, told = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 127
    assert "no-such-command-of-ours: No such file or directory" in told


def test_the_loops_keep_cores_busy_while_the_command_runs(
    long_run: "subprocess.Popen[str]",
) -> None:
    loops = loops_of(family_of(long_run, 3))
    assert len(loops) == 2
    deadline = time.monotonic() + PATIENCE_S
    while min(loop.cpu_times().user for loop in loops) < 0.1:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_loop_outlives_a_run_that_is_ended(
    long_run: "subprocess.Popen[str]", number: signal.Signals
) -> None:
    family = family_of(long_run, 3)
    loops = loops_of(family)
    os.kill(long_run.pid, number)
    long_run.wait(PATIENCE_S)
    _, alive = psutil.wait_procs(loops, timeout=PATIENCE_S)
    assert not alive
    if number is signal.SIGTERM:  # it is passed on; after SIGKILL nobody is there to do it
        assert not psutil.wait_procs(family, timeout=PATIENCE_S)[1]
    for each in family:  # the command itself, which a killed run cannot end
        if each.is_running():
            each.kill()
