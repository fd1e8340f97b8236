"""`roll check` and `roll import`: what a roll's file holds, and making it the roll of an estate."""

from __future__ import annotations

import asyncio
import getpass
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import BaseModel, JsonValue

from cli.inputs import read_file
from cli.servers import DATA, running
from models.values.refusal import refusal

if TYPE_CHECKING:
    from rich.progress import Progress

    from models.files.renovation import PlaceEntry
    from models.files.roll import Finding, RollDifference, RollReport, RollSummary
    from runtime.spreadsheets.roll_files import Rows
    from service.estates.rolls import ImportedRoll

BAD = 1
SHOWN = 20
"""Units of a list that people see; programs get all of them."""
EVERY = 1_000
"""Rows between two movements of the progress bar."""

File = Annotated[Path, typer.Argument(help="The roll: .csv (UTF-8, GB18030), .xlsx, .xls or .ods.")]
Json = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
SheetName = Annotated[
    str | None, typer.Option("--sheet", help="Which sheet; else the only one that is not empty.")
]
Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="FIELD=HEADING",
        help="A column by its heading, like area_m2=计费面积; ignore=HEADING skips one.",
    ),
]

commands = typer.Typer(help="The owners' roll: check a file, import it.", no_args_is_help=True)


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
    as_json: Json = False,
) -> None:
    """Every problem of a roll with sheet, row, column and value, else its figures; writes nothing."""
    from formats.roll import differences
    from runtime.spreadsheets.roll_files import read_roll_file

    report = _report(file, sheet, map_)
    difference = None
    if report.roll is not None and against is not None:
        old = read_roll_file(read_file(against), against.name)
        difference = differences(old.units, report.roll.units)
    _show(report, difference, None, as_json=as_json)


@commands.command("import")
def import_(  # noqa: PLR0917 - typer reads the signature
    file: File,
    estate: Annotated[str, typer.Option(help="The estate: its id, or its name.")],
    place: Annotated[
        str,
        typer.Option(
            help="Where to make the estate if there is none: id=name of district, street office, "
            "community and grid, joined by slashes."
        ),
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change; write nothing.")
    ] = False,
    by: Annotated[
        str, typer.Option("--as", help="Who imports; else the name of this account.")
    ] = "",
    synthetic: Annotated[
        bool, typer.Option("--synthetic", help="A new estate is of made-up people, for training.")
    ] = False,
    sheet: SheetName = None,
    map_: Map = None,
    data: Annotated[Path | None, DATA] = None,
    as_json: Json = False,
) -> None:
    """Make a file the roll of an estate, whole or not at all; the same file again changes nothing."""
    from formats.roll import accepted_roll
    from service.estates.rolls import RollRequest, compare_roll, import_roll
    from service.estates.units import owner_secret

    places = read_places(place)
    report = _report(file, sheet, map_)
    if report.roll is None:
        _show(report, None, None, as_json=as_json)
        return
    roll = accepted_roll(report)

    async def work() -> ImportedRoll:
        async with running(data) as parts:
            request = RollRequest(
                roll=roll,
                estate=estate,
                by=by or getpass.getuser(),
                secret=owner_secret(parts.settings.credential_key),
                places=places,
                synthetic=synthetic,
            )
            do = compare_roll if dry_run else import_roll
            with _waiting("comparing" if dry_run else "writing"):
                return await do(parts.database, request)

    imported = asyncio.run(work())
    _show(report, imported.difference, imported, as_json=as_json)


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


def _show(
    report: RollReport,
    difference: RollDifference | None,
    imported: ImportedRoll | None,
    *,
    as_json: bool,
) -> None:
    """The result for a program, or for people; a roll with problems ends with them and exit code 1."""
    from formats.roll import accepted_roll, summary

    figures = None if report.roll is None else summary(report.roll.units)
    if as_json:
        answer = report_json(report) | {
            "summary": _plain(figures),
            "difference": _plain(difference),
            "import": None
            if imported is None
            else imported.model_dump(mode="json", exclude={"difference"}),
        }
        print(json.dumps(answer, ensure_ascii=False))
        if figures is None:
            raise typer.Exit(BAD)
        return
    if figures is None:
        print(f"{report.name}: {report.problem_count:,} problems, nothing was imported")
        accepted_roll(report)
        return
    for line in (*_report_lines(report), *_figure_lines(figures)):
        print(line)
    for line in _difference_lines(difference) if difference is not None else ():
        print(line)
    if imported is not None:
        print(_import_line(imported))


