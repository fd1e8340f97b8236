"""`notices …`: what was sent to whom, what came back, the letters of it, and what is posted."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

import typer

from cli.access.letters import title_and_zone
from cli.access.printed import give_pdf, show_progress, tell_missing
from cli.inputs import read_file
from cli.output import Commands, inside, show
from cli.people.clients import command_of
from cli.people.requests import LONG_S, anybody, of_case, zone_of
from cli.servers import DATA, local_settings
from cli.words import Language, named, number_of, said, speak, spoken_here

if TYPE_CHECKING:
    from pydantic import JsonValue


Id = Annotated[str, typer.Argument(metavar="RENOVATION", help="The id that `gongjian start` gave.")]
As = Annotated[
    str, typer.Option("--as", metavar="ACTOR", help="Who asks, where several are signed in here.")
]
CommandId = Annotated[str, typer.Option(help="The same id is done once; else a new one.")]
Data = Annotated[Path | None, DATA]
Message = Annotated[str, typer.Argument(help="The message's id, as `notices show` has it.")]
Out = Annotated[Path | None, typer.Option(help="Write it here, readable by you only.")]
FOLLOW = "follow_notices"

commands = Commands(
    help="Notices: what arrived, what came back, on paper, on the board, and of training cases.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(commands, name="notices")


@commands.command("list")
def list_all(renovation: Id, as_: As = "", language: Language = "", data: Data = None) -> None:
    """The newest notices of a case, and how many messages of each arrived, failed or came back.

    Example: gongjian notices list r1 --as committee
    """
    speak(language)
    requests = of_case(data, renovation, as_, FOLLOW)
    found = requests.get(f"{_of(renovation)}/notices")
    show(found, lambda: _each_by_the_clock(notice_lines, found, zone_of(requests, renovation)))


@commands.command("show")
def show_messages(
    renovation: Id,
    notice: Annotated[str, typer.Argument(help="The notice's id, or how it begins.")],
    as_: As = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """The messages of a notice, by household: the way, the state, the attempts; never an address.

    Example: gongjian notices show r1 3f2a --as committee
    """
    speak(language)
    requests = of_case(data, renovation, as_, FOLLOW)
    known = (str(each["notice"]) for each in _listed(requests.get(f"{_of(renovation)}/notices")))
    whole = [each for each in known if each.startswith(notice)]
    wanted = whole[0] if len(whole) == 1 else notice
    found = requests.get(f"{_of(renovation)}/notices/{wanted}")
    show(found, lambda: map(_message_line, _listed(found)))


@commands.command("resend")
def resend(
    renovation: Id,
    message: Message,
    as_: As = "",
    command_id: CommandId = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """Send a message again that failed or came back.

    Example: gongjian notices resend r1 9b1c0d --as committee
    """
    speak(language)
    body = command_of(command_id, {"message": message})
    done = of_case(data, renovation, as_, FOLLOW).post(
        f"{_of(renovation)}/notices/resendings", body
    )
    show(done, lambda: map(_message_line, _listed([done])))


@commands.command("inbox")
def inbox(renovation: Id, as_: As = "", language: Language = "", data: Data = None) -> None:
    """What the people of a training case would have got; nothing of it went to a real address.

    Example: gongjian notices inbox r1
    """
    speak(language)
    requests = of_case(data, renovation, as_, FOLLOW)
    found = requests.get(f"{_of(renovation)}/inbox")
    show(found, lambda: _each_by_the_clock(inbox_lines, found, zone_of(requests, renovation)))


@commands.command("paper")
def paper(
    renovation: Id,
    as_: As = "",
    out: Out = None,
    command_id: CommandId = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """The notices of households without another way, as one PDF; then `notices handed` says that they are out.

    Example: gongjian notices paper r1 --as committee --out notices.pdf
    """
    from service.notices.bodies import NoticePage
    from service.paper.letters import PaperLetter, letters_pdf

    speak(language)
    requests = of_case(data, renovation, as_, "issue_letters")
    path = f"{_of(renovation)}/notices/printing"
    made = requests.post(path, command_of(command_id, {}), LONG_S)
    pages = [
        PaperLetter(page.unit_number, page.owners, page.text, page.link)
        for page in map(NoticePage.model_validate, _listed(made))
    ]
    title, _ = title_and_zone(requests, renovation)
    fonts = local_settings(data).paper_fonts
    heading = said("line.paper_heading")
    pdf = letters_pdf(pages, title, heading, "", more_fonts=fonts, progress=show_progress)
    give_pdf(pdf, out, len(pages))
    tell_missing((name for each in pages for name in each.owners), fonts)


@commands.command("handed")
def handed(
    renovation: Id,
    as_: As = "",
    unit: Annotated[
        list[str] | None, typer.Option(help="Of this unit only; several times.")
    ] = None,
    command_id: CommandId = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """The printed notices are in the letterboxes.

    Example: gongjian notices handed r1 --as committee
    """
    speak(language)
    units: list[JsonValue] = [*(unit or ())]
    body = command_of(command_id, {"units": units})
    done = of_case(data, renovation, as_, FOLLOW).post(f"{_of(renovation)}/notices/handed", body)
    assert isinstance(done, dict)
    show(done, lambda: [number_of("letters", int(str(done["handed"])))])


@commands.command("returned")
def returned(
    renovation: Id,
    message: Message,
    as_: As = "",
    command_id: CommandId = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """A printed notice could not be delivered and came back.

    Example: gongjian notices returned r1 9b1c0d --as committee
    """
    speak(language)
    body = command_of(command_id, {"message": message})
    _show_return(
        of_case(data, renovation, as_, FOLLOW).post(f"{_of(renovation)}/notices/returned", body)
    )


@commands.command("bounce")
def bounce(
    report: Annotated[Path, typer.Argument(metavar="FILE", help="The returned mail; or -.")],
    service: Annotated[
        str, typer.Option(metavar="URL", help="Which service; else the one of this machine.")
    ] = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """Take in an e-mail that came back to bounce+…, for a mail server that pipes it here.

    Example: gongjian notices bounce returned.eml
    """
    speak(language)
    raw = sys.stdin.buffer.read() if str(report) == "-" else read_file(report)
    _show_return(anybody(data, service).post_file("/v1/notices/returns", raw, "message/rfc822"))


@commands.command("post")
def post(
    renovation: Id,
    kind: Annotated[
        Literal["vote-announced", "vote-result", "share-table", "candidates"],
        typer.Argument(
            help="The announcement of the running vote, its result, how the money is shared, or the candidates."
        ),
    ],
    as_: As = "",
    out: Out = None,
    language: Language = "",
    data: Data = None,
) -> None:
    """A notice for the board, as PDF: the roll, who took part, who agreed, the test of the law.

    Example: gongjian notices post r1 vote-result --out result.pdf
    """
    speak(language)
    requests = of_case(data, renovation, as_, FOLLOW)
    give_pdf(requests.download(f"{_of(renovation)}/posted-notices/{kind}"), out)


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
    show(
        found,
        lambda: (
            f"{each['contact']}  {named('channel', str(each['channel']))}  {each['address']}"
            for each in _listed(found)
        ),
    )


def _of(renovation: str) -> str:
    return f"/v1/renovations/{renovation}"


def _listed(found: JsonValue) -> list[dict[str, JsonValue]]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _show_return(done: JsonValue) -> None:
    assert isinstance(done, dict)
    show(done, lambda: [named("return_outcome", str(done["outcome"]))])


def _each_by_the_clock(
    lines: Callable[[dict[str, JsonValue], ZoneInfo], Iterator[str]], found: JsonValue, zone: str
) -> Iterator[str]:
    """The lines of each, with the days of the place."""
    return chain.from_iterable(lines(each, ZoneInfo(zone)) for each in _listed(found))


def notice_lines(found: dict[str, JsonValue], zone: ZoneInfo) -> Iterator[str]:
    """A notice: the day by the calendar of the place, how its messages stand, its words."""
    from service.notices.bodies import NoticeView

    each = NoticeView.model_validate(found)
    rest = said("line.notice_unreached", count=each.unreached) if each.unreached else ""
    state = named("notice_state", each.state)
    came = "  ".join(_counts(sorted(each.messages.items())))
    yield f"{each.notice[:12]}  {each.created_at.astimezone(zone):%Y-%m-%d}  {state}  {came}  {rest}".rstrip()
    yield f"    {inside(each.text)}"


def _counts(messages: Iterable[tuple[str, int]]) -> Iterator[str]:
    return (f"{named('message_state', state)} {count}" for state, count in messages)


def _message_line(found: dict[str, JsonValue]) -> str:
    from service.notices.bodies import MessageView

    each = MessageView.model_validate(found)
    whom = each.unit_number or each.actor_id or "-"
    why = f" ({each.error})" if each.error else ""
    state = f"{named('message_state', each.state)}{why}"
    way = named("channel", each.channel)
    return f"{each.message}  {whom}  {way}  {state}  {each.attempts}"


def inbox_lines(found: dict[str, JsonValue], zone: ZoneInfo) -> Iterator[str]:
    """What the people of a training case would have read, and on which day of the place."""
    from service.notices.bodies import InboxMessage
    from service.notices.wording import audience_of

    each = InboxMessage.model_validate(found)
    whom = audience_of(each.audience, spoken_here())
    yield f"{each.created_at.astimezone(zone):%Y-%m-%d}  {whom}  {inside(each.text)}"
