"""`login`, `logout`, `official …`, `admin …`: who is signed in here, and who holds which role."""

from __future__ import annotations

import asyncio
import getpass
import sys
import uuid
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue

from cli.output import Commands, show, tell
from cli.people.own import own_requests as _own
from cli.people.requests import ServiceRequests, in_name_of
from cli.people.session_file import (
    KeptSession,
    keep_sessions,
    load_sessions,
    service_of,
    write_sessions,
)
from cli.servers import DATA, database, local_settings
from cli.words import named, said
from models.values.actor import Role
from models.values.refusal import Refused, refusal

Data = Annotated[Path | None, DATA]
As = Annotated[str, typer.Option("--as", metavar="PERSON", help="Which of your sign-ins.")]
Reason = Annotated[str, typer.Option(help="Why; it stands in the log of the place.")]
CommandId = Annotated[str, typer.Option(help="The same id is done once; else a new one.")]
INVITATIONS = "/v1/invitations/"

officials = Commands(help="Who holds which role: give, end, list.", no_args_is_help=True)
admin = Commands(help="What only the operator of this machine does.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("login")(login)
    app.command("logout")(logout)
    app.add_typer(officials, name="official")
    app.add_typer(admin, name="admin")


def login(
    link: Annotated[str, typer.Argument(help="The link of an invitation, to take it up.")] = "",
    as_: Annotated[str, typer.Option("--as", metavar="NAME", help="The name of an account.")] = "",
    service: Annotated[str, typer.Option(help="The service's address; else the stack's.")] = "",
    browser: Annotated[
        bool, typer.Option("--browser", help="By passkey or provider, with a code from a browser.")
    ] = False,
    data: Data = None,
) -> None:
    """Sign in: with an invitation's link once, then with name, password and code, or by a browser.

    Example: gongjian login https://votes.example/v1/invitations/i1.AbC
    """
    home = local_settings(data).data_dir
    if link:
        base, sign, token = link.rpartition(INVITATIONS)
        if not sign:
            raise refusal("cases.link_invalid", where="LINK")
        kept = _taken_up(ServiceRequests(base), base, token)
    elif browser:
        base = service or service_of(home, "")
        page = base if service else local_settings(data).public_url or base
        kept = _by_browser(ServiceRequests(base), page, service)
    else:
        base = service or service_of(home, "")
        name = as_ or _ask("line.name")
        body: dict[str, JsonValue] = {
            "name": name,
            "password": _ask("line.password", hide_input=True),
            "code": _ask("line.six_digits"),
        }
        kept = _kept(ServiceRequests(base).post("/v1/sign-in", body), service)
    keep_sessions(home, kept)
    until = f"{kept.expires_at.astimezone():%Y-%m-%d %H:%M}"
    show(
        kept.model_dump(mode="json", exclude={"token"}),
        lambda: [said("line.signed_in", person=kept.actor_id, until=until)],
    )


def _taken_up(requests: ServiceRequests, base: str, token: str) -> KeptSession:
    """The session of an invitation; the second factor is shown, once."""
    seen = requests.get(f"{INVITATIONS}{token}")
    assert isinstance(seen, dict)
    body: dict[str, JsonValue] = {}
    if seen["needs_password"]:
        person, name = str(seen["actor_id"]), str(seen["name"])
        tell(said("line.choose_password", name=name, person=person))
        body["password"] = _ask(
            "line.password", hide_input=True, confirmation_prompt=said("line.password_again")
        )
    made = requests.post(f"{INVITATIONS}{token}", body)
    assert isinstance(made, dict)
    if made["totp_uri"]:
        import segno

        uri = str(made["totp_uri"])
        tell(said("line.scan"))
        segno.make(uri).terminal(sys.stderr, compact=True)
        tell(uri)
    return _kept(made, base)


def _by_browser(requests: ServiceRequests, page: str, service: str) -> KeptSession:
    """The session of a code that a signed-in browser shows."""
    tell(said("line.code_from_browser", address=f"{page}/sign-in"))
    code = _ask("line.code", hide_input=True).strip()
    return _kept(requests.post("/v1/sign-in/terminal", {"code": code}), service)


def _ask(code: str, *, hide_input: bool = False, confirmation_prompt: bool | str = False) -> str:
    """What somebody types; asked beside the result."""
    return str(
        typer.prompt(
            said(code), hide_input=hide_input, confirmation_prompt=confirmation_prompt, err=True
        )
    )


def _kept(answer: JsonValue, service: str) -> KeptSession:
    fields = {**answer, "service": service} if isinstance(answer, dict) else {}
    names = KeptSession.model_fields
    return KeptSession.model_validate({name: fields.get(name) for name in names})


def logout(data: Data = None) -> None:
    """End every session of this machine, at the service and in the file.

    Example: gongjian logout
    """
    home = local_settings(data).data_dir
    ended = load_sessions(home)
    for each in ended:
        try:
            in_name_of(home, each).post("/v1/sign-out", {})
        except Refused:
            continue  # it is over already, or its service is away: it ends by time
    write_sessions(home, ())
    show({"signed_out": [each.actor_id for each in ended]}, lambda: [said("line.signed_out")])


@officials.command("add")
def add_official(  # noqa: PLR0917 - typer reads the signature
    person: Annotated[str, typer.Argument(help="The person's id.")],
    role: Annotated[Role, typer.Argument(help="The role.")],
    place: Annotated[str, typer.Argument(metavar="[PATH]", help="district/street/…")] = "",
    name: Annotated[str, typer.Option(help="The name; else the id.")] = "",
    until: Annotated[str, typer.Option(metavar="MOMENT", help="2027-01-31T00:00+08:00")] = "",
    reason: Reason = "appointed",
    as_: As = "",
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Give a person a role for a place; who has no account yet is invited, by a link told once.

    Example: gongjian official add li street_office d/s --name "Li Na"
    """
    body: dict[str, JsonValue] = {
        "command_id": command_id or f"cli-{uuid.uuid4()}",
        "person": person,
        "name": name or person,
        "role": role.value,
        "reason": reason,
    }
    body |= {"place": place} if place else {}
    body |= {"until": until} if until else {}
    given = _own(data, as_).post("/v1/grants", body)
    assert isinstance(given, dict)
    lines = [_line(given["grant"])]
    if given["invitation"]:
        lines.append(said("line.invitation", person=person, link=str(given["invitation"])))
    show(given, lambda: lines)


@officials.command("confirm")
def confirm_official(
    grant: Annotated[int, typer.Argument(help="The number of the grant, from the list.")],
    as_: As = "",
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Put a grant in force that a renovation's file asked for.

    Example: gongjian official confirm 12
    """
    body: dict[str, JsonValue] = {"command_id": command_id or f"cli-{uuid.uuid4()}"}
    done = _own(data, as_).post(f"/v1/grants/{grant}/confirm", body)
    show(done, lambda: [_line(done)])


@officials.command("end")
def end_official(
    grant: Annotated[int, typer.Argument(help="The number of the grant, from the list.")],
    reason: Reason,
    as_: As = "",
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """End a grant now.

    Example: gongjian official end 12 --reason "moved to another office"
    """
    body: dict[str, JsonValue] = {"command_id": command_id or f"cli-{uuid.uuid4()}"}
    done = _own(data, as_).post(f"/v1/grants/{grant}/end", {**body, "reason": reason})
    show(done, lambda: [_line(done)])


@officials.command("list")
def list_officials(
    place: Annotated[str, typer.Argument(metavar="[PATH]", help="district/street/…")] = "",
    waiting: Annotated[bool, typer.Option("--waiting", help="Only what waits.")] = False,
    as_: As = "",
    data: Data = None,
) -> None:
    """Who holds which role at a place, above it and below it.

    Example: gongjian official list d/s
    """
    found = _own(data, as_).get("/v1/grants", place=place)
    rows = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    rows = [each for each in rows if each["waits"] or not waiting]
    show(rows, lambda: map(_line, rows))


@admin.command("invite")
def invite_somebody(
    person: Annotated[str, typer.Argument(help="Whom; without it an administrator.")] = "",
    name: Annotated[str, typer.Option(help="The name; else the id.")] = "",
    data: Data = None,
) -> None:
    """Print a one-time link: for the first administrator, or for a person who lost the way in.

    Example: gongjian admin invite li --name "Li Na"
    """
    from service.identity.operator import invite_administrator, invite_person

    async def work() -> str:
        async with database(data) as (opened, settings):
            if person:
                return await invite_person(opened, settings, person, name)
            return await invite_administrator(opened, settings, operator_account())

    link = asyncio.run(work())
    show({"invitation": link}, lambda: [link])


def operator_account() -> str:
    """The name of the account of this machine under which the command runs."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "?"


def _line(grant: JsonValue) -> str:
    assert isinstance(grant, dict)
    begins, until = _day(grant["begins"]), _day(grant["until"])
    if grant["waits"]:
        state = said("line.grant_waits")
    elif until:
        state = said("line.grant_between", begins=begins, until=until)
    else:
        state = said("line.grant_from", begins=begins)
    place = str(grant["place"] or said("line.everywhere"))
    role = named("role", str(grant["role"]))
    return "  ".join((str(grant["id"]), str(grant["person"]), role, place, state))


def _day(moment: JsonValue) -> str:
    return f"{datetime.fromisoformat(str(moment)).astimezone():%Y-%m-%d %H:%M}" if moment else ""
