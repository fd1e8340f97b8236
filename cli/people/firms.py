"""`firm …`: firms that build, and banks: register, invite, confirm, refuse, end, and who acts for them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from itertools import chain
from typing import Annotated

import typer
from pydantic import JsonValue

from cli.output import Commands, show
from cli.people.commands import As, CommandId, Data, Reason
from cli.people.own import own_requests as _own
from cli.people.requests import ServiceRequests
from cli.people.session_file import service_of
from cli.servers import local_settings
from cli.words import Language, listed, named, said, speak
from models.values.states import LegalForm

firms = Commands(
    help="Firms that build, and banks: register, confirm, refuse, end, list.", no_args_is_help=True
)
Code = Annotated[str, typer.Option(help="Unified social credit code (统一社会信用代码).")]
Form = Annotated[LegalForm, typer.Option(help="As the business licence says it.")]
Contact = Annotated[str, typer.Option(help="A telephone number or an address.")]
Qualification = Annotated[str, typer.Option(help="Kind and grade, with the licence's number.")]
Bank = Annotated[bool, typer.Option("--bank", help="A bank that reports payments, no contractor.")]
PlacePathArgument = Annotated[str, typer.Argument(metavar="PATH", help="district/street/…")]
GrantNumber = Annotated[int, typer.Argument(help="The number, from the list.")]
FirmId = Annotated[str, typer.Argument(metavar="FIRM", help="The id, from the list.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(firms, name="firm")


@firms.command("register")
def register_firm(  # noqa: PLR0917 - typer reads the signature
    name: Annotated[str, typer.Argument(help="The firm's name, as in the business licence.")],
    place: PlacePathArgument,
    code: Code,
    form: Form,
    contact: Contact,
    qualification: Qualification,
    person: Annotated[str, typer.Option(help="Who acts for it, by name; else yourself.")] = "",
    bank: Bank = False,
    service: Annotated[str, typer.Option(help="The service's address, to register there.")] = "",
    as_: As = "",
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Register a firm at a place, where an office confirms it.

    With --service nobody need be signed in. Who is signed in registers the own firm; with --person an
    official invites one.

    Example: gongjian firm register "Lucheng Construction" d/s --code 91350100M000100Y43
    --form limited --contact 0536-1234567 --qualification "grade 2, D237000000" --person "Zhang San"
    """
    body: dict[str, JsonValue] = {
        **_command(command_id),
        "name": name,
        "code": code,
        "form": form.value,
        "contact": contact,
        "qualification": qualification,
        "role": _role(bank),
        "place": place,
    }
    body |= {"person": person} if person else {}
    if service:
        base = service_of(local_settings(data).data_dir, service)
        _show_entered(ServiceRequests(base).post("/v1/firm-registrations", body))
    else:
        _show_entered(_own(data, as_).post("/v1/firms", body))


