"""`explain`: why a home owes what it owes, counted again from what is published."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.inputs import only_with
from cli.output import show
from cli.people.requests import anybody
from cli.people.tickets import read_ticket
from cli.reading.shown import number_shown
from cli.servers import DATA, database
from cli.words import Language, said, speak
from proof.shares import faults

if TYPE_CHECKING:
    from models.values.explanation import Explanation, PublishedBill

BAD = 1


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("explain")(explain)


def explain(
    renovation: Annotated[
        str, typer.Argument(metavar="RENOVATION", help="The id that `gongjian start` gave.")
    ],
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="The unit's number in the roll.")],
    *,
    credential: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A file with the unit's ticket; else the record of this machine."
        ),
    ] = None,
    service: Annotated[
        str, typer.Option(metavar="URL", help="Which service; else the one of this machine.")
    ] = "",
    language: Language = "",
    data: Annotated[Path | None, DATA] = None,
) -> None:
    """Why a home owes what it owes: every factor, its source, the rounding; and whether it is right.

    Counted again from what is published for everybody, with the standard library alone; the exit code is 1
    where something does not hold.

    Example: gongjian explain r1 1-101 --json
    """
    speak(language)
    only_with("--service", service, "--credential", credential)
    if credential is None:
        told, bill = asyncio.run(_of_record(data, renovation, unit))
        found, shown = told.model_dump(mode="json"), bill.model_dump(mode="json")
    else:
        own = anybody(data, service, read_ticket(credential))
        at = f"/v1/renovations/{renovation}/shares"
        found, shown = _object(own.get(f"{at}/why", unit=unit)), _object(own.get(f"{at}/published"))
    wrong = faults(found, shown)
    show({**found, "proved": not wrong, "faults": [*wrong]}, lambda: _lines(found, wrong))
    if wrong:
        raise typer.Exit(BAD)


async def _of_record(
    data: Path | None, renovation: str, unit: str
) -> tuple[Explanation, PublishedBill]:
    from service.reading.reasons import explain_share, load_published
    from service.situation import load_situation

    async with database(data) as (opened, _):
        situation = await load_situation(opened, renovation)
        async with opened.session() as session:
            told = await explain_share(session, situation, unit)
            return told, await load_published(session, situation)


def _object(found: object) -> dict[str, Any]:
    assert isinstance(found, dict)
    return found


def _lines(told: Mapping[str, Any], wrong: tuple[str, ...]) -> Iterator[str]:
    yield said(
        "line.share_total",
        unit=told["unit_number"],
        basis=told["basis"],
        version=str(told["scheme_version"]),
        rounding=told["rounding"],
    )
    for each in told["items"]:
        amount = number_shown("amount_fen", each["amount_fen"])
        why = said(
            "line.share_of_item",
            item=each["title"],
            gap=number_shown("gap_fen", each["gap_fen"]),
            payers=str(each["payers"]),
            weight=str(each["weight"]),
            weights=str(each["weights"]),
            exact=str(each["exact_fen"]),
        )
        yield f"{amount}  {why}"
    yield number_shown("total_fen", told["total_fen"])
    for each in told.get("late", ()):
        amount = number_shown("amount_fen", each["amount_fen"])
        code = "line.share_joined" if each["own"] else "line.share_credited"
        why = said(
            code,
            item=each["title"],
            whole=number_shown("gap_fen", each["whole_fen"]),
            weight=str(each["weight"]),
            weights=str(each["weights"]),
        )
        yield f"{amount}  {why}"
    if told.get("late"):
        charged = told["total_fen"] + sum(each["amount_fen"] for each in told["late"])
        yield number_shown("total_fen", charged)
    for each in told.get("fees", ()):
        amount = number_shown("amount_fen", each["amount_fen"])
        why = said(
            "line.share_fee",
            number=str(each["number"]),
            base=number_shown("gap_fen", each["base_fen"]),
            day=str(each["paid_on"]),
            permille=str(each["permille"]),
            months=str(each["months"]),
        )
        yield f"{amount}  {why}"
    yield from wrong or [said("line.share_proved")]
