"""`statement import`: what a bank says came in, looked at or booked."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import JsonValue

from cli.inputs import read_file
from cli.output import Commands, show
from cli.people.clients import As, CommandId, command_of
from cli.people.own import own_requests
from cli.reading.shown import number_shown
from cli.servers import DATA
from cli.words import Language, named, said, speak
from models.values.refusal import refusal

commands = Commands(
    help="Bank statements: what came in, for which unit it is.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(commands, name="statement")


@commands.command("import")
def import_statement(
    renovation: Annotated[
        str, typer.Argument(metavar="RENOVATION", help="The id that `gongjian start` gave.")
    ],
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="CSV or XLS as the bank exports it (UTF-8, GBK), CAMT.053 as .xml, MT940 as .sta.",
        ),
    ],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be booked, and book nothing.")
    ] = False,
    assign: Annotated[
        list[str] | None,
        typer.Option(
            metavar="REFERENCE=UNIT[,UNIT…]",
            help="For which unit a sum is that names none; several times.",
        ),
    ] = None,
    as_: As = "",
    command_id: CommandId = "",
    language: Language = "",
    data: Annotated[Path | None, DATA] = None,
) -> None:
    """Book what a bank statement says came in, each sum once; what names no unit stays unmatched.

    The same file twice changes nothing, overlapping statements neither. What is looked at with --dry-run is
    what is booked without it.

    Example: gongjian statement import r1 流水.xls --dry-run --as bank
    """
    speak(language)
    body: dict[str, JsonValue] = {
        "name": file.name,
        "content": base64.b64encode(read_file(file)).decode(),
        "assign": {name: [*units] for name, units in map(_assigned, assign or ())},
        "dry_run": dry_run,
    }
    address = f"/v1/renovations/{renovation}/statements"
    answer = own_requests(data, as_).post(address, command_of(command_id, body))
    assert isinstance(answer, dict)
    show(answer, lambda: _lines(answer))


def _assigned(text: str) -> tuple[str, list[JsonValue]]:
    name, _, units = text.rpartition("=")
    if not name or not units:
        raise refusal("statement.assign_unreadable", where="--assign", value=text[:80])
    return name, [unit.strip() for unit in units.split(",") if unit.strip()]


def _lines(view: Mapping[str, Any]) -> Iterator[str]:
    for each in view["lines"]:
        yield said(
            "line.statement_line",
            state=named("sum_state", each["state"]),
            day=each["booked_on"],
            sum=number_shown("amount_fen", each["amount_fen"]),
            units=", ".join(part["unit_number"] for part in each["parts"]) or "-",
            reference=each["reference"],
            payer=each["payer"],
            memo=each["memo"],
        )
    yield said(
        "line.statement_sums",
        sum=number_shown("matched_fen", view["matched_fen"]),
        unmatched=str(view["unmatched"]),
    )
    yield said("line.statement_booked" if view["booked"] else "line.statement_looked")
