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
    began = time.monotonic()
    ending = Ending()
    loops: list[subprocess.Popen[bytes]] = []
    try:
        # One by one: what was started is in the list even if the next one cannot be.
        loops.extend(busy_loop() for _ in range(given.loops))
        code = run(given.command, ending)
    finally:
        used = [end(loop) for loop in loops]
    wall_s = time.monotonic() - began
    load = f"{len(used)} busy loops on {os.cpu_count()} cores"
    print(f"under load: {load}, {wall_s:.1f} s, exit code {code}", file=sys.stderr)
    return code


class Ending:
    """Hears SIGTERM and Ctrl-C from now on. It raises nothing: a signal between two lines must not lose a child."""

    def __init__(self) -> None:
        self.number = 0
        self.command: subprocess.Popen[bytes] | None = None
        signal.signal(signal.SIGTERM, self.hear)
        signal.signal(signal.SIGINT, self.hear)

    def hear(self, number: int, _frame: FrameType | None) -> None:
        """Remember the signal, and pass SIGTERM on to the command if it runs."""
        self.number = number
        self.pass_on()

    def pass_on(self) -> None:
        """SIGTERM goes on to the command; the terminal sends Ctrl-C to it itself."""
        if self.command is not None and self.number == signal.SIGTERM:
            self.command.terminate()


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


def run(command: list[str], ending: Ending) -> int:
    """Run the command to its end and return its exit code, or 128 + the signal that ended this run."""
    if not ending.number:
        try:
            ending.command = subprocess.Popen(command)
        except OSError as error:
            print(f"{shlex.join(command)}: {error.strerror}", file=sys.stderr)
            return 127
        ending.pass_on()  # the signal that came while the command was being started
        code = ending.command.wait()
        if not ending.number:
            return code if code >= 0 else 128 - code
    return 128 + ending.number


def end(loop: "subprocess.Popen[bytes]") -> int:
    """End one loop and wait until it is gone."""
    loop.kill()
    return loop.wait(STOP_S)


if __name__ == "__main__":
    sys.exit(main())
