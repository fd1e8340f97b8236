"""`proposals …`: what waits for a second person, and the second person's word, on one sheet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import JsonValue

from cli.output import Commands, show, table
from cli.shown import moment, words
from cli.votes.commands import As, AsIfSeveral, CommandId, Data, Id, sent_fields, write
from cli.words import named, said
from models.values.waits import Consequence

if TYPE_CHECKING:
    from rich.table import Table

    from cli.people.requests import ServiceRequests

Line = dict[str, JsonValue]
Named = Annotated[
    list[str], typer.Argument(metavar="ID...", help="Proposals that were read, one or many.")
]
NO_DIGEST = "0" * 64

commands = Commands(
    help="What waits for a second person: list it, confirm it, refuse it.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(commands, name="proposals")


@commands.command("list")
def list_proposals(
    renovation: Id,
    as_: AsIfSeveral = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Also what is decided or over.")
    ] = False,
    data: Data = None,
) -> None:
    """What waits for a second person: who proposed it, until when, and what happens then.

    Example: gongjian proposals list r1 --as li
    """
    from cli.people.requests import zone_of

    requests = _reader(data, renovation, as_)
    found = [each for each in _listed(requests, renovation) if everything or _is_open(each)]
    show(
        found,
        lambda: [
            _table(found, zone_of(requests, renovation)) if found else said("line.no_proposals")
        ],
    )


@commands.command("confirm")
def confirm_proposals(
    renovation: Id,
    proposals: Named,
    as_: As,
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Confirm one proposal or a sheet of many, each by itself: what was proposed is done.

    Example: gongjian proposals confirm r1 m1 m2 --as li
    """
    # What a proposal says never changes: who has read it by its id has read this.
    listed = _listed(_reader(data, renovation, as_), renovation)
    digests = {each["id"]: each["content_sha256"] for each in listed}
    lines: list[JsonValue] = [
        {"id": each, "content_sha256": digests.get(each, NO_DIGEST)} for each in proposals
    ]
    sheet = sent_fields(command_id, proposals=lines)
    done = write(data, renovation, as_, "proposals/confirmations", sheet)
    show(done, lambda: _sheet_lines(done))
    if isinstance(done, dict) and done["refused"]:
        raise typer.Exit(1)


@commands.command("refuse")
def refuse_proposal(
    renovation: Id,
    proposal: Annotated[str, typer.Argument(metavar="ID", help="The proposal.")],
    as_: As,
    reason: Annotated[str, typer.Option(help="Why; kept apart from the public record.")],
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Turn a proposal down, or take the own one back; nothing is done.

    Example: gongjian proposals refuse r1 m1 --as li --reason "the paper is not signed"
    """
    given = sent_fields(command_id, reason=reason)
    done = write(data, renovation, as_, f"proposals/{proposal}/withdrawal", given)
    show(done, lambda: [said("line.proposal_refused", proposal=proposal)])


def _reader(data: Path | None, renovation: str, as_: str) -> ServiceRequests:
    from cli.people.requests import of_case

    return of_case(data, renovation, as_, "withdraw_proposal")


def _listed(requests: ServiceRequests, renovation: str) -> list[Line]:
    found = requests.get(f"/v1/renovations/{renovation}/proposals")
    assert isinstance(found, list)
    return [each for each in found if isinstance(each, dict)]


def _is_open(line: Line) -> bool:
    from rules.four_eyes import ProposalState

    return line["state"] == ProposalState.OPEN


def _table(lines: list[Line], zone: str) -> Table:
    rows = []
    for each in lines:
        ends = moment(datetime.fromisoformat(str(each["expires_at"])), zone)
        then = named("then", Consequence.PROPOSAL_ENDED.value) if _is_open(each) else "-"
        what = " ".join(filter(None, (named("proposing", str(each["act"])), _unit(each))))
        state = named("proposal_state", str(each["state"]))
        rows.append((str(each["id"]), what, str(each["proposed_by"]), state, ends, then))
    return table(words("id proposed_what proposed_by state until then"), rows)


def _unit(line: Line) -> str:
    """The unit that it is about, where it is about one; of a sum on a statement the bank's number."""
    content = line["content"]
    if not isinstance(content, dict):
        return ""
    for each in (content, content.get("sale")):
        if isinstance(each, dict) and isinstance(each.get("unit_number"), str):
            return str(each["unit_number"])
    return str(content.get("reference") or "")


def _sheet_lines(done: JsonValue) -> Iterator[str]:
    """What came of each line of a sheet, in words."""
    assert isinstance(done, dict)
    confirmed, refused = done["confirmed"], done["refused"]
    assert isinstance(confirmed, list)
    assert isinstance(refused, list)
    for each in confirmed:
        assert isinstance(each, dict)
        event = named("event", str(each["kind"]))
        yield said("line.proposal_confirmed", proposal=str(each["id"]), event=event)
    for each in refused:
        assert isinstance(each, dict)
        params = each["params"]
        assert isinstance(params, dict)
        why = said(str(each["code"]), **{name: str(value) for name, value in params.items()})
        yield said("line.proposal_not_confirmed", proposal=str(each["id"]), why=why)
