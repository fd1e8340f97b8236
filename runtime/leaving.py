"""Ending a process in which Temporal's client has run."""

import contextlib
import os
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn


def run_and_leave(main: Callable[[], None]) -> NoReturn:
    """Run `main` and end the process with its exit code, without tearing the interpreter down.

    The threads of Temporal's client are not Python's: one that comes back while the interpreter is
    being torn down ends the process with a signal, although everything was done. What has to be
    cleaned up is cleaned up by `main` itself; the output is flushed here.
    """
    code = _exit_code(main)
    for stream in (sys.stdout, sys.stderr):
        # Whoever read the output may be gone: then there is nobody to tell.
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _exit_code(main: Callable[[], None]) -> int:
    """The exit code, as the interpreter itself would have it."""
    try:
        main()
    except SystemExit as stop:
        if stop.code is None or isinstance(stop.code, int):
            return stop.code or 0
        print(stop.code, file=sys.stderr)  # noqa: T201 - as the interpreter does
        return 1
    except BaseException:  # noqa: BLE001 - nothing is above this
        traceback.print_exc()
        return 1
    return 0
