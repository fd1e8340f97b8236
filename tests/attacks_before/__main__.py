"""Starts the stack of commit 8287647 in a folder of its own, plays every attack there, and prints what came of each.

`python -m tests.attacks_before "NUL in a path"` plays those that are named.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
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
            plays = (sys.executable, "-P", str(HERE / "plays.py"), str(data), *sys.argv[1:])
            failed = played(plays, tree, environment)
        finally:
            stack.terminate()
            stack.wait(60)
    if failed:
        raise SystemExit(failed)


def played(command: Sequence[str], tree: Path, environment: Mapping[str, str]) -> int:
    """Play and tell each outcome when it is there; 1 where an attack was not shown."""
    failed = 0
    with subprocess.Popen(
        command, cwd=tree, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout or ():
            told = json.loads(line)
            print(f"{told['attack']:45} {told['outcome']}", flush=True)
            failed |= told["outcome"].startswith("NOT SHOWN")
    return process.returncode or failed


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
