"""`suggestions …`: what is suggested and what is late, and what offices do with it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import JsonValue

from cli.inputs import not_together, only_with, read_file
from cli.output import Commands, show, table
from cli.people.requests import anybody, zone_of
from cli.people.tickets import Service, read_ticket
from cli.shown import moment, words
from cli.suggestions.rooms import InEstate, Named, Where, as_official, path_of, show_done
from cli.votes.commands import As, AsIfSeveral, CommandId, Data, sent_fields
from cli.words import named, said
from models.values.states import SuggestionOutcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cli.output import Line

Units = Annotated[list[str], typer.Argument(metavar="UNIT...", help="The households' units.")]
Theme = Annotated[str, typer.Option(help="What it is about, in a few words.")]
Reason = Annotated[str, typer.Option(help="Why.")]
Proposal = Annotated[str, typer.Option(help="What should be done.")]
Sheet = Annotated[
    Path, typer.Option(metavar="FILE", help="The scan of the sheet; its hash is kept.")
]

commands = Commands(
    help="Suggestions of residents: list, write down, review, merge, answer.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(commands, name="suggestions")


@commands.command("list")
def list_suggestions(
    where: Annotated[
        str, typer.Argument(metavar="RENOVATION", help="Of a renovation, or of an estate.")
    ] = "",
    estate: InEstate = False,
    place: Annotated[str, typer.Option(help="All below this place, as everybody reads them.")] = "",
    overdue: Annotated[bool, typer.Option("--overdue", help="Review or reply is late.")] = False,
    as_: AsIfSeveral = "",
    credential: Annotated[
        Path | None,
        typer.Option("--credential", metavar="FILE", help="A unit's ticket: its own words too."),
    ] = None,
    service: Service = "",
    data: Data = None,
) -> None:
    """What is suggested, the newest first: state, support, reply, and until when somebody is awaited.

    Example: gongjian suggestions list --overdue
    """
    path = path_of(where, estate=estate) if where else "/v1/suggestions"
    if where:
        not_together("RENOVATION", ("--place", place))
    only_with("--estate", estate, "RENOVATION", where)
    if as_:
        not_together("--as", ("--credential", credential), ("--service", service))
        requests = as_official(data, where, as_)
    else:
        token = "" if credential is None else read_ticket(credential)
        requests = anybody(data, service, token)
    query = {"overdue": "true"} if overdue else {}
    query |= {"place": place} if place else {}
    found = requests.get(path, **query)
    assert isinstance(found, list)
    zone = cache(partial(zone_of, requests))
    show(found, lambda: suggestion_lines([each for each in found if isinstance(each, dict)], zone))


@commands.command("write-down")
def write_down(  # noqa: PLR0917 - typer reads the signature
    where: Where,
    units: Units,
    as_: As,
    theme: Theme,
    reason: Reason,
    proposal: Proposal,
    sheet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The scan of what they signed.")
    ] = None,
    estate: InEstate = False,
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Write down what a household or a group has said or signed; somebody else reviews it.

    Example: gongjian suggestions write-down r1 1-101 1-102 --as grid --theme lamps --reason "it is dark" --proposal "a lamp on each floor"
    """
    body = _words(units, theme, reason, proposal)
    body["sheet_sha256"] = None if sheet is None else _hash_of(sheet)
    _send(data, where, as_, "written-down", sent_fields(command_id, **body), estate=estate)


