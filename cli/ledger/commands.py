"""`ledger check` and `ledger export`: every balance again, here and by programs that are not ours."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli.output import Commands, give_text, show
from cli.servers import DATA, database
from cli.words import number_of, said, spoken_here

if TYPE_CHECKING:
    from formats.journals import Booked
    from runtime.ledger.check import LedgerReport

BAD = 1
commands = Commands(
    help="The ledger of money: every balance again from the transfers alone.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(commands, name="ledger")


@commands.command("check")
def check(
    renovation: Annotated[
        str | None,
        typer.Argument(metavar="[RENOVATION]", help="Only this one, by the id that `start` gave."),
    ] = None,
    data: Annotated[Path | None, DATA] = None,
) -> None:
    """Make every balance anew from the transfers, and look for whatever was changed.

    One line per fault: a balance or an entry that the transfers do not make, an event that moved other
    money, a payment that is not booked, and triggers, constraints, functions or rights of the ledger in
    the database that are not those of the migrations. Without a renovation: every case.

    Example: gongjian ledger check r1
    """

    async def work() -> LedgerReport:
        from runtime.ledger.check import check_ledger

        async with database(data) as (opened, _):
            return await check_ledger(opened, renovation)

    report = asyncio.run(work())
    show({"ok": report.ok, **report.model_dump(mode="json")}, lambda: _lines(report))
    if not report.ok:
        raise typer.Exit(BAD)


@commands.command("export")
def export(
    renovation: Annotated[str, typer.Argument(help="The id that `gongjian start` gave.")],
    form: Annotated[
        Literal["hledger", "beancount"],
        typer.Option("--format", help="For which program of plain-text accounting."),
    ] = "hledger",
    out: Annotated[Path | None, typer.Option(help="Write it here, readable by you only.")] = None,
    data: Annotated[Path | None, DATA] = None,
) -> None:
    """The ledger as a journal that hledger or beancount balances: one transaction per event.

    It names units and what they paid, and whose debt a relief fund took over: keep it as the record itself.

    Example: gongjian ledger export r1 --format hledger --out money.journal
    """

    async def work() -> tuple[Booked, ...]:
        from runtime.ledger.reading import load_booked

        async with database(data) as (opened, _), opened.session() as session:
            return await load_booked(session, renovation)

    from formats.journals import journal

    booked = asyncio.run(work())
    give_text(journal(booked, form), [each.model_dump(mode="json") for each in booked], out)


def _lines(report: LedgerReport) -> Iterator[str]:
    from cli.reading.shown import number_shown
    from runtime.language.sentences import sentence

    for fault in report.faults:
        yield sentence(fault, spoken_here())
    found = number_of("faults", len(report.faults)) if report.faults else said("line.ledger_sound")
    yield said(
        "line.ledger_checked",
        cases=number_of("renovations", report.cases),
        accounts=number_of("accounts", report.accounts),
        transfers=number_of("transfers", report.transfers),
        held=number_shown("held_fen", report.held_fen),
        found=found,
    )
