"""The programs of the local stack: how each is called, and how one sees that it is ready."""

import asyncio
import shutil
import sys
from pathlib import Path

import httpx

from models.values.refusal import refusal
from models.values.search_attributes import SEARCH_ATTRIBUTES
from runtime.liveness import is_fresh
from runtime.local.ports import LOOPBACK, Ports

ROOT = Path(__file__).resolve().parents[2]
"""The folder that holds the packages and `worker.py`, in a checkout and in an installation."""
LOOK_S = 0.05


def temporal_command(ports: Ports, database: Path, namespace: str, headless: bool) -> list[str]:
    """Temporal's dev server with its state in `database`, tuned for short waits between the steps."""
    command = [find_program("temporal"), "server", "start-dev"]
    command += ["--ip", LOOPBACK, "--port", str(ports.temporal), "--log-level", "error"]
    command += ["--db-filename", str(database), "--namespace", namespace]
    command += ["--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=normal"]
    command += ["--dynamic-config-value", "history.transferProcessorMaxPollRPS=1000"]
    command += ["--headless"] if headless else ["--ui-port", str(ports.ui)]
    for attribute in SEARCH_ATTRIBUTES:
        command += ["--search-attribute", f"{attribute.name}={attribute.kind.value}"]
    return command


def worker_command() -> list[str]:
    """The worker, as `python worker.py` starts it."""
    return [sys.executable, str(ROOT / "worker.py")]


def service_command() -> list[str]:
    """The service, as `gongjian serve` starts it; needs `ROOT` as working directory."""
    return [sys.executable, "-m", "cli.main", "serve"]


def find_program(name: str) -> str:
    """The path of a program that came with our Python packages, or else from the PATH.

    Raises:
        Refused: `stack.program_missing`.
    """
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise refusal("stack.program_missing", where=name, name=name)
    return found


async def worker_ready(ready_file: Path) -> None:
    """Return when the worker polls."""
    while not is_fresh(ready_file):  # noqa: ASYNC110 - another process's file, no event
        await asyncio.sleep(LOOK_S)


async def service_ready(url: str) -> None:
    """Return when the service says that it can serve: its database and Temporal answer."""
    async with httpx.AsyncClient(base_url=url, timeout=5, trust_env=False) as client:
        while not await _answers(client):  # noqa: ASYNC110 - another process, no event
            await asyncio.sleep(LOOK_S)


async def _answers(client: httpx.AsyncClient) -> bool:
    try:
        answer = await client.get("/health/ready")
    except httpx.TransportError:
        return False
    return answer.is_success
