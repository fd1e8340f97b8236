"""`person …` and `retention …`: what is kept about people, until when, and what becomes of it."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from cli.output import Commands, show, write_file
from cli.people.own import own_requests
from cli.servers import DATA, database
from cli.words import Language, named, said, speak

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import JsonValue

As = Annotated[
    str, typer.Option("--as", metavar="ACTOR", help="Who asks, of those signed in here.")
]
Data = Annotated[Path | None, DATA]

IN_CASE = frozenset({"record", "picture"})
"""What belongs to a case and to no name: who must answer and who audits still reads it."""
PERIOD = ("kind", "days", "starts", "end", "basis", "article")

person = Commands(help="Data of a person: all of it, and their erasure.", no_args_is_help=True)
retention = Commands(
    help="How long which data are kept, and what is due to be erased.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(person, name="person")
    app.add_typer(retention, name="retention")


@person.command("find")
def find(
    renovation: Annotated[str, typer.Argument(help="The id that `gongjian start` gave.")],
    unit: Annotated[str, typer.Argument(help="The number of the unit.")],
    as_: As = "",
    data: Data = None,
) -> None:
    """The owners of a unit by the roll, for the erasure that one of them asks for; it is written down.

    Example: gongjian person find r1 1-101 --as li
    """
    path = f"/v1/renovations/{renovation}/people"
    found = own_requests(data, as_).get(path, unit_number=unit)
    show(found, lambda: (f"{each['person']}  {each['name']}" for each in _list(found)))


@person.command("erase")
def erase(
    who: Annotated[str, typer.Argument(metavar="PERSON", help="The id of the person.")],
    reason: Annotated[
        str, typer.Option(help="Who asked for it, and how they showed who they are.")
    ],
    as_: As = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """Ask that a person's data are erased: the own at once, another's when a second official confirms it.

    Example: gongjian person erase p-3f2a --reason "asked in person, identity card shown" --as li
    """
    speak(language)
    body: dict[str, JsonValue] = {
        "command_id": f"cli-{uuid.uuid4()}",
        "person": who,
        "reason": reason,
    }
    _tell(own_requests(data, as_).post("/v1/erasures", body))


@person.command("confirm")
def confirm(
    erasure: Annotated[str, typer.Argument(help="The id that `person erase` gave.")],
    as_: As = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """Confirm the erasure that another official asked for: it is done now.

    Example: gongjian person confirm 3f2a9c --as wang
    """
    speak(language)
    path = f"/v1/erasures/{erasure}/confirmation"
    _tell(own_requests(data, as_).post(path, {"command_id": f"cli-{uuid.uuid4()}"}))


@person.command("refuse")
def refuse(
    erasure: Annotated[str, typer.Argument(help="The id that `person erase` gave.")],
    reason: Annotated[str, typer.Option(help="Why not; whoever asked reads it.")],
    as_: As = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """Refuse the erasure that somebody else asked for: nothing is erased, and whoever asked reads why.

    Example: gongjian person refuse 3f2a9c --reason "not the person of the register" --as wang
    """
    speak(language)
    path = f"/v1/erasures/{erasure}/refusal"
    body: dict[str, JsonValue] = {"command_id": f"cli-{uuid.uuid4()}", "reason": reason}
    _tell(own_requests(data, as_).post(path, body))


@person.command("requests")
def requests(as_: As = "", language: Language = "", data: Data = None) -> None:
    """The erasures that you asked for or may decide on, the newest first; what waits says until when.

    Example: gongjian person requests --as wang
    """
    speak(language)
    found = own_requests(data, as_).get("/v1/erasures")
    show(found, lambda: (line for each in _list(found) for line in _lines(each)))


@person.command("data")
def own_data(
    who: Annotated[str, typer.Argument(metavar="PERSON", help="The id of the person.")],
    out: Annotated[Path, typer.Option(help="Write the zip here, readable by you only.")],
    data: Data = None,
) -> None:
    """Everything that is kept about a person, as a zip with JSON inside; for the operator of this machine.

    A person who has signed in gets the same from `GET /v1/own-data`, a household from its page.

    Example: gongjian person data p-3f2a --out own-data.zip
    """
    from cli.people.commands import operator_account
    from runtime.privacy.access import note_access
    from service.identity.operator import operator_of
    from service.privacy.own_data import data_of_person

    async def work() -> bytes:
        async with database(data) as (opened, settings):
            reader = operator_of(operator_account())
            await opened.transaction(
                lambda session: note_access(session, reader, "gongjian person data", subject=who)
            )
            return await data_of_person(opened, settings, who)

    write_file(out, asyncio.run(work()))


@retention.command("list")
def periods(language: Language = "", data: Data = None) -> None:
    """Each kind of data: why it is kept, how long, and how much of it is due now.

    Example: gongjian retention list
    """
    from rules.retention import KINDS, read_periods
    from runtime.language.moments import HERE
    from service.privacy.holds import Due, due_of

    speak(language)

    async def work() -> tuple[dict[str, int], list[Due]]:
        async with database(data) as (opened, settings):
            kept = dict(read_periods(settings.retention))
            async with opened.session() as session:
                return kept, [await due_of(session, each.kind, kept) for each in KINDS]

    kept, found = asyncio.run(work())
    told = [
        {
            **each.model_dump(mode="json"),
            "days": kept[each.kind],
            "due": due.due,
            "next_at": due.next_at,
        }
        for each, due in zip(KINDS, found, strict=True)
    ]

    def lines() -> Iterator[str]:
        for each in told:
            yield said("line.period", **in_words({name: each[name] for name in PERIOD}))
            found = each["next_at"]
            at = "-" if found is None else f"{found.astimezone(ZoneInfo(HERE)):%Y-%m-%d}"
            yield f"    {said('line.period_due', due=each['due'], next=at)}"

    show(told, lines)


@retention.command("run")
def run(data: Data = None) -> None:
    """Erase now what is due; the service does it by itself every ten minutes.

    Example: gongjian retention run
    """
    from service.privacy.keeping import PrivacyKeeper

    async def work() -> None:
        async with database(data) as (opened, settings):
            while await PrivacyKeeper(opened, settings).turn():
                pass

    asyncio.run(work())


def in_words(fields: Mapping[str, str | int]) -> dict[str, str | int]:
    """The same with kind, basis, start and end as people call them."""
    rooms = {"kind": "kept", "basis": "basis", "starts": "starts", "end": "ends"}
    return {
        name: named(rooms[name], str(value)) if name in rooms else value
        for name, value in fields.items()
    }


def _list(answer: JsonValue) -> list[dict[str, JsonValue]]:
    assert isinstance(answer, list)
    return [each for each in answer if isinstance(each, dict)]


def _tell(answer: JsonValue) -> None:
    show(answer, lambda: _lines(answer))


def _lines(answer: JsonValue) -> Iterator[str]:
    assert isinstance(answer, dict)
    if answer["refused_at"] is not None:
        told = {name: str(answer[name]) for name in ("erasure", "refused_by", "refusal")}
        yield said("line.erasure_refused", **told)
        return
    if answer["done_at"] is None:
        yield said("line.erasure_waits", erasure=str(answer["erasure"]))
        return
    for each in _list(answer["outcome"]):
        fields = {name: str(value) for name, value in each.items()}
        if fields["state"] == "erased":
            yield said("line.erasure_erased", kind=named("kept", fields["kind"]))
            continue
        fields["until"] = fields["until"] or said("line.erasure_open_end")
        state = "in_case" if fields["kind"] in IN_CASE else "restricted"
        yield said(f"line.erasure_{state}", **in_words(fields))
