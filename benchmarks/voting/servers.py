"""Why `service/http/joined_writes.py` is there: one null app on several servers, by turns in one run.

uvicorn as it comes, uvicorn with joined writes, and granian (on the PATH, or named by GRANIAN).
"""

import asyncio
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from benchmarks.voting.client import load, post

APP = "benchmarks.voting.null_app:app"
PORT = 19_613
REQUESTS, TURNS = 120_000, 3
GRANIAN = ("--interface", "asgi", "--workers", "1", "--loop", "uvloop", "--no-ws", "--no-log")


def servers() -> dict[str, list[str]]:
    """Name to command line."""
    uvicorn = [sys.executable, "-m", "benchmarks.voting.serve_floor", APP, str(PORT)]
    found = {"uvicorn": [*uvicorn, "httptools"], "uvicorn, joined writes": uvicorn}
    granian = shutil.which(os.environ.get("GRANIAN", "granian"))
    if granian is None:
        print("granian is not installed here and not measured; GRANIAN may name its program")
        return found
    tasks = {"granian": "asyncio", "granian, own tasks": "rust"}
    granians = {
        name: ["--task-impl", impl, "--port", str(PORT), APP] for name, impl in tasks.items()
    }
    return found | {name: [granian, *GRANIAN, *rest] for name, rest in granians.items()}


@contextmanager
def serving(command: list[str]) -> Iterator[psutil.Process]:
    """A server that takes connections, ended afterwards."""
    process = psutil.Popen(command, stderr=subprocess.DEVNULL)
    try:
        with socket.socket() as probe:
            while probe.connect_ex(("127.0.0.1", PORT)) != 0:
                time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait()


def cpu_s(process: psutil.Process) -> float:
    family = [process, *process.children(recursive=True)]
    return sum(sum(each.cpu_times()[:2]) for each in family)


def turn(command: list[str]) -> tuple[float, float]:
    """(answers per second, µs of CPU of the server for one answer)."""
    requests = [post("/", b"x" * 250)] * REQUESTS
    with serving(command) as process:
        asyncio.run(load([PORT], requests[:5_000]))
        before = cpu_s(process)
        answers = asyncio.run(load([PORT], requests))
        assert answers.statuses == {b"200": REQUESTS}
        return answers.rate, (cpu_s(process) - before) / REQUESTS * 1e6


if __name__ == "__main__":
    commands = servers()
    turns = [{name: turn(command) for name, command in commands.items()} for _ in range(TURNS)]
    for name in commands:
        rates, costs = zip(*(each[name] for each in turns), strict=True)
        each_rate, cost = ", ".join(f"{rate:,.0f}" for rate in rates), statistics.median(costs)
        print(f"{name}: {statistics.median(rates):,.0f}/s ({each_rate}), {cost:.1f} µs of CPU")