def report_json(report: RollReport) -> dict[str, JsonValue]:
    """What was found, for a program; no names."""
    return {
        "file": report.name,
        "sha256": report.sha256,
        "sheet": report.sheet,
        "heading_row": report.heading_row,
        "ignored": list(report.ignored),
        "ok": report.roll is not None,
        "problem_count": report.problem_count,
        "problems": [_finding_json(each) for each in report.problems],
        "warning_count": report.warning_count,
        "warnings": [_finding_json(each) for each in report.warnings],
    }


def _finding_json(finding: Finding) -> dict[str, JsonValue]:
    from runtime.language.sentences import sentence

    problem = finding.problem
    return {
        "code": problem.code,
        "where": problem.where,
        "sheet": finding.sheet,
        "row": finding.row,
        "column": finding.column,
        "field": finding.field,
        "value": finding.value,
        "params": dict(problem.params),
        "message": sentence(problem),
        "message_zh": sentence(problem, "zh_CN"),
    }


def _report_lines(report: RollReport) -> Iterator[str]:
    from runtime.language.sentences import sentence

    sheet = f", sheet {report.sheet}" if report.sheet is not None else ""
    yield f"{report.name}{sheet}: no problems, headings in row {report.heading_row}"
    if report.ignored:
        yield f"  not read         {', '.join(report.ignored)}"
    for finding in report.warnings[:SHOWN]:
        yield f"  warning          {sentence(finding.problem)}"
    if report.warning_count > SHOWN:
        yield f"  warning          … and {report.warning_count - SHOWN:,} more"


def _figure_lines(figures: RollSummary) -> Iterator[str]:
    yield f"  units            {figures.units:,}, of which co-owned {figures.co_owned_units:,}"
    yield f"  heads            {figures.heads:,}"
    yield f"  area             {_area(figures.area_dm2)}"
    for kind, part in figures.kinds.items():
        yield f"    {kind:<14} {part.units:,} units, {_area(part.area_dm2)}"
    developer = f"{figures.developer_units:,} units, {_area(figures.developer_area_dm2)}"
    yield f"  developer        {developer}"
    for reason, part in figures.excluded.items():
        yield f"  excluded         {reason}: {part.units:,} units, {_area(part.area_dm2)}"
    yield f"  roll             sha-256 {figures.roll_sha256}"


def _difference_lines(difference: RollDifference) -> Iterator[str]:
    if difference.same:
        yield "  changes          none"
        return
    for word, numbers in (
        ("added", difference.added),
        ("removed", difference.removed),
        ("regrouped", difference.regrouped),
    ):
        if numbers:
            more = ", …" if len(numbers) > SHOWN else ""
            yield f"  {word:<16} {len(numbers):,}: {', '.join(numbers[:SHOWN])}{more}"
    if difference.changed:
        yield f"  changed          {len(difference.changed):,}"
    for change in difference.changed[:SHOWN]:
        fields = (
            f"{name} {f'{before} → {after}' if before or name != 'owners' else after}"
            for name, (before, after) in change.fields.items()
        )
        yield f"    {change.number:<14} {'; '.join(fields)}"


def _import_line(imported: ImportedRoll) -> str:
    if imported.imported:
        made = " (new)" if imported.created else ""
        return f"imported: estate {imported.estate_id}{made} has {imported.units:,} units"
    if imported.difference.same and not imported.created:
        return f"nothing to do: estate {imported.estate_id} has this roll"
    return f"dry run: nothing was written to estate {imported.estate_id}"


def _area(area_dm2: int) -> str:
    whole, part = divmod(area_dm2, 100)
    return f"{whole:,}.{part:02d} m2"


def _plain(value: BaseModel | None) -> JsonValue:
    return None if value is None else value.model_dump(mode="json")
