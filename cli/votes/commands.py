"""`vote …`: what a committee does in an open vote beside the web; nobody sees a choice here."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import uuid
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from pydantic import BaseModel

from cli.inputs import read_file
from cli.servers import DATA, running
from cli.words import said
from models.values.channels import PaperChannel, RulingKind
from models.values.refusal import Refused

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from models.tables import BallotBox
    from models.values.actor import Actor
    from service.parts import Parts
    from service.situation import Situation

T = TypeVar("T")
C = TypeVar("C", bound=BaseModel)
R = TypeVar("R", bound=BaseModel)
Id = Annotated[str, typer.Argument(metavar="RENOVATION", help="The id that `gongjian start` gave.")]
As = Annotated[str, typer.Option("--as", metavar="ACTOR", help="Who acts: the id of an official.")]
Data = Annotated[Path | None, DATA]
Box = Annotated[
    str | None, typer.Option(help="Which box, where buildings or entrances vote by themselves.")
]
CommandId = Annotated[str, typer.Option(help="The same id is done once; else a new one.")]

commands = typer.Typer(
    help="An open vote: ballots, paper, attendance, objections, consents, reminders.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module, and what owners say."""
    import_module("cli.votes.household")
    app.add_typer(commands, name="vote")


@commands.command("contested")
def show_contested(renovation: Id, box: Box = None, data: Data = None) -> None:
    """Units whose ballots wait for a ruling, as JSON: channels and codes, never a choice.

    Example: gongjian vote contested r1
    """
    from service.channels.rulings import contested_units

    print_all(_read(data, renovation, contested_units, box))


@commands.command("non-voters")
def show_non_voters(renovation: Id, box: Box = None, data: Data = None) -> None:
    """Units that have cast no ballot by any way, one a line.

    Example: gongjian vote non-voters r1
    """
    from service.channels.rounds import list_non_voters

    for unit in _read(data, renovation, list_non_voters, box):
        print(unit)


@commands.command("count-sheets")
def show_count_sheets(renovation: Id, box: Box = None, data: Data = None) -> None:
    """The count sheet of every batch of paper, as JSON.

    Example: gongjian vote count-sheets r1
    """
    from service.channels.count_sheets import list_count_sheets

    print_all(_read(data, renovation, list_count_sheets, box))


@commands.command("mandates")
def show_mandates(renovation: Id, box: Box = None, data: Data = None) -> None:
    """The register of mandates with its history, as JSON; no names, no instructions.

    Example: gongjian vote mandates r1
    """
    from service.channels.register import list_register

    print_all(_read(data, renovation, list_register, box))


@commands.command("rule")
def rule_on(  # noqa: PLR0917 - typer reads the signature
    renovation: Id,
    unit: Annotated[str, typer.Argument(help="One of the owner's units.")],
    kind: Annotated[RulingKind, typer.Argument(help="disputed, accepted or set_aside.")],
    as_: As,
    reason: Annotated[str, typer.Option(help="Why; kept apart from the public record.")],
    ballot: Annotated[str, typer.Option(help="The accepted ballot, by its code.")] = "",
    box: Box = None,
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Record a ruling on a unit's ballots.

    Example: gongjian vote rule r1 1-101 accepted --as wang --reason "the signature is the owner's"
    """
    from service.channels.bodies import RuleOnBallots
    from service.channels.rulings import record_ruling
    from service.http.problems import read_fields

    said = {"unit_number": unit, "kind": kind, "ballot": ballot, "reason": reason}
    given = sent_fields(command_id, box_id=box, **said)
    command = read_fields(RuleOnBallots, given)
    print_all([write(data, renovation, as_, "rule_on_ballots", command, record_ruling)])


@commands.command("paper")
def type_paper(  # noqa: PLR0917 - typer reads the signature
    renovation: Id,
    file: Annotated[Path, typer.Argument(help="CSV: unit, then a column for each motion.")],
    as_: As,
    reference: Annotated[str, typer.Option(help="What is written on the bundle.")],
    scan: Annotated[str, typer.Option(help="Where its scan is kept.")],
    channel: Annotated[PaperChannel, typer.Option(help="paper, door or onsite.")] = "paper",
    code: Annotated[
        str, typer.Option(help="What the first typist wrote on the bundle; else a new one is made.")
    ] = "",
    box: Box = None,
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Type a bundle of paper ballots; the second typing, by somebody else, casts what agrees.

    Example: gongjian vote paper r1 sheet.csv --as li --reference folder-3 --scan scan.pdf
    """
    from formats.paper_sheet import lines_of_sheet
    from service.channels.bodies import EnterPaper
    from service.channels.paper import enter_paper
    from service.http.problems import read_fields

    lines = lines_of_sheet(read_file(file), file.name)
    made = "" if code else secrets.token_hex(10)
    given = sent_fields(
        command_id,
        box_id=box,
        reference=reference,
        scan=scan,
        code=code or made,
        channel=channel,
        lines=[{"unit_number": line.unit_number, "choices": line.choices} for line in lines],
    )
    command = read_fields(EnterPaper, given)
    try:
        taken = write(data, renovation, as_, "enter_paper", command, enter_paper)
    except Refused:
        raise
    except Exception:
        if made:
            print(f"gongjian: {said('line.bundle_code', code=made)}", file=sys.stderr)
        raise
    if made:
        print(f"gongjian: {said('line.write_code', code=made)}", file=sys.stderr)
    print_all([taken])


@commands.command("remind")
def remind_silent(
    renovation: Id, as_: As, box: Box = None, command_id: CommandId = "", data: Data = None
) -> None:
    """Remind those who have not taken part, and nobody else.

    Example: gongjian vote remind r1 --as li
    """
    from service.channels.bodies import Remind
    from service.channels.rounds import remind_non_voters
    from service.http.problems import read_fields

    command = read_fields(Remind, sent_fields(command_id, box_id=box))
    print_all([write(data, renovation, as_, "remind", command, remind_non_voters)])


def sent_fields(command_id: str, **fields: object) -> dict[str, object]:
    """The fields of a body, with a command id of its own where none was given."""
    return {"command_id": command_id or f"cli-{uuid.uuid4()}", **fields}


def _read(
    data: Path | None,
    renovation: str,
    read: Callable[[AsyncSession, BallotBox], Awaitable[T]],
    box_id: str | None,
) -> T:
    """Read something of a box of the running vote."""
    from service.channels.open_box import read_running_box
    from service.situation import load_situation

    async def work() -> T:
        async with running(data) as parts:
            situation = await load_situation(parts.database, renovation)
            return await read_running_box(parts.database, situation, read, box_id)

    return asyncio.run(work())


def write(
    data: Path | None,
    renovation: str,
    actor_id: str,
    what: str,
    command: C,
    act: Callable[[Parts, Situation, Actor, C], Awaitable[R]],
) -> R:
    """Do something as an official who is signed in here and may."""
    from cli.people.own import must_be_signed_in
    from rules.authority import ROLES_OF_WRITE
    from service.situation import load_grants, load_situation

    async def work() -> R:
        async with running(data) as parts:
            situation = await load_situation(parts.database, renovation)
            await must_be_signed_in(parts, data, renovation, actor_id)
            grants = await load_grants(parts.database, actor_id, renovation)
            actor = situation.in_role(grants, *sorted(ROLES_OF_WRITE[what].roles))
            return await act(parts, situation, actor, command)

    return asyncio.run(work())


def print_all(values: Sequence[BaseModel]) -> None:
    """Each as JSON on a line of its own."""
    for value in values:
        print(json.dumps(value.model_dump(mode="json"), ensure_ascii=False))