@firms.command("ask")
def ask_for_place(
    firm: FirmId,
    place: PlacePathArgument,
    bank: Bank = False,
    as_: As = "",
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Ask for a role of your firm at another place, or once more where it has ended.

    Example: gongjian firm ask firm-91350100M000100Y43-0a1b2c3d d/s2
    """
    body: dict[str, JsonValue] = {**_command(command_id), "role": _role(bank), "place": place}
    _show_entered(_own(data, as_).post(f"/v1/firms/{firm}/places", body))


@firms.command("confirm")
def confirm_firm(
    grant: GrantNumber, as_: As = "", command_id: CommandId = "", data: Data = None
) -> None:
    """Confirm what a firm waits for.

    Example: gongjian firm confirm 12
    """
    done = _own(data, as_).post(f"/v1/grants/{grant}/confirm", _command(command_id))
    show(done, lambda: [said("line.firm_confirmed", grant=grant)])


@firms.command("refuse")
def refuse_firm(
    grant: GrantNumber, reason: Reason, as_: As = "", command_id: CommandId = "", data: Data = None
) -> None:
    """Refuse what a firm waits for; it reads why.

    Example: gongjian firm refuse 12 --reason "the licence is of another firm"
    """
    _ended(grant, reason, as_, command_id, data)


@firms.command("end")
def end_firm(
    grant: GrantNumber, reason: Reason, as_: As = "", command_id: CommandId = "", data: Data = None
) -> None:
    """End a firm's role at a place now; it reads why.

    Example: gongjian firm end 12 --reason "the licence is over"
    """
    _ended(grant, reason, as_, command_id, data)


@firms.command("add-person")
def add_person(
    firm: FirmId,
    name: Annotated[str, typer.Argument(help="The person's name.")],
    as_: As = "",
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Invite another person to act for a firm, by a link told once.

    Example: gongjian firm add-person firm-91350100M000100Y43-0a1b2c3d "Li Si"
    """
    body: dict[str, JsonValue] = {**_command(command_id), "name": name}
    done = _own(data, as_).post(f"/v1/firms/{firm}/people", body)
    show(done, lambda: _invited(done))


@firms.command("end-person")
def end_person(
    firm: FirmId,
    person: Annotated[str, typer.Argument(help="The person's id, from the list.")],
    reason: Reason,
    as_: As = "",
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """A person acts for a firm no more, from now on.

    Example: gongjian firm end-person firm-91350100M000100Y43-0a1b2c3d p-4f1c --reason left
    """
    body: dict[str, JsonValue] = {**_command(command_id), "reason": reason}
    done = _own(data, as_).post(f"/v1/firms/{firm}/people/{person}/end", body)
    show(done, lambda: [said("line.firm_person_ended", person=person)])


@firms.command("list")
def list_firms(
    place: Annotated[str, typer.Argument(metavar="[PATH]", help="district/street/…")] = "",
    waiting: Annotated[bool, typer.Option("--waiting", help="Only what waits.")] = False,
    as_: As = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """The firms of your places with what they wait for, and your own.

    Example: gongjian firm list d/s --waiting
    """
    speak(language)
    found = _own(data, as_).get("/v1/firms", place=place)
    rows = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    rows = [each for each in rows if not waiting or _waits(each)]
    show(rows, lambda: chain.from_iterable(map(_lines, rows)))


def _command(command_id: str) -> dict[str, JsonValue]:
    return {"command_id": command_id or f"cli-{uuid.uuid4()}"}


def _role(bank: bool) -> str:
    return "payment_provider" if bank else "contractor"


def _ended(grant: int, reason: str, as_: str, command_id: str, data: Data) -> None:
    body = {**_command(command_id), "reason": reason}
    done = _own(data, as_).post(f"/v1/grants/{grant}/end", body)
    show(done, lambda: [said("line.firm_ended", grant=grant)])


def _show_entered(answer: JsonValue) -> None:
    assert isinstance(answer, dict)
    state = named("firm_state", str(answer["state"]))
    first = "  ".join((str(answer["grant"]), str(answer["firm"]), state))
    show(answer, lambda: [first, *_invited(answer)])


def _invited(answer: JsonValue) -> Iterator[str]:
    assert isinstance(answer, dict)
    if answer["invitation"]:
        link, person = str(answer["invitation"]), str(answer["person"])
        yield said("line.invitation", person=person, link=link)


def _standings(firm: dict[str, JsonValue]) -> list[dict[str, JsonValue]]:
    held = firm["standings"]
    assert isinstance(held, list)
    return [each for each in held if isinstance(each, dict)]


def _waits(firm: dict[str, JsonValue]) -> bool:
    return any(each["state"] == "waits" for each in _standings(firm))


def _lines(firm: dict[str, JsonValue]) -> Iterator[str]:
    form = named("legal_form", str(firm["form"]))
    yield "  ".join((str(firm["name"]), str(firm["code"]), form, str(firm["id"])))
    yield f"    {firm['qualification']}  {firm['contact']}"
    people = firm["people"]
    assert isinstance(people, list)
    names = (f"{each['name']} ({each['person']})" for each in people if isinstance(each, dict))
    yield f"    {listed(names)}"
    for each in _standings(firm):
        role, state = named("role", str(each["role"])), named("firm_state", str(each["state"]))
        words = (str(each["grant"]), role, str(each["place"]), state, str(each["reason"]))
        yield "    " + "  ".join(filter(None, words))
