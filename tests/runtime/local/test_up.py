import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import httpx
import psutil
import pytest

from runtime.local.processes import is_running
from runtime.local.programs import ROOT
from runtime.settings import LocalSettings, environment_names
from tests.support.waiting import PATIENCE_S

LIMIT_S = 90
COMMAND = [sys.executable, "-m", "cli.main", "up"]


def environment() -> dict[str, str]:
    foreign = set(environment_names(LocalSettings).values())
    return {name: value for name, value in os.environ.items() if name not in foreign}


def start_up(data: Path, log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, "--data", str(data)], stdout=log, stderr=log, cwd=ROOT, env=environment()
    )


def await_addresses(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + LIMIT_S
    while "Ctrl-C" not in (text := log.read_text(encoding="utf-8")):
        assert process.poll() is None, text
        assert time.monotonic() < deadline, text
        time.sleep(0.1)
    return text


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def up(data: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    log = tmp_path / "up.log"
    with log.open("wb") as file, start_up(data, file) as process:
        try:
            yield process, log
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(LIMIT_S)


def test_up_serves_refuses_a_second_start_and_stops_cleanly(
    up: tuple[subprocess.Popen[bytes], Path], data: Path
) -> None:
    process, log = up
    shown = await_addresses(process, log)
    service = re.search(r"service +(http://\S+)", shown)
    assert service is not None
    assert (
        httpx.get(service[1] + "/health/ready", trust_env=False, timeout=PATIENCE_S).status_code
        == 200
    )

    second = subprocess.run(
        [*COMMAND, "--data", str(data)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(),
        timeout=LIMIT_S,
        check=False,
    )
    assert second.returncode == 1
    assert str(process.pid) in second.stderr
    assert service[1] in second.stderr
    assert len(second.stderr.strip().splitlines()) == 1

    children = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
    assert len(children) >= 3
    process.send_signal(signal.SIGINT)
    assert process.wait(LIMIT_S) == 0
    assert not any(is_running(pid) for pid in children)
    text = log.read_text(encoding="utf-8")
    stopped = [text.index(f"stop {part}") for part in ("service", "worker", "temporal", "postgres")]
    assert stopped == sorted(stopped)


MARKS = {"worker": "worker.py", "service": "cli.main serve", "temporal": "start-dev"}


def pid_of(part: str, process: subprocess.Popen[bytes], data: Path) -> int | None:
    """The pid of a part of the stack, None while it does not run."""
    if part == "postgres":
        pid_file = data / "postgres" / "data" / "postmaster.pid"
        return int(pid_file.read_text(encoding="ascii").split()[0]) if pid_file.exists() else None
    for child in psutil.Process(process.pid).children():
        if MARKS[part] in " ".join(child.cmdline()):
            return child.pid
    return None


def is_ready(service: str) -> bool:
    try:
        return httpx.get(service + "/health/ready", trust_env=False, timeout=PATIENCE_S).is_success
    except httpx.TransportError:
        return False


def await_restart(part: str, before: int, up: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the part was started anew and the line says that it is up."""
    deadline = time.monotonic() + LIMIT_S
    said = f"! {part} ended by itself"
    while f"✓ {part} " not in (text := log.read_text(encoding="utf-8")).partition(said)[2]:
        assert up.poll() is None, text
        assert time.monotonic() < deadline, text
        time.sleep(0.1)
    assert text.count(said) == 1
    assert not is_running(before)


@pytest.mark.slow
def test_a_part_that_is_killed_is_started_anew_where_it_was(
    up: tuple[subprocess.Popen[bytes], Path], data: Path
) -> None:
    process, log = up
    shown = await_addresses(process, log)
    service = re.search(r"service +(http://\S+)", shown)
    assert service is not None
    for part in ("worker", "service", "temporal", "postgres"):
        before = pid_of(part, process, data)
        assert before is not None, part
        os.kill(before, signal.SIGKILL)
        await_restart(part, before, process, log)
        assert pid_of(part, process, data) not in (None, before)
    deadline = time.monotonic() + LIMIT_S
    while not is_ready(service[1]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    postgres = pid_of("postgres", process, data)
    children = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
    process.send_signal(signal.SIGINT)
    assert process.wait(LIMIT_S) == 0
    assert postgres is not None
    assert not any(is_running(pid) for pid in (*children, postgres))
