"""`vote cast`, `opinion`, `attend`, `object`, `consent`…: what owners say, on the command line.

An owner's own word needs the unit's ticket (`gongjian letters enter`), read from a file so that it
stands on no command line. Attendance is written down by whoever convened.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue

from cli.inputs import plain
from cli.output import show, tell
from cli.people.requests import ServiceRequests, anybody, zone_of
from cli.people.tickets import Credential, Service, read_ticket
from cli.votes.commands import (
    As,
    Box,
    CommandId,
    Data,
    Id,
    commands,
    sent_fields,
    show_answer,
    write,
)
from cli.votes.household_shown import household_lines
from cli.words import listed, said
from models.values.refusal import Refused, refusal

Choice = Annotated[
    list[str],
    typer.Option(
        "--choice",
        metavar="MOTION=ANSWER",
        help="yes, no, abstain, an option, or a menu's works as JSON; once for each motion.",
    ),
]
Work = Annotated[str, typer.Argument(metavar="WORK", help="The work's id in the scheme.")]
SEVERAL = 2


@commands.command("cast")
def cast_ballot(
    renovation: Id,
    choice: Choice,
    credential: Credential,
    box: Box = None,
    service: Service = "",
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Cast the ballot of a unit; until the close a later one replaces it. Prints the receipt.

    Example: gongjian vote cast r1a2 --credential unit.txt --choice roof=yes --choice 'menu=["lamps"]'
    """
    token = read_ticket(credential)
    for line in replaced_lines(anybody(data, service, token), renovation, box, unit_of(token)):
        tell(line)
    fields: dict[str, JsonValue] = {"choices": _choices(choice), "box_id": box}
    _of_unit(data, service, renovation, token, command_id, "ballots", fields)


@commands.command("opinion")
def give_opinion(
    renovation: Id,
    choice: Choice,
    credential: Credential,
    box: Box = None,
    service: Service = "",
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Say what a unit thinks where only the city's own system takes ballots: counted for nothing.

    Example: gongjian vote opinion r1a2 --credential unit.txt --choice roof=no
    """
    fields: dict[str, JsonValue] = {"choices": _choices(choice), "box_id": box}
    _of_unit(data, service, renovation, read_ticket(credential), command_id, "opinions", fields)


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
    came: list[JsonValue] = [*units]
    fields = sent_fields(command_id, units=came, box_id=box)
    show_answer(write(data, renovation, as_, "attendance", fields))


@commands.command("object")
def object_to_vote(
    renovation: Id,
    credential: Credential,
    box: Box = None,
    service: Service = "",
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Object after a vote in which silence counts as yes, or that may be vetoed; in time, once.

    Example: gongjian vote object r1a2 --credential unit.txt
    """
    _of_unit(
        data,
        service,
        renovation,
        read_ticket(credential),
        command_id,
        "vote-objections",
        {"box_id": box},
    )


@commands.command("consent")
def give_consent(
    renovation: Id,
    work: Work,
    credential: Credential,
    service: Service = "",
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Let a work occupy part of the own unit (E9); nobody else can.

    Example: gongjian vote consent r1a2 lift-1 --credential unit.txt
    """
    fields: dict[str, JsonValue] = {"work_id": work}
    _of_unit(
        data, service, renovation, read_ticket(credential), command_id, "part-consents", fields
    )


@commands.command("withdraw-consent")
def withdraw_consent(
    renovation: Id,
    work: Work,
    credential: Credential,
    service: Service = "",
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Take that consent back, until the work there has begun.

    Example: gongjian vote withdraw-consent r1a2 lift-1 --credential unit.txt
    """
    part, fields = "part-consents/withdrawals", dict[str, JsonValue](work_id=work)
    _of_unit(data, service, renovation, read_ticket(credential), command_id, part, fields)


@commands.command("household")
def show_household(
    renovation: Id,
    credential: Credential,
    service: Service = "",
    data: Data = None,
) -> None:
    """What the own home owes and has paid, and what became of its complaints and objections.

    Example: gongjian vote household r1a2 --credential unit.txt
    """
    requests = anybody(data, service, read_ticket(credential))
    found = requests.get(f"/v1/renovations/{renovation}/household")
    show(found, lambda: household_lines(found, zone_of(requests, renovation)))


def _of_unit(
    data: Path | None,
    service: str,
    renovation: str,
    token: str,
    command_id: str,
    part: str,
    fields: dict[str, JsonValue],
) -> None:
    """Say something in the name of the unit whose ticket it is."""
    given = sent_fields(command_id, unit_number=unit_of(token), **fields)
    requests = anybody(data, service, token)
    show_answer(requests.post(f"/v1/renovations/{renovation}/{part}", given))


def replaced_lines(
    requests: ServiceRequests, renovation: str, box: str | None, unit: str
) -> Iterator[str]:
    """What an owner of several units has to know before voting: it is one ballot, and the last one counts."""
    try:
        papers = requests.get(f"/v1/renovations/{renovation}/ballot-papers")
    except Refused:
        return  # the ballot itself says why
    for paper in papers if isinstance(papers, list) else ():
        assert isinstance(paper, dict)
        units = paper["units"]
        if not isinstance(units, list) or len(units) < SEVERAL or box not in {None, paper["id"]}:
            continue
        yield said("line.votes_together", units=listed(map(str, units)))
        before = paper["cast_with"]
        if before is not None and before != unit:
            yield said("line.votes_replaced", unit=str(before))


def unit_of(token: str) -> str:
    """The unit that a ticket says it is of; whether it is one, the service says.

    Raises:
        Refused: `credential.wrong` for what is no ticket of a unit.
    """
    kind, _, content = token.rpartition(".")[0].partition(".")
    try:
        if kind == "v1":  # a letter of before
            return (
                urlsafe_b64decode(content + "=" * (-len(content) % 4)).partition(b"\0")[0].decode()
            )
        return bytes.fromhex(content).split(b"\0")[1].decode()
    except (ValueError, IndexError):
        raise refusal("credential.wrong") from None


def _choices(pairs: list[str]) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    for pair in pairs:
        motion, sign, answer = pair.partition("=")
        if not sign or not motion or motion in found:
            raise refusal("cases.pair_invalid", where=pair, pair=pair)
        found[motion] = plain(answer) if answer.startswith(("[", "{")) else answer
    return found
