"""`vote …`: what a committee does in an open vote beside the web; nobody sees a choice here."""

from __future__ import annotations

import secrets
import uuid
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import JsonValue
from pydantic_core import to_jsonable_python

from cli.inputs import read_file
from cli.output import Commands, lines_of, show, tell
from cli.servers import DATA, local_settings
from cli.words import said
from models.values.channels import PaperChannel, RulingKind
from models.values.refusal import Refused

if TYPE_CHECKING:
    from formats.paper_sheet import PrintedMotion

Id = Annotated[str, typer.Argument(metavar="RENOVATION", help="The id that `gongjian start` gave.")]
As = Annotated[str, typer.Option("--as", metavar="ACTOR", help="Who acts: the id of an official.")]
AsIfSeveral = Annotated[
    str, typer.Option("--as", metavar="ACTOR", help="Who reads, where several are signed in here.")
]
Data = Annotated[Path | None, DATA]
Box = Annotated[
    str | None, typer.Option(help="Which box, where buildings or entrances vote by themselves.")
]
CommandId = Annotated[str, typer.Option(help="The same id is done once; else a new one.")]

commands = Commands(
    help="An open vote: ballots, paper, attendance, objections, consents, reminders.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module, and what owners say."""
    import_module("cli.votes.household")
    app.add_typer(commands, name="vote")


@commands.command("contested")
def show_contested(
    renovation: Id, as_: AsIfSeveral = "", box: Box = None, data: Data = None
) -> None:
    """Units whose ballots wait for a ruling: channels and codes, never a choice.

    Example: gongjian vote contested r1
    """
    show_answer(read(data, renovation, as_, "rule_on_ballots", "contested", box))


@commands.command("non-voters")
def show_non_voters(
    renovation: Id, as_: AsIfSeveral = "", box: Box = None, data: Data = None
) -> None:
    """Units that have cast no ballot by any way, one a line.

    Example: gongjian vote non-voters r1
    """
    silent = read(data, renovation, as_, "remind", "non-voters", box)
    show(silent, lambda: map(str, silent))


@commands.command("count-sheets")
def show_count_sheets(
    renovation: Id, as_: AsIfSeveral = "", box: Box = None, data: Data = None
) -> None:
    """The count sheet of every batch of paper.

    Example: gongjian vote count-sheets r1
    """
    show_answer(read(data, renovation, as_, "enter_paper", "paper", box))


@commands.command("mandates")
def show_mandates(
    renovation: Id, as_: AsIfSeveral = "", box: Box = None, data: Data = None
) -> None:
    """The register of mandates with its history; no names, no instructions.

    Example: gongjian vote mandates r1
    """
    show_answer(read(data, renovation, as_, "register_mandate", "mandates", box))


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
    said: dict[str, JsonValue] = {"unit_number": unit, "kind": kind, "ballot": ballot}
    given = sent_fields(command_id, box_id=box, reason=reason, **said)
    show_answer(write(data, renovation, as_, "rulings", given))


@commands.command("paper")
def type_paper(  # noqa: PLR0917 - typer reads the signature
    renovation: Id,
    file: Annotated[
        Path,
        typer.Argument(help=".csv, .xlsx, .xls, .ods: unit, then a column for each motion."),
    ],
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
    from runtime.spreadsheets.paper_files import read_paper_sheet

    lines = read_paper_sheet(
        read_file(file), file.name, printed_motions(data, renovation, as_, box)
    )
    typed = [{"unit_number": line.unit_number, "choices": line.choices} for line in lines]
    made = "" if code else secrets.token_hex(10)
    given = sent_fields(
        command_id,
        box_id=box,
        reference=reference,
        scan=scan,
        code=code or made,
        channel=channel,
        lines=to_jsonable_python(typed),
    )
    try:
        taken = write(data, renovation, as_, "paper", given)
    except Refused:
        raise
    except Exception:
        if made:
            tell(f"gongjian: {said('line.bundle_code', code=made)}")
        raise
    if made:
        tell(f"gongjian: {said('line.write_code', code=made)}")
    show_answer(taken)


@commands.command("remind")
def remind_silent(
    renovation: Id, as_: As, box: Box = None, command_id: CommandId = "", data: Data = None
) -> None:
    """Remind those who have not taken part, and nobody else.

    Example: gongjian vote remind r1 --as li
    """
    show_answer(write(data, renovation, as_, "reminders", sent_fields(command_id, box_id=box)))


def sent_fields(command_id: str, **fields: JsonValue) -> dict[str, JsonValue]:
    """The fields of a body, with a command id of its own where none was given."""
    return {"command_id": command_id or f"cli-{uuid.uuid4()}", **fields}


def read(
    data: Path | None, renovation: str, as_: str, what: str, part: str, box_id: str | None = None
) -> list[JsonValue]:
    """Read something of a box of the running vote, as whoever is signed in here and may do `what`."""
    from cli.people.requests import of_case

    requests = of_case(data, renovation, as_, what)
    query = {} if box_id is None else {"box_id": box_id}
    found = requests.get(f"/v1/renovations/{renovation}/{part}", **query)
    assert isinstance(found, list)
    return found


def write(
    data: Path | None, renovation: str, actor_id: str, part: str, fields: dict[str, JsonValue]
) -> JsonValue:
    """Send a command to the service, as an official who is signed in here."""
    from cli.people.requests import in_name_of
    from cli.people.session_file import own_sessions

    home = local_settings(data).data_dir
    kept, *_ = own_sessions(home, renovation, actor_id)
    return in_name_of(home, kept).post(f"/v1/renovations/{renovation}/{part}", fields)


def printed_motions(
    data: Path | None, renovation: str, actor_id: str, box_id: str | None
) -> list[PrintedMotion]:
    """The motions of the running vote, of one box or of all, with the titles that stand on the paper."""
    from cli.people.requests import in_name_of
    from cli.people.session_file import own_sessions
    from formats.paper_sheet import PrintedMotion

    home = local_settings(data).data_dir
    kept, *_ = own_sessions(home, renovation, actor_id)
    case = in_name_of(home, kept).get(f"/v1/renovations/{renovation}")
    assert isinstance(case, dict)
    others = case["other_boxes"]
    boxes = [case["box"], *(others if isinstance(others, list) else ())]
    found: dict[str, PrintedMotion] = {}
    for box in boxes:
        motions = box["motions"] if isinstance(box, dict) and box_id in {None, box["id"]} else []
        for motion in motions if isinstance(motions, list) else ():
            assert isinstance(motion, dict)
            menu = motion.get("menu")
            items = menu["items"] if isinstance(menu, dict) else motion.get("options")
            choices = {
                str(each["title"]): str(each["id"])
                for each in (items if isinstance(items, list) else ())
                if isinstance(each, dict)
            }
            name = str(motion["id"])
            found[name] = PrintedMotion(
                name, str(motion["title"]), choices, several=isinstance(menu, dict)
            )
    return list(found.values())


def show_answer(answer: JsonValue) -> None:
    """What the service answered, a list as a table."""
    show(answer, lambda: lines_of(answer))
