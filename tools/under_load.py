"""Run a command beside busy loops: `python tools/under_load.py 3 -- make demo`.

Every loop is a process of its own that does nothing but use a core. They are ended by their pids, however the
command ends; and each looks whether its parent still lives, so that a killed run leaves none behind either.
The exit code is the command's, 128 + the signal if one ended it. Standard library only: any Python runs it.
"""

import argparse
import os
import shlex
import signal
import subprocess
import sys
import time
from types import FrameType

LOOP = """
import os, sys
while os.getppid() == int(sys.argv[1]):
    for _ in range(1_000_000):
        pass
"""
STOP_S = 10


def main() -> int:
    """Start the loops, run the command, end the loops; say how long it took."""
    given = arguments()
    signal.signal(signal.SIGTERM, stop)
    loops: list[subprocess.Popen[bytes]] = []
    began = time.monotonic()
    try:
        # One by one: what was started is in the list even if the next one cannot be.
        loops.extend(busy_loop() for _ in range(given.loops))
        code = run(given.command)
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    finally:
        used = [end(loop) for loop in loops]
    wall_s = time.monotonic() - began
    load = f"{len(used)} busy loops on {os.cpu_count()} cores"
    print(f"under load: {load}, {wall_s:.1f} s, exit code {code}", file=sys.stderr)
    return code


def busy_loop() -> "subprocess.Popen[bytes]":
    """A process that keeps one core busy for as long as this one lives."""
    return subprocess.Popen((sys.executable, "-I", "-S", "-c", LOOP, str(os.getpid())))


def arguments() -> argparse.Namespace:
    """How many loops, and the command.

    Raises:
        SystemExit: 2, with a sentence, when they make no sense.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("loops", type=int, help="how many busy loops")
    parser.add_argument("command", nargs="+", help="the command and its arguments, after --")
    given = parser.parse_args()
    if given.loops < 0:
        parser.error("the number of loops is 0 or more")
    return given


def run(command: list[str]) -> int:
    """Run the command to its end and return its exit code; SIGTERM is passed on to it."""
    try:
        child = subprocess.Popen(command)
    except OSError as error:
        print(f"{shlex.join(command)}: {error.strerror}", file=sys.stderr)
        return 127
    try:
        code = child.wait()
    except KeyboardInterrupt:
        child.wait()  # the terminal sent Ctrl-C to it too; it stops its own servers first
        raise
    except SystemExit:
        child.terminate()
        child.wait()
        raise
    return code if code >= 0 else 128 - code


def end(loop: "subprocess.Popen[bytes]") -> int:
    """End one loop and wait until it is gone."""
    loop.kill()
    return loop.wait(STOP_S)


def stop(number: int, _frame: FrameType | None) -> None:
    """SIGTERM ends this process by way of its `finally`."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
