"""`start`: opens a renovation from its files, or only checks them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from cli.cases import CommandId, Data
from cli.inputs import read_file
from cli.output import show
from cli.servers import local_settings, reach_temporal, running
from cli.shown import warning_lines
from cli.words import Language, number_of, said, speak
from models.values.refusal import Refused, refusal

if TYPE_CHECKING:
    from pydantic import JsonValue

    from cli.people.session_file import KeptSession
    from models.files.renovation import RenovationFile
    from models.files.roll import Roll
    from models.values.actor import Actor
    from service.estates.renovations import OpenedRenovation
    from service.parts import Parts


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("start", epilog="Example: gongjian start docs/examples/renovation.yaml")(start)


def start(
    file: Annotated[
        Path, typer.Argument(help="The renovation as YAML or JSON; the roll beside it.")
    ],
    command_id: CommandId = "",
    check: Annotated[
        bool,
        typer.Option("--check", help="Only read and check the files; nothing is opened or asked."),
    ] = False,
    as_: Annotated[
        str,
        typer.Option("--as", metavar="PERSON", help="Who opens it, where several are signed in."),
    ] = "",
    operator: Annotated[
        bool,
        typer.Option(
            "--operator", help="As the operator of this machine, for the file's convener."
        ),
    ] = False,
    language: Language = "",
    data: Data = None,
) -> None:
    """Open a renovation from a file; the same files again open nothing new.

    Whoever is signed in here opens it over HTTP, by a role over its place; else the operator of this
    machine opens it in the name of the file's first official who may call the vote.
    """
    from cli.people.own import person_or_operator
    from cli.roll.sending import roll_body
    from formats.file_mapping import read_mapping
    from formats.renovation_file.reading import read_renovation
    from runtime.spreadsheets.roll_files import read_roll_file

    speak(language)
    content = read_file(file)
    renovation = read_renovation(content, file.name)
    roll_bytes = read_file(file.parent / renovation.roll)
    roll = read_roll_file(roll_bytes, renovation.roll)
    digest = hashlib.sha256(content + b"\0" + roll_bytes).hexdigest()
    command = command_id or f"start-{digest[:32]}"
    where = read_mapping(content, file.name).where
    if check:
        find_convener(renovation, where)
        _check(renovation, roll, where)
        return

    person = person_or_operator(data, as_, operator=operator)
    if person is not None:
        _send(person, data, renovation, command, roll_body(renovation.roll, roll_bytes))
        return
    opened, links = asyncio.run(_open(data, command, renovation, roll, where))
    _show(opened, links)


async def _open(
    data: Path | None,
    command: str,
    file: RenovationFile,
    roll: Roll,
    where: Callable[[tuple[str | int, ...]], str],
) -> tuple[OpenedRenovation, dict[str, str]]:
    """Open it on this machine, in the name of the file's first official who may call the vote."""
    from service.estates.renovations import open_renovation

    convener = find_convener(file, where)
    async with running(data) as parts:
        await reach_temporal(parts)
        done = await open_renovation(
            parts.database,
            parts.client,
            parts.settings,
            command_id=command,
            file=file,
            roll=roll,
            actor=convener,
            where=where,
        )
        return done, await _let_in(parts, data, file, done.renovation_id)


def _show(opened: OpenedRenovation, links: Mapping[str, str]) -> None:
    units = number_of("units", opened.units)
    first = said("line.open", renovation=opened.renovation_id, units=units, pack=opened.rule_pack)
    invited = [said("line.invitation", person=person, link=link) for person, link in links.items()]
    show(
        {**opened.model_dump(mode="json"), "invitations": dict(links)},
        lambda: [first, *warning_lines(opened.warnings), *invited],
    )


def _send(
    person: KeptSession,
    data: Path | None,
    file: RenovationFile,
    command: str,
    roll: dict[str, JsonValue],
) -> None:
    """Open it over HTTP; the people of a training case are signed in here then."""
    from cli.people.requests import LONG_S, in_name_of
    from cli.people.session_file import KeptSession, keep_sessions
    from models.messages.ids import renovation_workflow_id
    from service.estates.renovations import OpenedRenovation
    from service.starting.bodies import OpeningAnswer

    written = file.model_dump(mode="json", exclude_unset=True)
    body: dict[str, JsonValue] = {"command_id": command, "renovation": written, "roll": roll}
    home = local_settings(data).data_dir
    sent = in_name_of(home, person).post("/v1/renovations", body, LONG_S)
    answer = OpeningAnswer.model_validate(sent)
    keep_sessions(
        home,
        *(
            KeptSession(
                actor_id=each.actor_id,
                token=each.session,
                expires_at=each.expires_at,
                only_case=answer.renovation_id,
                service=person.service,
            )
            for each in answer.cast
        ),
    )
    opened = OpenedRenovation(
        workflow_id=renovation_workflow_id(answer.renovation_id),
        **answer.model_dump(include=set(OpenedRenovation.model_fields)),
    )
    _show(opened, answer.invitations)


async def _let_in(
    parts: Parts, data: Path | None, file: RenovationFile, renovation_id: str
) -> dict[str, str]:
    """Who leads a training case is signed in as all its people; people of a real one are invited.

    Returns:
        The link of each person who is invited; it is good once.
    """
    from cli.people.session_file import KeptSession, keep_sessions
    from rules.granting import FIRM_ROLES
    from service.identity.cast import play_cast
    from service.identity.operator import invite_new

    if file.sandbox is None:
        people = [each for each in file.officials if each.role not in FIRM_ROLES]
        return {**await invite_new(parts.database, parts.settings, people)}
    local = local_settings(data)
    address = "" if data is not None or local.database_url is None else parts.settings.address
    opened = await play_cast(parts.database, parts.settings, renovation_id, file.officials)
    sessions = (
        KeptSession(
            actor_id=actor_id, only_case=renovation_id, service=address, **each.model_dump()
        )
        for actor_id, each in opened.items()
    )
    keep_sessions(local.data_dir, *sessions)
    return {}


def _check(
    file: RenovationFile,
    roll: Roll,
    where: Callable[[tuple[str | int, ...]], str],
) -> None:
    """What an opening would refuse or warn of, as far as the files show it."""
    from formats.renovation_file.foreseen import file_warnings, officials_of, repealed_law
    from formats.renovation_file.reading import check_together

    check_together(file, roll, where)
    today = datetime.now(ZoneInfo(file.timetable.zone)).date()
    repealed = None if file.sandbox is not None else repealed_law(file, today, where)
    if repealed is not None:
        raise Refused(repealed)
    warnings = file_warnings(file, officials_of(file), today, where)
    units, some = number_of("units", len(roll.units)), number_of("warnings", len(warnings))
    first = said("line.can_be_opened", units=units, warnings=some)
    show(warnings, lambda: [first, *warning_lines(warnings)])


def find_convener(
    file: RenovationFile, where: Callable[[tuple[str | int, ...]], str] | None = None
) -> Actor:
    """The first official of the file who may call the vote: whoever opens the case for the owners.

    Raises:
        Refused: `cases.no_convener`.
    """
    from models.values.actor import Actor
    from rules.authority import ROLES_OF_ACT

    roles = ROLES_OF_ACT["open_vote"].roles
    for official in file.officials:
        if official.role in roles:
            place = file.path_of(official.place)
            return Actor(id=official.id, role=official.role, label=official.label, place=place)
    wanted = ", ".join(sorted(roles))
    at = "officials" if where is None else where(("officials",))
    raise refusal("cases.no_convener", where=at, roles=wanted)
