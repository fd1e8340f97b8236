"""`access`: who has read what is not for everybody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.access.letters import as_official
from cli.servers import DATA
from cli.words import Language, named, speak

if TYPE_CHECKING:
    from models.values.actor import Actor
    from runtime.privacy.access import AccessLine
    from service.parts import Parts
    from service.situation import Situation

READ = "read_access"


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("access")(access)


def access(
    renovation: Annotated[
        str, typer.Argument(metavar="RENOVATION", help="The id that `gongjian start` gave.")
    ],
    as_: Annotated[
        str, typer.Option("--as", metavar="ACTOR", help="Who asks: the auditor of the place.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    language: Language = "",
    data: Annotated[Path | None, DATA] = None,
) -> None:
    """Who has read what in a case that is not for everybody: when, in which role, why.

    Example: gongjian access r1 --as auditor
    """
    from runtime.privacy.access import access_of_case

    speak(language)

    async def work(parts: Parts, situation: Situation, _auditor: Actor) -> tuple[AccessLine, ...]:
        async with parts.database.session() as session:
            return await access_of_case(session, situation.id)

    for each in as_official(data, renovation, as_, READ, work):
        if as_json:
            print(json.dumps(each.model_dump(mode="json"), ensure_ascii=False))
            continue
        why = f"  {each.reason}" if each.reason else ""
        print(
            f"{each.at}  {each.reader}  {named('role', each.role)}  {each.door}  {each.subject}{why}"
        )
