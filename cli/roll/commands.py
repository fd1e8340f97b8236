"""`roll check` and `roll import`: what a roll's file holds, and making it the roll of an estate."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from cli.inputs import read_file
from cli.output import Commands
from cli.servers import DATA, local_settings, running
from models.values.refusal import refusal

if TYPE_CHECKING:
    from pydantic import JsonValue
    from rich.progress import Progress

    from models.files.renovation import PlaceEntry
    from models.files.roll import RollReport
    from runtime.spreadsheets.roll_files import Rows
    from service.estates.rolls import ImportedRoll
    from service.parts import Parts

EVERY = 1_000
"""Rows between two movements of the progress bar."""

File = Annotated[Path, typer.Argument(help="The roll: .csv (UTF-8, GB18030), .xlsx, .xls or .ods.")]
SheetName = Annotated[
    str | None,
    typer.Option(
        "--sheet",
        help="Which sheet, or `all` of them together; else the only one that is not empty.",
    ),
]
Language = Annotated[
    str, typer.Option(help="en or zh_CN; else what LC_ALL, LC_MESSAGES or LANG say.")
]
By = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="PERSON",
        help="Who imports, where several are signed in here: by a role over the place.",
    ),
]
Operator = Annotated[
    bool,
    typer.Option(
        "--operator",
        help="As the operator of this machine, though somebody is signed in; the record says so.",
    ),
]
Synthetic = Annotated[
    bool, typer.Option("--synthetic", help="A new estate is of made-up people, for training.")
]
Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="FIELD=HEADING",
        help="A column by its heading, like area_m2=计费面积; ignore=HEADING skips one.",
    ),
]

commands = Commands(help="The owners' roll: check a file, import it.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(commands, name="roll")


@commands.command("check")
def check(
    file: File,
    against: Annotated[
        Path | None, typer.Option(help="An earlier file; shows what changed since.")
    ] = None,
    sheet: SheetName = None,
    map_: Map = None,
    language: Language = "",
) -> None:
    """Every problem of a roll with sheet, row, column and value, else its figures; writes nothing.

    Example: gongjian roll check roll.xlsx
    """
    from cli.roll.shown import show
    from formats.roll import accepted_roll, differences

    speaks = _speaks(language)
    report = _report(file, sheet, map_)
    difference = None
    if report.roll is not None and against is not None:
        old = accepted_roll(_earlier(against, sheet))
        difference = differences(old.units, report.roll.units)
    show(report, difference, None, language=speaks)


@commands.command(
    "import", epilog="Example: gongjian roll import roll.xlsx --estate e1 --place d/s/c/g --dry-run"
)
def import_(  # noqa: PLR0917 - typer reads the signature
    file: File,
    estate: Annotated[str, typer.Option(help="The estate: its id, or its name.")],
    place: Annotated[
        str,
        typer.Option(
            help="Where to make the estate if there is none: the path of a grid, or id=name of district, "
            "street office, community and grid, joined by slashes."
        ),
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change; write nothing.")
    ] = False,
    by: By = "",
    operator: Operator = False,
    synthetic: Synthetic = False,
    remove: Annotated[
        bool,
        typer.Option("--remove", help="Take away units of the estate that the file lacks."),
    ] = False,
    sheet: SheetName = None,
    map_: Map = None,
    data: Annotated[Path | None, DATA] = None,
    language: Language = "",
) -> None:
    """Make a file the roll of an estate, whole or not at all; the same file again changes nothing."""
    from cli.people.own import person_or_operator
    from cli.roll.sending import roll_body, send_roll
    from cli.roll.shown import show

    speaks, path = _speaks(language), place if "=" not in place else ""
    places = () if path else read_places(place)
    report = _report(file, sheet, map_)
    if report.roll is None:
        show(report, None, None, language=speaks)
        return
    person = person_or_operator(data, by, operator=operator)
    with _waiting("comparing" if dry_run else "writing"):
        if person is not None:
            asked: dict[str, JsonValue] = {
                "estate": estate,
                "place": path or None,
                "places": [each.model_dump(mode="json") for each in places],
                "roll": roll_body(file.name, read_file(file), sheet, read_mapping(map_ or [])),
                "remove": remove,
                "synthetic": synthetic,
            }
            imported = send_roll(local_settings(data).data_dir, person, asked, dry_run=dry_run)
        else:
            given = _Given(estate, path, places, synthetic=synthetic, remove=remove)
            imported = asyncio.run(_by_operator(data, report, given, dry_run=dry_run))
    show(report, imported.difference, imported, language=speaks)


class _Given(NamedTuple):
    """What an import was given beside the roll."""

    estate: str
    path: str
    places: tuple[PlaceEntry, ...]
    synthetic: bool
    remove: bool


async def _by_operator(
    data: Path | None, report: RollReport, given: _Given, *, dry_run: bool
) -> ImportedRoll:
    """Import it, or compare it, on this machine; the record names its account."""
    from formats.roll import accepted_roll
    from runtime.privacy.keys import PersonKeys
    from service.estates.rolls import RollRequest, compare_roll, import_roll
    from service.estates.units import owner_secret_of

    async with running(data) as parts:
        request = RollRequest(
            roll=accepted_roll(report),
            estate=given.estate,
            by=f"operator:{getpass.getuser()}",
            secret=owner_secret_of(parts.settings),
            people=PersonKeys.of(parts.settings),
            places=await _chain(parts, given.path) if given.path else given.places,
            synthetic=given.synthetic,
            remove=given.remove,
        )
        do = compare_roll if dry_run else import_roll
        return await do(parts.database, request)


def _speaks(language: str) -> str:
    """The language of this command, from here on for its refusals too."""
    from runtime.language.choice import LANGUAGES, choose, spoken

    choose(language if language in LANGUAGES else "")
    return spoken(os.environ)


async def _chain(parts: Parts, path: str) -> tuple[PlaceEntry, ...]:
    """The places of a grid that is there."""
    from service.estates.convening import load_chain

    async with parts.database.session() as session:
        return await load_chain(session, path)


def read_places(text: str) -> tuple[PlaceEntry, ...]:
    """The places of "id=name/id=name/…", from the district down.

    Raises:
        Refused: `roll.place_unreadable`.
    """
    from models.files.renovation import LEVELS, PlaceEntry

    if not text:
        return ()
    parts = [part.partition("=") for part in text.split("/")]
    if len(parts) != len(LEVELS) or not all(key and name for key, _, name in parts):
        raise refusal("roll.place_unreadable", where="--place", levels=", ".join(LEVELS))
    return tuple(
        PlaceEntry(level=level, id=key.strip(), name=name.strip())
        for level, (key, _, name) in zip(LEVELS, parts, strict=True)
    )


def read_mapping(pairs: list[str]) -> dict[str, str]:
    """Heading to field of "field=heading" pairs.

    Raises:
        Refused: `roll.map_unreadable`.
    """
    from formats.roll import COLUMNS
    from formats.roll.columns import IGNORE

    known = (*COLUMNS, IGNORE)
    found: dict[str, str] = {}
    for pair in pairs:
        name, _, heading = pair.partition("=")
        if name not in known or not heading.strip():
            raise refusal("roll.map_unreadable", where="--map", pair=pair, fields=", ".join(known))
        found[heading] = name
    return found


def _report(file: Path, sheet: str | None, pairs: list[str] | None) -> RollReport:
    from runtime.spreadsheets.roll_files import check_roll_file

    mapping = read_mapping(pairs or [])
    content = read_file(file)
    with _waiting("reading") as bar:

        def counted(rows: Rows, total: int) -> Rows:
            return _counted(rows, total, bar)

        return check_roll_file(content, file.name, sheet=sheet, mapping=mapping, progress=counted)


def _earlier(file: Path, sheet: str | None) -> RollReport:
    """An earlier file as it reads alone; where its sheets leave a choice, as the new one was read."""
    report = _report(file, None, None)
    codes = [each.problem.code for each in report.problems]
    return _report(file, sheet, None) if codes == ["spreadsheet.choose_sheet"] else report


def _counted(rows: Rows, total: int, bar: Progress) -> Rows:
    (task,) = bar.task_ids
    bar.update(task, total=total)
    number = 0
    for number, row in enumerate(rows, start=1):
        if number % EVERY == 0:
            bar.update(task, completed=number)
        yield row
    bar.update(task, completed=number)


def _waiting(what: str) -> Progress:
    """A bar on standard error, for people only: rows so far and seconds."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} rows"),
        TimeElapsedColumn(),
    )
    console = Console(file=sys.stderr)
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    bar.add_task(what, total=None)
    return bar
