"""`vote cast`, `opinion`, `attend`, `object`, `consent`…: what owners say, on the command line.

An owner's own word needs the unit's ticket (`gongjian letters enter`), read from a file so that it
stands on no command line. Attendance is written down by whoever convened.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from pydantic import BaseModel, JsonValue

from cli.inputs import plain, read_file
from cli.servers import running
from cli.votes.commands import As, Box, CommandId, Data, Id, commands, print_all, sent_fields, write
from models.values.refusal import refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from service.access.tickets import Voter
    from service.parts import Parts
    from service.situation import Situation

T = TypeVar("T")
C = TypeVar("C", bound=BaseModel)
Credential = Annotated[
    Path,
    typer.Option(
        "--credential",
        metavar="FILE",
        help="A file with the unit's ticket alone; - is standard input.",
    ),
]
Choice = Annotated[
    list[str],
    typer.Option(
        "--choice",
        metavar="MOTION=ANSWER",
        help="yes, no, abstain, an option, or a menu's works as JSON; once for each motion.",
    ),
]
Work = Annotated[str, typer.Argument(metavar="WORK", help="The work's id in the scheme.")]
LONGEST = 1_000
"""Characters of a credential and what may stand around it."""


@commands.command("cast")
def cast_ballot(
    renovation: Id,
    choice: Choice,
    credential: Credential,
    box: Box = None,
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Cast the ballot of a unit; until the close a later one replaces it. Prints the receipt.

    Example: gongjian vote cast r1a2 --credential unit.txt --choice roof=yes --choice 'menu=["lamps"]'
    """
    from service.bodies import CastBallot
    from service.http.problems import read_fields

    choices = _choices(choice)

    async def cast(parts: Parts, situation: Situation, voter: Voter) -> JsonValue:
        given = sent_fields(command_id, unit_number=voter.unit_number, choices=choices, box_id=box)
        ballot = read_fields(CastBallot, given)
        receipt, _ = await parts.intake.cast(
            situation.id, ballot, voter.route, version=voter.version, first=voter.first
        )
        found: JsonValue = json.loads(receipt.json())
        return found

    print(json.dumps(_as_voter(data, renovation, credential, cast), ensure_ascii=False))


@commands.command("opinion")
def give_opinion(
    renovation: Id,
    choice: Choice,
    credential: Credential,
    box: Box = None,
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Say what a unit thinks where only the city's own system takes ballots: counted for nothing.

    Example: gongjian vote opinion r1a2 --credential unit.txt --choice roof=no
    """
    from service.bodies import GiveOpinion
    from service.residents import opinions

    fields: dict[str, JsonValue] = {"choices": _choices(choice), "box_id": box}
    _of_unit(data, renovation, credential, command_id, GiveOpinion, opinions.give_opinion, fields)


@commands.command("attend")
def record_attendance(
    renovation: Id,
    units: Annotated[
        list[str], typer.Argument(metavar="UNIT…", help="Who came, by one unit each.")
    ],
    as_: As,
    box: Box = None,
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Write down who came to the meeting and hands in no ballot; all of them or none.

    Example: gongjian vote attend r1a2 1-101 1-102 --as committee
    """
    from service.channels.attendance import record_attendance as record
    from service.channels.bodies import RecordAttendance
    from service.http.problems import read_fields

    command = read_fields(RecordAttendance, sent_fields(command_id, units=units, box_id=box))
    print_all([write(data, renovation, as_, "record_attendance", command, record)])


@commands.command("object")
def object_to_vote(
    renovation: Id,
    credential: Credential,
    box: Box = None,
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Object after a vote in which silence counts as yes, or that may be vetoed; in time, once.

    Example: gongjian vote object r1a2 --credential unit.txt
    """
    from service.bodies import ObjectToVote
    from service.residents import vote_objections

    send = vote_objections.object_to_vote
    _of_unit(data, renovation, credential, command_id, ObjectToVote, send, {"box_id": box})


@commands.command("consent")
def give_consent(
    renovation: Id,
    work: Work,
    credential: Credential,
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Let a work occupy part of the own unit (E9); nobody else can.

    Example: gongjian vote consent r1a2 lift-1 --credential unit.txt
    """
    from service.bodies import GiveConsent
    from service.residents import consents

    _of_unit(
        data,
        renovation,
        credential,
        command_id,
        GiveConsent,
        consents.give_consent,
        {"work_id": work},
    )


@commands.command("withdraw-consent")
def withdraw_consent(
    renovation: Id,
    work: Work,
    credential: Credential,
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Take that consent back, until the work there has begun.

    Example: gongjian vote withdraw-consent r1a2 lift-1 --credential unit.txt
    """
    from service.bodies import WithdrawConsent
    from service.residents import consents

    send = consents.withdraw_consent
    fields: dict[str, JsonValue] = {"work_id": work}
    _of_unit(data, renovation, credential, command_id, WithdrawConsent, send, fields)


def _of_unit(
    data: Path | None,
    renovation: str,
    credential: Path,
    command_id: str,
    body: type[C],
    send: Callable[[Parts, Situation, Voter, C], Awaitable[BaseModel]],
    fields: dict[str, JsonValue],
) -> None:
    """Say something in the name of the unit whose credential it is."""
    from service.http.problems import read_fields

    async def work(parts: Parts, situation: Situation, voter: Voter) -> BaseModel:
        given = sent_fields(command_id, unit_number=voter.unit_number, **fields)
        return await send(parts, situation, voter, read_fields(body, given))

    print_all([_as_voter(data, renovation, credential, work)])


def _as_voter(
    data: Path | None,
    renovation: str,
    credential: Path,
    act: Callable[[Parts, Situation, Voter], Awaitable[T]],
) -> T:
    from service.access.units import refuse_replaced
    from service.situation import load_situation

    token = _token(credential)

    async def work() -> T:
        async with running(data) as parts:
            situation = await load_situation(parts.database, renovation)
            voter = parts.tickets.voter(situation.id, f"Bearer {token}")
            async with parts.database.session() as session:
                await refuse_replaced(session, voter)
            return await act(parts, situation, voter)

    return asyncio.run(work())


def _token(file: Path) -> str:
    if str(file) == "-":
        return sys.stdin.read(LONGEST).strip()
    return read_file(file)[:LONGEST].decode("utf-8", "replace").strip()


def _choices(pairs: list[str]) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    for pair in pairs:
        motion, sign, answer = pair.partition("=")
        if not sign or not motion or motion in found:
            raise refusal("cases.pair_invalid", where=pair, pair=pair)
        found[motion] = plain(answer) if answer.startswith(("[", "{")) else answer
    return found
