"""`letters …`: the letters with which residents, buyers and agents enter."""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo

import typer

from cli.access.printed import give_pdf, tell_missing
from cli.access.progress import counted, moving, waiting
from cli.inputs import read_file
from cli.servers import DATA, running
from cli.words import Language, number_of, said, speak
from models.values.refusal import refusal

if TYPE_CHECKING:
    from pydantic import BaseModel

    from models.values.actor import Actor
    from service.parts import Parts
    from service.situation import Situation

R = TypeVar("R")
Id = Annotated[str, typer.Argument(metavar="RENOVATION", help="The id that `gongjian start` gave.")]
Unit = Annotated[str, typer.Argument(help="The number of the unit.")]
Letter = Annotated[str, typer.Argument(help="The id of the letter, as `letters list` shows it.")]
As = Annotated[str, typer.Option("--as", metavar="ACTOR", help="Who acts: the id of an official.")]
Why = Annotated[str, typer.Option(help="Why; the record keeps a hash of it.")]
Data = Annotated[Path | None, DATA]

commands = typer.Typer(
    help="The letters with which residents enter: print, renew, hand out, withdraw, enter.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(commands, name="letters")


@commands.command("print")
def print_all(
    renovation: Id,
    as_: As,
    out: Annotated[Path | None, typer.Option(help="Write it here, readable by you only.")] = None,
    form: Annotated[
        Literal["csv", "html", "pdf"] | None,
        typer.Option("--format", help="csv, html or pdf; else as the name of the file ends."),
    ] = None,
    language: Language = "",
    data: Data = None,
) -> None:
    """A letter for each unit that has none, and those nobody has entered with; keep them secret.

    Example: gongjian letters print r1 --as li --out letters.pdf
    """
    from service.access import printing
    from service.bodies import CommandBody

    speak(language)
    wanted = form or (out.suffix.lstrip(".") if out else "")

    async def work(parts: Parts, situation: Situation, actor: Actor) -> int:
        command = CommandBody(command_id=f"cli-{uuid.uuid4()}")
        with waiting(said("letters.making")):
            letters = await printing.print_letters(parts, situation, actor, command)
        zone = ZoneInfo(situation.timetable.zone)
        with waiting(said("letters.writing"), len(letters)) as bar:
            if wanted == "pdf":
                fonts = parts.settings.paper_fonts
                give_pdf(printing.as_pdf(letters, situation.title, fonts, moving(bar)), out)
                tell_missing((name for each in letters for name in each.owners), fonts)
                return len(letters)
            one_by_one = counted(letters, bar)
            if wanted in ("html", "htm"):
                _give(printing.as_pages(one_by_one, situation.title, zone), out)
            else:
                _give(printing.as_csv(one_by_one, zone), out)
        return len(letters)

    count = as_official(data, renovation, as_, "issue_letters", work)
    print(
        said("letters.printed" if count else "letters.none", letters=number_of("letters", count)),
        file=sys.stderr,
    )


@commands.command("list")
def list_all(renovation: Id, as_: As, data: Data = None) -> None:
    """The letters that are good or wait to be handed out, as JSON; never a link.

    Example: gongjian letters list r1 --as li
    """
    from service.access.letters import list_letters

    async def work(parts: Parts, situation: Situation, _actor: Actor) -> None:
        async with parts.database.session() as session:
            for row in await list_letters(session, situation):
                print(json.dumps(row.model_dump(mode="json"), ensure_ascii=False))

    as_official(data, renovation, as_, "issue_letters", work)


@commands.command("reissue")
def reissue(renovation: Id, unit: Unit, as_: As, reason: Why, data: Data = None) -> None:
    """Void what was issued for a unit and make a new letter; somebody else hands it out.

    Example: gongjian letters reissue r1 1-101 --as li --reason "the letter was lost"
    """
    from service.access.bodies import ReissueLetter
    from service.access.letters import reissue_letter
    from service.http.problems import read_fields

    command = read_fields(ReissueLetter, _fields(unit_number=unit, reason=reason))
    as_official(data, renovation, as_, "issue_letters", _printing(reissue_letter, command))


@commands.command("withdraw")
def withdraw(renovation: Id, unit: Unit, as_: As, reason: Why, data: Data = None) -> None:
    """Void what was issued for a unit, at once.

    Example: gongjian letters withdraw r1 1-101 --as li --reason "the letter was stolen"
    """
    from service.access.bodies import WithdrawAccess
    from service.access.letters import withdraw_access
    from service.http.problems import read_fields

    command = read_fields(WithdrawAccess, _fields(unit_number=unit, reason=reason))
    as_official(data, renovation, as_, "issue_letters", _printing(withdraw_access, command))


@commands.command("hand")
def hand(renovation: Id, letter: Letter, as_: As, data: Data = None) -> None:
    """The link of a letter, to hand to whom it is for; not by whoever made the letter.

    Example: gongjian letters hand r1 l12 --as wang
    """
    from service.access.bodies import HandLetter
    from service.access.letters import hand_letter
    from service.http.problems import read_fields

    command = read_fields(HandLetter, _fields())

    async def work(parts: Parts, situation: Situation, actor: Actor) -> None:
        _show(await hand_letter(parts, situation, actor, letter, command))

    as_official(data, renovation, as_, "hand_letter", work)


@commands.command("code")
def code(renovation: Id, letter: Letter, as_: As, data: Data = None) -> None:
    """The code of a letter, to tell in person; not by whoever handed out its link.

    Example: gongjian letters code r1 l12 --as li
    """
    from service.access.bodies import GiveCode
    from service.access.letters import give_code
    from service.http.problems import read_fields

    command = read_fields(GiveCode, _fields())

    async def work(parts: Parts, situation: Situation, actor: Actor) -> None:
        _show(await give_code(parts, situation, actor, letter, command))

    as_official(data, renovation, as_, "hand_letter", work)


@commands.command("enter")
def enter(
    letter: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="The link and, on a line below, the second fact; or -."
        ),
    ],
    data: Data = None,
) -> None:
    """Enter with a letter: prints the ticket that `gongjian vote …` wants, good for an hour.

    Example: gongjian letters enter letter.txt >unit.txt
    """
    from service.access import entering

    async def inside() -> str:
        link, fact = _link_and_fact(letter)
        async with running(data) as parts:
            return (await entering.enter(parts, link.rpartition("/")[2], fact)).ticket

    print(asyncio.run(inside()))


