"""Letters to the owners: printed as one PDF, made anew, handed out, and the code that goes with one."""

import asyncio
import secrets
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Response

from models.fields import Id
from models.values.actor import Actor
from models.values.refusal import Refused
from rules.authority import ROLES_OF_WRITE
from service.access import letters, printing
from service.access.bodies import GiveCode, HandLetter, ReissueLetter
from service.bodies import CommandBody
from service.http.problems import read_fields
from service.pages.forms import texts
from service.pages.office.session import Office
from service.parts import Parts
from service.routes.dependencies import RunningParts
from service.routes.office.dependencies import (
    CaseView,
    CurrentCase,
    CurrentForm,
    CurrentOffice,
    View,
)
from service.situation import Situation

router = APIRouter(prefix="/office/cases/{renovation_id}/letters", include_in_schema=False)


@router.get("")
async def show_letters(
    situation: CurrentCase, office: CurrentOffice, parts: RunningParts, view: CaseView
) -> Response:
    """The letters that are good, and those that wait to be handed out; never a link."""
    _in_role(situation, office, "issue_letters")
    return await _letters(parts, situation, view)


@router.post("")
async def print_letters(
    situation: CurrentCase,
    office: CurrentOffice,
    form: CurrentForm,
    parts: RunningParts,
    view: CaseView,
) -> Response:
    """One PDF with a page for each unit that has no letter yet, or has not entered with it."""
    actor = _in_role(situation, office, "issue_letters")
    try:
        command = read_fields(CommandBody, {"command_id": texts(form).get("command_id")})
        made = await printing.print_letters(parts, situation, actor, command)
    except Refused as refused:
        return await _letters(parts, situation, view, refused)
    # Typesetting takes seconds for a large estate; ballots go on meanwhile.
    zone, fonts = ZoneInfo(situation.timetable.zone), parts.settings.paper_fonts
    pdf = await asyncio.to_thread(printing.as_pdf, made, situation.title, zone, fonts)
    headers = {"Content-Disposition": f'attachment; filename="letters-{situation.id}.pdf"'}
    return Response(pdf, media_type="application/pdf", headers=headers)


@router.post("/anew")
async def reissue(
    situation: CurrentCase,
    office: CurrentOffice,
    form: CurrentForm,
    parts: RunningParts,
    view: CaseView,
) -> Response:
    """Void what was issued for a unit and make a letter that another official hands out."""
    fields = texts(form)
    actor = _in_role(situation, office, "issue_letters")
    try:
        named = ("command_id", "unit_number", "reason")
        body = read_fields(ReissueLetter, {name: fields.get(name, "") for name in named})
        await letters.reissue_letter(parts, situation, actor, body)
    except Refused as refused:
        return await _letters(parts, situation, view, refused)
    return await _letters(parts, situation, view)


@router.post("/{letter_id}/link")
async def hand(
    letter_id: Id,
    situation: CurrentCase,
    office: CurrentOffice,
    form: CurrentForm,
    parts: RunningParts,
    view: CaseView,
) -> Response:
    """The link of a letter, to be handed to whom it is for; shown once."""
    actor = _in_role(situation, office, "hand_letter")
    try:
        body = read_fields(HandLetter, {"command_id": texts(form).get("command_id")})
        handed = await letters.hand_letter(parts, situation, actor, letter_id, body)
    except Refused as refused:
        return await _letters(parts, situation, view, refused)
    return view.show("letter_told.html", {"link": handed.link, "code": ""})


@router.post("/{letter_id}/code")
async def tell_code(
    letter_id: Id,
    situation: CurrentCase,
    office: CurrentOffice,
    form: CurrentForm,
    parts: RunningParts,
    view: CaseView,
) -> Response:
    """The code of a letter, to be told in person to whoever has shown papers; an earlier one is void."""
    actor = _in_role(situation, office, "hand_letter")
    try:
        body = read_fields(GiveCode, {"command_id": texts(form).get("command_id")})
        given = await letters.give_code(parts, situation, actor, letter_id, body)
    except Refused as refused:
        return await _letters(parts, situation, view, refused)
    return view.show("letter_told.html", {"link": "", "code": given.code})


def _in_role(situation: Situation, office: Office, write: str) -> Actor:
    return situation.in_role(office.grants, *sorted(ROLES_OF_WRITE[write].roles))


async def _letters(
    parts: Parts, situation: Situation, view: View, refused: Refused | None = None
) -> Response:
    async with parts.database.session() as session:
        rows = await letters.list_letters(session, situation)
    values = {
        "rows": sorted(rows, key=lambda each: printing.as_walked(each.unit_number)),
        "wait": [each for each in rows if each.handed_by is None],
        "print_id": secrets.token_hex(16),
    }
    return view.show("letters.html", values, () if refused is None else refused.problems)
