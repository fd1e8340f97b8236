"""`person …` and `retention …`: what is kept about people, until when, and what becomes of it."""

from __future__ import annotations

import asyncio
import json
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.people.own import own_requests
from cli.servers import DATA, database
from cli.words import Language, named, said, speak

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

As = Annotated[
    str, typer.Option("--as", metavar="ACTOR", help="Who asks, of those signed in here.")
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
Data = Annotated[Path | None, DATA]

person = typer.Typer(help="Data of a person: all of it, and their erasure.", no_args_is_help=True)
retention = typer.Typer(
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
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """The owners of a unit by the roll, for the erasure that one of them asks for; it is written down.

    Example: gongjian person find r1 1-101 --as li
    """
    path = f"/v1/renovations/{renovation}/people"
    for each in _list(own_requests(data, as_).get(path, unit_number=unit)):
        print(
            json.dumps(each, ensure_ascii=False) if as_json else f"{each['person']}  {each['name']}"
        )


@person.command("erase")
def erase(
    who: Annotated[str, typer.Argument(metavar="PERSON", help="The id of the person.")],
    reason: Annotated[
        str, typer.Option(help="Who asked for it, and how they showed who they are.")
    ],
    as_: As = "",
    as_json: AsJson = False,
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
    _tell(own_requests(data, as_).post("/v1/erasures", body), as_json=as_json)


@person.command("confirm")
def confirm(
    erasure: Annotated[str, typer.Argument(help="The id that `person erase` gave.")],
    as_: As = "",
    as_json: AsJson = False,
    language: Language = "",
    data: Data = None,
) -> None:
    """Confirm the erasure that another official asked for: it is done now.

    Example: gongjian person confirm 3f2a9c --as wang
    """
    speak(language)
    path = f"/v1/erasures/{erasure}/confirmation"
    _tell(
        own_requests(data, as_).post(path, {"command_id": f"cli-{uuid.uuid4()}"}), as_json=as_json
    )


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
    from runtime.private import write_private
    from service.identity.operator import operator_of
    from service.privacy.own_data import data_of_person

    async def work() -> bytes:
        async with database(data) as (opened, settings):
            reader = operator_of(operator_account())
            await opened.transaction(
                lambda session: note_access(session, reader, "gongjian person data", subject=who)
            )
            return await data_of_person(opened, settings, who)

    write_private(out, asyncio.run(work()))


@retention.command("list")
def periods(as_json: AsJson = False, language: Language = "", data: Data = None) -> None:
    """Each kind of data: why it is kept, how long, and how much of it is due now.

    Example: gongjian retention list
    """
    from rules.retention import KINDS, read_periods
    from service.privacy.holds import Due, due_of

    speak(language)

    async def work() -> tuple[dict[str, int], list[Due]]:
        async with database(data) as (opened, settings):
            kept = dict(read_periods(settings.retention))
            async with opened.session() as session:
                return kept, [await due_of(session, each.kind, kept) for each in KINDS]

    kept, found = asyncio.run(work())
    for each, due in zip(KINDS, found, strict=True):
        fields = {**each.model_dump(mode="json"), "days": kept[each.kind]}
        if as_json:
            at = None if due.next_at is None else due.next_at.isoformat()
            print(json.dumps({**fields, "due": due.due, "next_at": at}, ensure_ascii=False))
            continue
        print(said("line.period", **in_words(fields)))
        at = "-" if due.next_at is None else f"{due.next_at:%Y-%m-%d}"
        print(f"    {said('line.period_due', due=due.due, next=at)}")


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


def _tell(answer: JsonValue, *, as_json: bool) -> None:
    assert isinstance(answer, dict)
    if as_json:
        print(json.dumps(answer, ensure_ascii=False))
        return
    if answer["done_at"] is None:
        print(said("line.erasure_waits", erasure=str(answer["erasure"])))
        return
    for each in _list(answer["outcome"]):
        fields = {name: str(value) for name, value in each.items()}
        if fields["state"] == "erased":
            print(said("line.erasure_erased", kind=named("kept", fields["kind"])))
            continue
        fields["until"] = fields["until"] or said("line.erasure_open_end")
        print(said("line.erasure_restricted", **in_words(fields)))
