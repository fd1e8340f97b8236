"""`letters …`: the letters with which residents, buyers and agents enter."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import typer
from pydantic import JsonValue

from cli.access.printed import give_pdf, tell_missing
from cli.access.progress import counted, moving, waiting
from cli.inputs import read_file
from cli.output import Commands, give_text, lines_of, show, tell
from cli.people.clients import command_of
from cli.people.requests import LONG_S, ServiceRequests, anybody, of_case
from cli.servers import DATA, local_settings
from cli.words import Language, number_of, said, speak

Id = Annotated[str, typer.Argument(metavar="RENOVATION", help="The id that `gongjian start` gave.")]
Unit = Annotated[str, typer.Argument(help="The number of the unit.")]
Letter = Annotated[str, typer.Argument(help="The id of the letter, as `letters list` shows it.")]
As = Annotated[
    str, typer.Option("--as", metavar="ACTOR", help="Who acts, where several are signed in here.")
]
Why = Annotated[str, typer.Option(help="Why; the record keeps a hash of it.")]
CommandId = Annotated[str, typer.Option(help="The same id is done once; else a new one.")]
Data = Annotated[Path | None, DATA]
ISSUE, HAND = "issue_letters", "hand_letter"

commands = Commands(
    help="The letters with which residents enter: print, renew, hand out, withdraw, enter.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(commands, name="letters")


@commands.command("print")
def print_all(
    renovation: Id,
    as_: As = "",
    out: Annotated[Path | None, typer.Option(help="Write it here, readable by you only.")] = None,
    form: Annotated[
        Literal["csv", "html", "pdf"] | None,
        typer.Option("--format", help="csv, html or pdf; else as the name of the file ends."),
    ] = None,
    command_id: CommandId = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """A letter for each unit that has none, and those nobody has entered with; keep them secret.

    Example: gongjian letters print r1 --as li --out letters.pdf
    """
    from service.access import printing

    speak(language)
    wanted = form or (out.suffix.lstrip(".") if out else "")
    requests = of_case(data, renovation, as_, ISSUE)
    with waiting(said("letters.making")):
        path = f"{_of(renovation)}/letters/printing"
        made = requests.post(path, command_of(command_id, {}), LONG_S)
        letters = [
            printing.PrintedLetter.model_validate(each)
            for each in (made if isinstance(made, list) else ())
        ]
    title, zone = title_and_zone(requests, renovation)
    with waiting(said("letters.writing"), len(letters)) as bar:
        if wanted == "pdf":
            fonts = local_settings(data).paper_fonts
            give_pdf(printing.as_pdf(letters, title, zone, fonts, moving(bar)), out, len(letters))
            tell_missing((name for each in letters for name in each.owners), fonts)
        elif wanted in ("html", "htm"):
            give_text(printing.as_pages(counted(letters, bar), title, zone), made, out)
        else:
            give_text(printing.as_csv(counted(letters, bar), zone), made, out)
    count = len(letters)
    tell(said("letters.printed" if count else "letters.none", letters=number_of("letters", count)))


@commands.command("list")
def list_all(renovation: Id, as_: As = "", language: Language = "", data: Data = None) -> None:
    """The letters that are good or wait to be handed out; never a link.

    Example: gongjian letters list r1 --as li
    """
    speak(language)
    found = of_case(data, renovation, as_, ISSUE).get(f"{_of(renovation)}/letters")
    show(found, lambda: lines_of(found))


@commands.command("reissue")
def reissue(
    renovation: Id,
    unit: Unit,
    reason: Why,
    as_: As = "",
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Void what was issued for a unit and make a new letter; somebody else hands it out.

    Example: gongjian letters reissue r1 1-101 --as li --reason "the letter was lost"
    """
    body = command_of(command_id, {"unit_number": unit, "reason": reason})
    _send(data, renovation, as_, ISSUE, "letters", body)


@commands.command("withdraw")
def withdraw(
    renovation: Id,
    unit: Unit,
    reason: Why,
    as_: As = "",
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Void what was issued for a unit, at once.

    Example: gongjian letters withdraw r1 1-101 --as li --reason "the letter was stolen"
    """
    body = command_of(command_id, {"unit_number": unit, "reason": reason})
    _send(data, renovation, as_, ISSUE, "withdrawals", body)


@commands.command("hand")
def hand(
    renovation: Id, letter: Letter, as_: As = "", command_id: CommandId = "", data: Data = None
) -> None:
    """The link of a letter, to hand to whom it is for; not by whoever made the letter.

    Example: gongjian letters hand r1 l12 --as wang
    """
    _send(data, renovation, as_, HAND, f"letters/{letter}/link", command_of(command_id, {}))


@commands.command("code")
def code(
    renovation: Id, letter: Letter, as_: As = "", command_id: CommandId = "", data: Data = None
) -> None:
    """The code of a letter, to tell in person; not by whoever handed out its link.

    Example: gongjian letters code r1 l12 --as li
    """
    _send(data, renovation, as_, HAND, f"letters/{letter}/code", command_of(command_id, {}))


@commands.command("enter")
def enter(
    letter: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="The link and, on a line below, the second fact; or -."
        ),
    ],
    service: Annotated[
        str, typer.Option(metavar="URL", help="Which service; else the one of this machine.")
    ] = "",
    data: Data = None,
) -> None:
    """Enter with a letter: prints the ticket that `gongjian vote …` wants, good for an hour.

    Example: gongjian letters enter letter.txt >unit.txt
    """
    link, fact = _link_and_fact(letter)
    path = f"/v1/letters/{link.rpartition('/')[2]}/entries"
    entered = anybody(data, service).post(path, {"fact": fact})
    assert isinstance(entered, dict)
    show(entered, lambda: [str(entered["ticket"])])


def title_and_zone(requests: ServiceRequests, renovation: str) -> tuple[str, ZoneInfo]:
    """What a case is called, and by which clocks its people live."""
    case, clock = requests.get(_of(renovation)), requests.get(f"{_of(renovation)}/clock")
    assert isinstance(case, dict)
    assert isinstance(clock, dict)
    return str(case["title"]), ZoneInfo(str(clock["zone"]))


def _of(renovation: str) -> str:
    return f"/v1/renovations/{renovation}"


def _link_and_fact(file: Path) -> tuple[str, str]:
    text = sys.stdin.read() if str(file) == "-" else read_file(file).decode("utf-8", "replace")
    link, _, fact = text.strip().partition("\n")
    return link.strip(), fact.strip()


def _send(
    data: Path | None,
    renovation: str,
    as_: str,
    what: str,
    part: str,
    body: dict[str, JsonValue],
) -> None:
    done = of_case(data, renovation, as_, what).post(f"{_of(renovation)}/{part}", body)
    show(done, lambda: lines_of(done))
