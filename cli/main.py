"""The entry point of `gongjian`: loads a command, prints refusals, sets the exit code."""

import errno
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import NoReturn

import typer

from models.values.refusal import Problem, Refused, problem
from runtime.language.sentences import sentence
from runtime.leaving import run_and_leave
from runtime.logging import configure_logging

REFUSED = 1
UNREACHABLE = 2
DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EFBIG})
"""Errors of a write to an open file, which name no file."""
MODULES: Mapping[str, tuple[str, ...]] = {
    "cli.stack": ("up", "serve", "migrate", "temporal-setup"),
    "cli.cases": ("start", "act", "list", "status", "history", "audit", "credentials"),
    "cli.clock": ("clock",),
    "cli.roll": ("roll",),
    "cli.vote": ("vote",),
    "cli.decide": ("decide", "packs"),
    "cli.menu": ("menu",),
    "cli.evidence": ("evidence",),
    "cli.verify": ("verify",),
    "cli.demo.run": ("demo",),
}
"""Which module has which commands, in the order of the help.

A command loads its own module only: who asks for a rule need not wait for Temporal and PostgreSQL.
"""


def application(command: str | None = None) -> typer.Typer:
    """The application with one command's module, or with every module if it is none of ours."""
    app = typer.Typer(
        name="gongjian",
        help=(
            "Participatory renovation of old residential estates, from the first vote to the"
            " evaluation."
        ),
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.callback()(_keep_subcommands)
    modules = [name for name, commands in MODULES.items() if command in commands] or list(MODULES)
    for name in modules:
        import_module(name).register(app)
    return app


def _keep_subcommands() -> None:
    """A callback: without one typer would run a single command without its name."""


def __getattr__(name: str) -> typer.Typer:
    """`app`, the whole application, made when somebody asks for it."""
    if name == "app":
        return application()
    raise AttributeError(name)


def main() -> None:
    """Run a command: 0 done, 1 refused (each problem on one line), 2 usage or no connection."""
    # Standard output is for results; what the libraries say goes to standard error.
    configure_logging("warning", "console")
    try:
        application(sys.argv[1] if len(sys.argv) > 1 else None)()
    except Refused as refusal:
        for each in refusal.problems:
            print(f"gongjian: {sentence(each)}", file=sys.stderr)
        sys.exit(REFUSED)
    except Exception as error:
        failed = _failed_file(error)
        if failed is not None:
            print(f"gongjian: {sentence(failed)}", file=sys.stderr)
            sys.exit(REFUSED)
        if not _is_no_connection(error):
            raise
        print(f"gongjian: a server did not answer: {_first_line(error)}", file=sys.stderr)
        sys.exit(UNREACHABLE)


def _failed_file(error: Exception) -> Problem | None:
    """What to say of a file or folder that could not be read or written, wherever it was.

    A command may say more of its own file; none has to. A full disk names no file.
    """
    if not isinstance(error, OSError) or isinstance(error, ConnectionError):
        return None
    if error.filename is None and error.errno not in DISK:
        return None
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else "-"
    reason = error.strerror or type(error).__name__
    return problem("cases.file_failed", file=name, reason=reason)


def _is_no_connection(error: Exception) -> bool:
    """Libraries of servers are loaded now only if the command itself did not need them."""
    import asyncpg  # noqa: PLC0415
    import httpx  # noqa: PLC0415
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415
    from temporalio.service import RPCError  # noqa: PLC0415

    kinds = (
        RPCError,
        httpx.TransportError,
        DBAPIError,
        asyncpg.PostgresConnectionError,
        OSError,  # of no file, see `_failed_file`: no address, no route, no such socket, no time left
    )
    return isinstance(error, kinds)


def _first_line(error: Exception) -> str:
    """The reason without SQL, parameters or traceback."""
    cause = getattr(error, "orig", None) or error
    lines = str(cause).strip().splitlines()
    return lines[0] if lines else type(cause).__name__


def run() -> NoReturn:
    """The command `gongjian`."""
    run_and_leave(main)


if __name__ == "__main__":
    run()
