"""Run a program that dies when its parent does: `python die_with_parent.py PARENT_PID PROGRAM ARGUMENT…`.

A small program instead of `preexec_fn`, which may deadlock in a process that has threads. On Linux it
asks the kernel to send this process SIGTERM when the thread that started it ends, then becomes the
program. Standard library only: it is executed by its path, with an interpreter that finds nothing else.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Become the program named on the command line; on Linux it ends with its parent."""
    parent, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        # The parent may have died before the kernel was asked.
        if os.getppid() != parent:
            sys.exit(f"process {parent} is gone; {program[0]} was not started")
    os.execv(program[0], program)  # noqa: S606 - the parent chose the program; no shell


if __name__ == "__main__":
    main()
