"""`gongjian demo`: its options; what it does is in `run`."""

import asyncio
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from cli.demo.town import estate
from cli.servers import DATA, quiet_logs

INTERRUPTED = 130


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("demo")(demo)


def demo(
    units: Annotated[
        int, typer.Option(min=60, max=200_000, help="Number of flats.")
    ] = estate.UNITS,
    seed: Annotated[int, typer.Option(help="Draws people, ballots and bids.")] = 1,
    keep: Annotated[bool, typer.Option(help="Leave the stack running until Ctrl-C.")] = False,
    ui: Annotated[bool, typer.Option("--ui", help="Temporal's UI too.")] = False,
    data: Annotated[Path | None, DATA] = None,
) -> None:
    """Carry the renovation of an invented estate from the first vote to the evaluation.

    On embedded servers, as a training case with a told clock: nothing waits for days to pass.

    Example: gongjian demo --units 200
    """
    from cli.demo.run import DemoOptions, run_here

    quiet_logs()
    options = DemoOptions(units=units, seed=seed, case=f"demo{secrets.token_hex(4)}")
    # What is kept beside the data directory goes with it.
    own = Path(tempfile.mkdtemp(prefix="gongjian-demo-")) if data is None else None
    home = data or Path(own or ".") / "data"
    try:
        asyncio.run(run_here(options, home, keep=keep, ui=ui))
    except asyncio.CancelledError:
        raise typer.Exit(INTERRUPTED) from None
    finally:
        if own is not None:
            shutil.rmtree(own, ignore_errors=True)
