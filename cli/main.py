"""The entry point of `gongjian`: one application, one way to say no, one exit code for each kind."""

import sys

import asyncpg
import httpx
import typer
from sqlalchemy.exc import DBAPIError
from temporalio.service import RPCError

from cli import cases, decide, evidence, menu, roll, stack, vote
from cli.demo import run as demo
from models.values.refusal import Refused
from runtime.logging import configure_logging
from runtime.sentences import sentence

REFUSED = 1
UNREACHABLE = 2

app = typer.Typer(
    name="gongjian",
    help="Participatory renovation of old residential estates, from the first vote to the evaluation.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
stack.register(app)
cases.register(app)
roll.register(app)
decide.register(app)
menu.register(app)
evidence.register(app)
vote.register(app)
demo.register(app)


def main() -> None:
    """Run a command: 0 done, 1 refused (each problem on one line), 2 usage or no connection."""
    # Standard output is for results; what the libraries say goes to standard error.
    configure_logging("warning", "console")
    try:
        app()
    except Refused as refusal:
        for problem in refusal.problems:
            print(f"gongjian: {sentence(problem)}", file=sys.stderr)
        sys.exit(REFUSED)
    except (
        RPCError,
        httpx.TransportError,
        DBAPIError,
        asyncpg.PostgresConnectionError,
        ConnectionError,
    ) as error:
        print(f"gongjian: a server did not answer: {_first_line(error)}", file=sys.stderr)
        sys.exit(UNREACHABLE)


def _first_line(error: Exception) -> str:
    """The reason without SQL, parameters or traceback."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    lines = str(cause).strip().splitlines()
    return lines[0] if lines else type(cause).__name__


if __name__ == "__main__":
    main()
