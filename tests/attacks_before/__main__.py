"""Starts the stack of commit 8287647 in a folder of its own, plays every attack there, and prints what came of it."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.trees import BEFORE, before_tree

HERE = Path(__file__).parent
STARTED_S = 120


def main() -> None:
    with before_tree(BEFORE) as tree, tempfile.TemporaryDirectory(prefix="gongjian-") as folder:
        data = Path(folder) / "data"
        environment = {**os.environ, "PYTHONPATH": str(tree)}
        up = (sys.executable, "-P", "-m", "cli.main", "up", "--data", str(data))
        stack = subprocess.Popen(up, cwd=tree, env=environment, stdout=subprocess.DEVNULL)
        try:
            wait_for(data, stack)
            plays = (sys.executable, "-P", str(HERE / "plays.py"), str(data))
            told = subprocess.run(
                plays, cwd=tree, env=environment, check=False, stdout=subprocess.PIPE, text=True
            )
        finally:
            stack.terminate()
            stack.wait(60)
    if told.returncode != 0:
        raise SystemExit(told.returncode)
    outcomes = [json.loads(line) for line in told.stdout.splitlines()]
    for each in outcomes:
        print(f"{each['attack']:45} {each['outcome']}")
    if any(each["outcome"].startswith("NOT SHOWN") for each in outcomes):
        raise SystemExit(1)


def wait_for(data: Path, stack: "subprocess.Popen[bytes]") -> None:
    """Until the stack says that it runs."""
    until = time.monotonic() + STARTED_S
    record = data / "stack.json"
    while not (record.exists() and json.loads(record.read_text()).get("service_url")):
        if stack.poll() is not None or time.monotonic() > until:
            raise SystemExit("the stack of the commit did not start")
        time.sleep(0.5)


if __name__ == "__main__":
    main()
