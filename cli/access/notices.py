"""`notices …`: what was sent to whom, what came back, the letters of it, and what is posted."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli.access.letters import as_official
from cli.access.printed import give_pdf, show_progress, tell_missing
from cli.inputs import read_file
from cli.servers import DATA, running
from cli.words import Language, named, number_of, said, speak, spoken_here

if TYPE_CHECKING:
    from pydantic import JsonValue

    from models.values.actor import Actor
    from service.notices.bodies import InboxMessage, MessageView, NoticeView
    from service.parts import Parts
    from service.situation import Situation

Id = Annotated[str, typer.Argument(metavar="RENOVATION", help="The id that `gongjian start` gave.")]
As = Annotated[str, typer.Option("--as", metavar="ACTOR", help="Who asks: the id of an official.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
Data = Annotated[Path | None, DATA]
Message = Annotated[str, typer.Argument(help="The message's id, as `notices show` has it.")]
Out = Annotated[Path | None, typer.Option(help="Write it here, readable by you only.")]
FOLLOW = "follow_notices"

commands = typer.Typer(
    help="Notices: what arrived, what came back, on paper, on the board, and of training cases.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(commands, name="notices")


@commands.command("list")
def list_all(
    renovation: Id, as_: As, as_json: AsJson = False, language: Language = "", data: Data = None
) -> None:
    """The newest notices of a case, and how many messages of each arrived, failed or came back.

    Example: gongjian notices list r1 --as committee
    """
    from service.notices import log

    speak(language)

    async def work(parts: Parts, situation: Situation, _actor: Actor) -> tuple[NoticeView, ...]:
        return await log.list_notices(parts.database, situation, spoken_here())

    for each in as_official(data, renovation, as_, FOLLOW, work):
        if as_json:
            print(json.dumps(each.model_dump(mode="json"), ensure_ascii=False))
            continue
        came = "  ".join(
            f"{named('message_state', state)} {count}"
            for state, count in sorted(each.messages.items())
        )
        rest = said("line.notice_unreached", count=each.unreached) if each.unreached else ""
        state = named("notice_state", each.state)
        print(f"{each.notice[:12]}  {each.created_at:%Y-%m-%d}  {state}  {came}  {rest}".rstrip())
        print(f"    {each.text}")


@commands.command("show")
def show(
    renovation: Id,
    notice: Annotated[str, typer.Argument(help="The notice's id, or how it begins.")],
    as_: As,
    as_json: AsJson = False,
    language: Language = "",
    data: Data = None,
) -> None:
    """The messages of a notice, by household: the way, the state, the attempts; never an address.

    Example: gongjian notices show r1 3f2a --as committee
    """
    from service.notices import log

    speak(language)

    async def work(parts: Parts, situation: Situation, _actor: Actor) -> tuple[MessageView, ...]:
        known = await log.list_notices(parts.database, situation)
        whole = [each.notice for each in known if each.notice.startswith(notice)]
        return await log.list_messages(
            parts.database, situation, whole[0] if len(whole) == 1 else notice
        )

    for each in as_official(data, renovation, as_, FOLLOW, work):
        if as_json:
            print(json.dumps(each.model_dump(mode="json"), ensure_ascii=False))
        else:
            _tell(each)


@commands.command("resend")
def resend(
    renovation: Id, message: Message, as_: As, language: Language = "", data: Data = None
) -> None:
    """Send a message again that failed or came back.

    Example: gongjian notices resend r1 9b1c0d --as committee
    """
    from service.notices import log

    speak(language)

    async def work(parts: Parts, situation: Situation, _actor: Actor) -> MessageView:
        return await log.resend(parts.database, situation, message)

    _tell(as_official(data, renovation, as_, FOLLOW, work))


@commands.command("inbox")
def inbox(
    renovation: Id, as_json: AsJson = False, language: Language = "", data: Data = None
) -> None:
    """What the people of a training case would have got; nothing of it went to a real address.

    Example: gongjian notices inbox r1
    """
    from service.notices import log
    from service.notices.wording import audience_of
    from service.situation import load_situation

    speak(language)

    async def inside() -> tuple[InboxMessage, ...]:
        async with running(data) as parts:
            situation = await load_situation(parts.database, renovation)
            return await log.read_inbox(parts.database, situation, spoken_here())

    for each in asyncio.run(inside()):
        if as_json:
            print(json.dumps(each.model_dump(mode="json"), ensure_ascii=False))
        else:
            whom = audience_of(each.audience, spoken_here())
            print(f"{each.created_at:%Y-%m-%d}  {whom}  {each.text}")


@commands.command("paper")
def paper(
    renovation: Id, as_: As, out: Out = None, language: Language = "", data: Data = None
) -> None:
    """The notices of households without another way, as one PDF; then `notices handed` says that they are out.

    Example: gongjian notices paper r1 --as committee --out notices.pdf
    """
    from service.notices.paper import print_waiting
    from service.paper.letters import PaperLetter, letters_pdf

    speak(language)
    found: tuple[str, Path | None] = ("", None)

    async def work(parts: Parts, situation: Situation, _actor: Actor) -> tuple[PaperLetter, ...]:
        nonlocal found
        found = situation.title, parts.settings.paper_fonts
        return await print_waiting(parts, situation)

    pages = as_official(data, renovation, as_, "issue_letters", work)
    title, fonts = found
    give_pdf(
        letters_pdf(
            pages, title, said("line.paper_heading"), "", more_fonts=fonts, progress=show_progress
        ),
        out,
    )
    tell_missing((name for each in pages for name in each.owners), fonts)


@commands.command("handed")
def handed(
    renovation: Id,
    as_: As,
    unit: Annotated[
        list[str] | None, typer.Option(help="Of this unit only; several times.")
    ] = None,
    language: Language = "",
    data: Data = None,
) -> None:
    """The printed notices are in the letterboxes.

    Example: gongjian notices handed r1 --as committee
    """
    from service.notices.paper import hand_over

    speak(language)

    async def work(parts: Parts, situation: Situation, _actor: Actor) -> int:
        return await hand_over(parts, situation, unit or ())

    print(number_of("letters", as_official(data, renovation, as_, FOLLOW, work)))


@commands.command("returned")
def returned(
    renovation: Id, message: Message, as_: As, language: Language = "", data: Data = None
) -> None:
    """A printed notice could not be delivered and came back.

    Example: gongjian notices returned r1 9b1c0d --as committee
    """
    from service.notices.paper import bring_back

    speak(language)

    async def work(parts: Parts, situation: Situation, _actor: Actor) -> str:
        return (await bring_back(parts, situation, message)).outcome

    print(named("return_outcome", as_official(data, renovation, as_, FOLLOW, work)))


@commands.command("bounce")
def bounce(
    report: Annotated[Path, typer.Argument(metavar="FILE", help="The returned mail; or -.")],
    language: Language = "",
    data: Data = None,
) -> None:
    """Take in an e-mail that came back to bounce+…, for a mail server that pipes it here.

    Example: gongjian notices bounce returned.eml
    """
    from service.notices.bounces import take_report

    speak(language)
    raw = sys.stdin.buffer.read() if str(report) == "-" else read_file(report)

    async def inside() -> str:
        async with running(data) as parts:
            return (await take_report(parts.database, parts.settings, raw)).outcome

    print(named("return_outcome", asyncio.run(inside())))


@commands.command("post")
def post(
    renovation: Id,
    kind: Annotated[
        Literal["vote-announced", "vote-result", "share-table", "candidates"],
        typer.Argument(
            help="The announcement of the running vote, its result, how the money is shared, or the candidates."
        ),
    ],
    out: Out = None,
    language: Language = "",
    data: Data = None,
) -> None:
    """A notice for the board, as PDF: the roll, who took part, who agreed, the test of the law.

    Example: gongjian notices post r1 vote-result --out result.pdf
    """
    from service.paper.posted import posted_pdf
    from service.situation import load_situation

    speak(language)

    async def inside() -> bytes:
        async with running(data) as parts:
            situation = await load_situation(parts.database, renovation)
            settings = parts.settings
            async with parts.database.session() as session:
                return await posted_pdf(
                    session, situation, kind, settings.address, settings.paper_fonts
                )

    give_pdf(asyncio.run(inside()), out)


@commands.command("contacts")
def own_contacts(
    add: Annotated[
        str, typer.Option(help="Consent to this one: name@example.org, or a telephone number.")
    ] = "",
    withdraw: Annotated[str, typer.Option(help="Withdraw the one with this id.")] = "",
    as_: As = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """Your addresses for notices; with --add one more, with --withdraw one less.

    Example: gongjian notices contacts --add me@example.org
    """
    from cli.people.clients import command_of
    from cli.people.own import own_requests

    speak(language)
    requests = own_requests(data, as_)
    found = requests.get("/v1/contacts")
    if add:
        channel = "email" if "@" in add else "sms"
        body: dict[str, JsonValue] = {"channel": channel, "address": add}
        body["language"] = spoken_here()
        found = requests.post("/v1/contacts", command_of("", body))
    if withdraw:
        found = requests.post("/v1/contacts/withdrawals", command_of("", {"contact": withdraw}))
    for each in found if isinstance(found, list) else ():
        assert isinstance(each, dict)
        print(f"{each['contact']}  {named('channel', str(each['channel']))}  {each['address']}")


def _tell(each: MessageView) -> None:
    whom = each.unit_number or each.actor_id or "-"
    state = named("message_state", each.state)
    why = f" ({each.error})" if each.error else ""
    print(
        f"{each.message}  {whom}  {named('channel', each.channel)}  {state}{why}  {each.attempts}"
    )
