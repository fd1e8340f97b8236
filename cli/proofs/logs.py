"""`export log`: the record of a case for process-mining programs."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from cli.output import Commands, give_text
from cli.servers import DATA, reading
from cli.words import Language, speak
from formats.event_logs import LogFormat, log_text

commands = Commands(help="The record in forms that other programs read.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(commands, name="export")


@commands.command("log")
def log(
    renovation: Annotated[
        str, typer.Argument(metavar="RENOVATION", help="The id that `gongjian start` gave.")
    ],
    form: Annotated[
        LogFormat, typer.Option("--format", help="XES, OCEL 2.0 (JSON), or CSV.")
    ] = LogFormat.XES,
    out: Annotated[Path | None, typer.Option(help="Write it here; else to the screen.")] = None,
    language: Language = "",
    data: Annotated[Path | None, DATA] = None,
) -> None:
    """The event log of a case for process mining: what, when, by whom, in which role, on what.

    Times are those of the case; details of events are not in it. A text in CSV that a spreadsheet would
    work out as a formula has an apostrophe before it.

    Example: gongjian export log r1 --format xes --out r1.xes
    """
    speak(language)
    text = asyncio.run(_log(renovation, form, data))
    give_text(text, {"renovation": renovation, "format": form.value, "log": text}, out)


async def _log(renovation: str, form: LogFormat, data: Path | None) -> str:
    from runtime.history.logs import logged
    from runtime.record.cases import load_case
    from runtime.record.events import load_events

    async with reading(data) as connection:
        case = await load_case(connection, renovation)
        events = await load_events(connection, renovation)
    return log_text(form, case.id, case.title, logged(events))
