"""What is kept about a home: its addresses for notices, and everything as a file."""

import re
import secrets
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import JsonValue
from starlette.datastructures import FormData

from models.values.refusal import Problem, Refused
from service.http.problems import read_fields
from service.notices.bodies import AddContact, WithdrawContact
from service.notices.contacts import add_contact, list_contacts, withdraw_contact
from service.pages.homes import Home
from service.parts import Parts
from service.privacy.bodies import AskAsHousehold
from service.privacy.of_household import ask_as_household, erasures_of_household
from service.privacy.own_data import data_of_household
from service.routes.dependencies import RunningParts
from service.routes.pages.dependencies import CurrentHome, CurrentHomeForm, home_page

router = APIRouter(prefix="/mine/data", include_in_schema=False)
DONE = frozenset({"added", "withdrawn", "asked"})


@router.get("")
async def show_own(
    home: CurrentHome, parts: RunningParts, request: Request, done: str = ""
) -> Response:
    """The addresses to which notices go, the file of everything, and how data are erased."""
    return await _page(request, parts, home, FormData(), done=done)


@router.get("/own-data.zip")
async def download(home: CurrentHome, parts: RunningParts) -> Response:
    """Everything that is kept about the household in this case, photographs too."""
    data = await data_of_household(parts.database, parts.settings, home.situation, home.voter)
    headers = {
        "content-disposition": 'attachment; filename="own-data.zip"',
        "cache-control": "no-store",
    }
    return Response(data, media_type="application/zip", headers=headers)


@router.post("/contacts")
async def add(form: CurrentHomeForm, parts: RunningParts, request: Request) -> Response:
    """Give an address, which is the consent to be written to there."""
    home, fields = form.home, form.fields
    names = ("command_id", "channel", "address", "language")
    given = {name: str(fields[name]) for name in names if fields.get(name)}
    try:
        body = read_fields(AddContact, given)
        await add_contact(parts.database, parts.settings, body, voter=home.voter, actor_id="")
    except Refused as refused:
        return await _page(request, parts, home, fields, refused.problems)
    return RedirectResponse("/mine/data?done=added", 303)


@router.post("/contacts/withdrawal")
async def withdraw(form: CurrentHomeForm, parts: RunningParts, request: Request) -> Response:
    """Take the consent back: the address is forgotten at once."""
    home, fields = form.home, form.fields
    given = {name: str(fields.get(name, "")) for name in ("command_id", "contact")}
    try:
        body = read_fields(WithdrawContact, given)
        await withdraw_contact(parts.database, parts.settings, body, voter=home.voter, actor_id="")
    except Refused as refused:
        return await _page(request, parts, home, FormData(), refused.problems)
    return RedirectResponse("/mine/data?done=withdrawn", 303)


@router.post("/erasures")
async def ask_erasure(form: CurrentHomeForm, parts: RunningParts, request: Request) -> Response:
    """Ask that the data of an owner are erased; an official of the place decides."""
    home, fields = form.home, form.fields
    given: dict[str, JsonValue] = {
        name: str(fields.get(name, "")) for name in ("command_id", "owner", "reason")
    }
    if re.fullmatch("[0-9]{1,3}", str(given["owner"])):
        given["owner"] = int(str(given["owner"]))
    try:
        body = read_fields(AskAsHousehold, given)
        await ask_as_household(parts.database, parts.settings, home.situation, home.voter, body)
    except Refused as refused:
        return await _page(request, parts, home, fields, refused.problems)
    return RedirectResponse("/mine/data?done=asked", 303)


async def _page(
    request: Request,
    parts: Parts,
    home: Home,
    given: FormData,
    problems: tuple[Problem, ...] = (),
    *,
    done: str = "",
) -> Response:
    found = await list_contacts(parts.database, parts.settings, voter=home.voter, actor_id="")
    erasing = await erasures_of_household(
        parts.database, parts.settings, home.situation, home.voter
    )
    values = {
        "contacts": found,
        "erasing": erasing,
        "real_now": datetime.now(UTC),
        "when": datetime.fromisoformat,
        "given": given,
        "just_done": done if done in DONE else "",
        "command_id": lambda: secrets.token_hex(16),
    }
    return home_page(request, home, "resident/own.html", values, problems)
