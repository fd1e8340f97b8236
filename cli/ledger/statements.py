"""`statement …`: what a bank says came in, looked at or booked, what is for no unit, and cash."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import JsonValue

from cli.inputs import read_file
from cli.output import Commands, show
from cli.people.clients import As as Sender
from cli.people.clients import CommandId, command_of
from cli.people.own import own_requests
from cli.reading.shown import number_shown
from cli.servers import DATA
from cli.votes.commands import As, AsIfSeveral, Data, Id, sent_fields, write
from cli.words import Language, named, said, speak
from models.values.refusal import refusal

commands = Commands(
    help="Bank statements and cash: what came in, for which unit it is.", no_args_is_help=True
)
Sum = Annotated[str, typer.Argument(metavar="SUM", help="The sum, by the id that the list has.")]


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
    as_: Sender = "",
    command_id: CommandId = "",
    language: Language = "",
    data: Annotated[Path | None, DATA] = None,
) -> None:
    """Book what a bank statement says came in, each sum once; what names no unit waits for two people.

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


@commands.command("list")
def list_sums(
    renovation: Id,
    as_: AsIfSeveral = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Also what is assigned or went back.")
    ] = False,
    language: Language = "",
    data: Data = None,
) -> None:
    """The sums of statements that named no unit, in the bank's words; who has read them is written down.

    Example: gongjian statement list r1 --as li
    """
    from cli.people.requests import of_case

    speak(language)
    requests = of_case(data, renovation, as_, "assign_sum")
    found = requests.get(f"/v1/renovations/{renovation}/unclaimed-sums")
    assert isinstance(found, list)
    sums = [each for each in found if isinstance(each, dict)]
    sums = [each for each in sums if everything or each["state"] == "open"]
    show(sums, lambda: [_sum_line(each) for each in sums] or [said("line.no_unclaimed")])


@commands.command("assign")
def assign_sum(
    renovation: Id,
    sum_: Sum,
    units: Annotated[list[str], typer.Argument(metavar="UNIT...", help="For which units it is.")],
    *,
    as_: As,
    command_id: CommandId = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """Say for which units a sum is; of several each gets what it owes, and the first the rest.

    It is booked when a second person has confirmed it: `gongjian proposals confirm`.

    Example: gongjian statement assign r1 u1 3-2-501 --as li
    """
    fields = sent_fields(command_id, sum_id=sum_, unit_numbers=[*units])
    _proposed(data, renovation, as_, "unclaimed-sums/assignments", fields, language)


@commands.command("return")
def return_sum(
    renovation: Id,
    sum_: Sum,
    *,
    as_: As,
    reason: Annotated[str, typer.Option(help="Why it goes back.")],
    command_id: CommandId = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """Send a sum back to whoever paid it, when a second person has confirmed it.

    Example: gongjian statement return r1 u1 --as li --reason "nobody here knows the payer"
    """
    fields = sent_fields(command_id, sum_id=sum_, reason=reason)
    _proposed(data, renovation, as_, "unclaimed-sums/returns", fields, language)


@commands.command("cash")
def receive_cash(
    renovation: Id,
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="For which unit it was counted.")],
    amount_fen: Annotated[int, typer.Argument(metavar="FEN", help="How much, in fen.")],
    *,
    receipt: Annotated[str, typer.Option(help="The number of the receipt that was given.")],
    as_: As,
    command_id: CommandId = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """Say that cash was counted for a unit; it is booked when a second person has counted it too.

    Example: gongjian statement cash r1 3-2-501 50000 --receipt 0017 --as li
    """
    fields = sent_fields(command_id, unit_number=unit, amount_fen=amount_fen, receipt=receipt)
    _proposed(data, renovation, as_, "cash", fields, language)


def _proposed(
    data: Path | None,
    renovation: str,
    as_: str,
    part: str,
    fields: dict[str, JsonValue],
    language: str,
) -> None:
    speak(language)
    done = write(data, renovation, as_, part, fields)
    assert isinstance(done, dict)
    show(done, lambda: [said("line.money_proposed", proposal=str(done["id"]))])


def _sum_line(one: Mapping[str, Any]) -> str:
    return said(
        "line.unclaimed_sum",
        id=one["id"],
        state=named("sum_kept", one["state"]),
        day=one["booked_on"],
        sum=number_shown("amount_fen", one["amount_fen"]),
        why=named("sum_why", one["why"]),
        reference=one["reference"],
        payer=one["payer"],
        memo=one["memo"],
    )


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