@commands.command("sheet")
def take_sheet(
    where: Where,
    suggestion: Named,
    units: Units,
    as_: As,
    sheet: Sheet,
    estate: InEstate = False,
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Take in a sheet on which neighbours have signed that they support a suggestion.

    Example: gongjian suggestions sheet r1 g1 1-103 1-104 --as grid --sheet scan.pdf
    """
    named_units: list[JsonValue] = [*units]
    body = sent_fields(command_id, unit_numbers=named_units, sheet_sha256=_hash_of(sheet))
    _send(data, where, as_, f"{suggestion}/sheets", body, estate=estate)


@commands.command("publish")
def publish(
    where: Where,
    suggestion: Named,
    as_: As,
    estate: InEstate = False,
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Make the words of a suggestion public; of a hidden one, by somebody else than who hid it.

    Example: gongjian suggestions publish r1 g1 --as committee
    """
    body = sent_fields(command_id, decision="publish")
    _send(data, where, as_, f"{suggestion}/review", body, estate=estate)


@commands.command("hide")
def hide(
    where: Where,
    suggestion: Named,
    as_: As,
    reason: Annotated[str, typer.Option(help="Which rule its words break; its authors are told.")],
    estate: InEstate = False,
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Keep the words of a suggestion from the public, for a reason.

    Example: gongjian suggestions hide r1 g1 --as committee --reason "it insults a neighbour"
    """
    body = sent_fields(command_id, decision="hide", reason=reason)
    _send(data, where, as_, f"{suggestion}/review", body, estate=estate)


@commands.command("merge")
def merge(
    where: Where,
    suggestion: Named,
    into: Annotated[str, typer.Argument(metavar="INTO", help="The suggestion that it repeats.")],
    as_: As,
    estate: InEstate = False,
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Join a repeat to the suggestion that it repeats: who stands behind it stands behind that one.

    Example: gongjian suggestions merge r1 g2 g1 --as committee
    """
    body = sent_fields(command_id, into=into)
    _send(data, where, as_, f"{suggestion}/merging", body, estate=estate)


@commands.command("answer")
def answer(  # noqa: PLR0917 - typer reads the signature
    where: Where,
    suggestions: Annotated[
        list[str], typer.Argument(metavar="ID...", help="One suggestion, or several at once.")
    ],
    as_: As,
    outcome: Annotated[SuggestionOutcome, typer.Option(help="What is decided.")],
    reason: Annotated[str, typer.Option(help="Why; who stands behind them reads it.")],
    item: Annotated[str, typer.Option(help="The scheme's cost item that it became.")] = "",
    motion: Annotated[str, typer.Option(help="The scheme's motion that it became.")] = "",
    estate: InEstate = False,
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Reply with a reason; what many support is turned down by two (`gongjian proposals confirm`).

    Example: gongjian suggestions answer r1 g1 g2 --as committee --outcome adopted --item lamps --reason "cheap and wanted"
    """
    ids: list[JsonValue] = [*suggestions]
    body = sent_fields(
        command_id,
        suggestions=ids,
        outcome=outcome.value,
        reason=reason,
        item=item or None,
        motion=motion or None,
    )
    _send(data, where, as_, "replies", body, estate=estate)


def _send(
    data: Path | None,
    where: str,
    as_: str,
    part: str,
    body: dict[str, JsonValue],
    *,
    estate: bool,
) -> None:
    show_done(as_official(data, where, as_).post(f"{path_of(where, estate=estate)}/{part}", body))


def _words(units: list[str], theme: str, reason: str, proposal: str) -> dict[str, JsonValue]:
    return {"unit_numbers": [*units], "theme": theme, "reason": reason, "proposal": proposal}


def _hash_of(sheet: Path) -> str:
    return hashlib.sha256(read_file(sheet)).hexdigest()


def suggestion_lines(
    found: list[dict[str, JsonValue]], zone: Callable[[str], str]
) -> Iterator[Line]:
    """A line for each; `zone` says of a case, or of none, by which clocks its people live."""
    if found:
        rows = [_row(each, zone) for each in found]
        yield table(words("id theme state supporters until reply"), rows)
    else:
        yield said("line.no_suggestions")


def _row(each: dict[str, JsonValue], zone: Callable[[str], str]) -> tuple[str, ...]:
    reply, until = each["reply"], "-"
    if each["due_at"] is not None:
        of_case = zone(str(each["renovation_id"] or ""))
        until = moment(datetime.fromisoformat(str(each["due_at"])), of_case)
    outcome = str(reply["outcome"]) if isinstance(reply, dict) else ""
    return (
        str(each["id"]),
        str(each["theme"] or said("line.suggestion_unread")),
        named("suggestion_state", str(each["state"])),
        f"{each['supporters']}/{each['needed']}",
        f"{until} {said('line.suggestion_late')}" if each["late"] else until,
        named("suggestion_outcome", outcome) if outcome else "-",
    )
