"""Child processes of the local stack: they end with it, log to files, and are stopped by their pid."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from models.values.base import Value
from runtime.settings import own_variables

DIE_WITH_PARENT = Path(__file__).with_name("die_with_parent.py")
LOG_TAIL_BYTES = 64 * 1024
LOG_KEPT_BYTES = 10 * 1024 * 1024
"""A log larger than this is put aside (one generation) when its child is started anew."""
POLL_S = 0.02
REAPED_S = 10.0


class Crash(Value):
    """A part of the stack that ended without being asked to."""

    name: str
    exit_code: int | None
    """As the kernel reports it, negative for a signal; None when somebody else reaped it."""
    log: Path
    last_lines: tuple[str, ...]


class Child:
    """One program: its command, its variables and its log file.

    Of the parent's variables it inherits those that are no settings of ours: a key that it was not
    given is not in its environment.
    """

    def __init__(
        self, name: str, command: Sequence[str], variables: Mapping[str, str], log: Path, cwd: Path
    ) -> None:
        self.name = name
        self.command = tuple(command)
        self.variables = dict(variables)
        self.log = log
        self.cwd = cwd
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The pid while it is ours to signal, else None."""
        return self._process.pid if self._process is not None else None

    @property
    def alive(self) -> bool:
        """Started, and not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the program in a session of its own, so that Ctrl-C reaches the parent only.

        Call it from a thread that lives as long as the stack: the kernel ends the program with it.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.log.parent.chmod(0o700)
        _put_aside(self.log)
        self.log.touch(mode=0o600)
        self.log.chmod(0o600)
        shim = (sys.executable, "-I", "-S", str(DIE_WITH_PARENT), str(os.getpid()))
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own programs, no shell
                (*shim, *self.command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o077,  # databases and logs are for their owner
                cwd=self.cwd,
                env={**inherited(), **self.variables},
            )

    async def stop(self, grace_s: float) -> None:
        """Ask it to end, wait, and after `grace_s` seconds make it; nothing of it is left."""
        if self._process is None:
            return
        self._signal(signal.SIGTERM)
        if not await self._ended(grace_s):
            await self.kill()
        self._process = None

    async def kill(self) -> None:
        """End it at once (SIGKILL), as a power cut would; for `stop` and for crash tests."""
        if self._process is not None:
            self._signal(signal.SIGKILL)
            await self._ended(10)

    def crash(self) -> Crash | None:
        """What is known of its end, if it ended by itself."""
        if self._process is None or self._process.poll() is None:
            return None
        return Crash(
            name=self.name,
            exit_code=self._process.returncode,
            log=self.log,
            last_lines=last_lines(self.log),
        )

    def _signal(self, number: signal.Signals) -> None:
        """Signal the whole session: a child of the child must not survive it."""
        assert self._process is not None
        if self._process.poll() is None:
            os.killpg(self._process.pid, number)

    async def _ended(self, within_s: float) -> bool:
        assert self._process is not None
        deadline = time.monotonic() + within_s
        while self._process.poll() is None:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(POLL_S)
        return True


def inherited() -> dict[str, str]:
    """The environment that a child may have: without any setting of ours."""
    ours = own_variables()
    return {name: value for name, value in os.environ.items() if name not in ours}


def is_running(pid: int) -> bool:
    """Whether a process lives; one that ended and was not yet reaped does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def kill_family(pid: int) -> None:
    """End a server that is not our child (SIGKILL) and wait until its helpers noticed.

    Waits for the dead to be reaped too, by whoever is pid 1: PostgreSQL would take a zombie for a
    living server and refuse to start.
    """
    try:
        server = psutil.Process(pid)
        family = [server, *server.children(recursive=True)]
        server.kill()
    except psutil.NoSuchProcess:
        return
    await asyncio.to_thread(psutil.wait_procs, family, REAPED_S)


def last_lines(log: Path, count: int = 15) -> tuple[str, ...]:
    """The last lines of a log file; empty when there is none."""
    if not log.exists():
        return ()
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - LOG_TAIL_BYTES))
        text = file.read().decode(errors="replace")
    return tuple(text.splitlines()[-count:])


def _put_aside(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_KEPT_BYTES:
        log.replace(log.with_suffix(".log.1"))