def _link_and_fact(file: Path) -> tuple[str, str]:
    text = sys.stdin.read() if str(file) == "-" else read_file(file).decode("utf-8", "replace")
    link, _, fact = text.strip().partition("\n")
    return link.strip(), fact.strip()


def _fields(**fields: object) -> dict[str, object]:
    return {"command_id": f"cli-{uuid.uuid4()}", **fields}


C = TypeVar("C")


def _printing(
    act: Callable[[Parts, Situation, Actor, C], Awaitable[BaseModel]], command: C
) -> Callable[[Parts, Situation, Actor], Awaitable[None]]:
    async def work(parts: Parts, situation: Situation, actor: Actor) -> None:
        _show(await act(parts, situation, actor, command))

    return work


def as_official(
    data: Path | None,
    renovation: str,
    actor_id: str,
    what: str,
    work: Callable[[Parts, Situation, Actor], Awaitable[R]],
) -> R:
    """Do something in the name of an official who may."""
    from cli.people.own import must_be_signed_in
    from rules.authority import ROLES_OF_WRITE
    from service.situation import load_grants, load_situation

    async def inside() -> R:
        async with running(data) as parts:
            situation = await load_situation(parts.database, renovation)
            await must_be_signed_in(parts, data, renovation, actor_id)
            grants = await load_grants(parts.database, actor_id, renovation)
            actor = situation.in_role(grants, *sorted(ROLES_OF_WRITE[what].roles))
            return await work(parts, situation, actor)

    return asyncio.run(inside())


def _give(text: str, out: Path | None) -> None:
    from runtime.private import write_private

    if out is None:
        sys.stdout.write(text)
        return
    try:
        write_private(out.absolute(), text)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise refusal(
            "cases.file_unwritable", where=str(out), file=str(out), reason=reason
        ) from None


def _show(value: BaseModel) -> None:
    print(json.dumps(value.model_dump(mode="json"), ensure_ascii=False))
