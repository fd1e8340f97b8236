"""What a home reports and objects to, and what became of it: one thread of messages."""

import secrets
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData, UploadFile

from models.fields import Id
from models.values.refusal import Problem, Refused, refusal
from service.bodies import ConfirmAnswer, OpenTicket
from service.http.problems import read_fields
from service.pages.homes import Home
from service.parts import Parts
from service.pictures import adding, showing
from service.residents.household import OwnTicket, load_summary
from service.residents.tickets import confirm_answer, open_ticket
from service.routes.dependencies import RunningParts
from service.routes.pages.dependencies import (
    CurrentHome,
    CurrentHomeForm,
    HomeFormWithFile,
    home_page,
)
from service.routes.pictures import picture_response

router = APIRouter(include_in_schema=False)
KINDS = ("defect", "complaint", "payment", "suggestion")
"""What a report is about; whoever answers reads it first."""


@router.get("/mine/reports")
async def show_reports(home: CurrentHome, parts: RunningParts, request: Request) -> Response:
    """Everything the home has said, and where each of it stands."""
    async with parts.database.session() as session:
        household = await load_summary(session, home.situation, home.voter.unit_number)
    return home_page(request, home, "resident/reports.html", {"household": household})


@router.get("/mine/reports/new")
async def show_form(home: CurrentHome, request: Request, kind: str = "") -> Response:
    """The form of a report."""
    return _form(request, home, FormData({"kind": kind}), secrets.token_hex(16))


@router.post("/mine/reports")
async def send_report(form: HomeFormWithFile, parts: RunningParts, request: Request) -> Response:
    """Report something, with a photograph if there is one; leads to its thread."""
    home, fields = form.home, form.fields
    key = str(fields.get("command_id", ""))
    try:
        command = read_fields(
            OpenTicket,
            {
                "command_id": key,
                "unit_number": home.voter.unit_number,
                "kind": fields.get("kind") or None,
                "text": fields.get("text", ""),
                "confidential": "confidential" in fields,
                "about_unit": str(fields.get("about_unit", "")).strip() or None,
            },
        )
        photograph = await _photograph(fields)
        accepted = await open_ticket(parts, home.situation, home.voter, command)
        if photograph is not None:
            await adding.add_picture(
                parts, home.situation, home.voter, accepted.id, f"{key}-1", photograph
            )
    except Refused as refused:
        return _form(request, home, fields, key, refused.problems)
    return _to_thread(accepted.id, "sent")


@router.get("/mine/reports/{ticket_id}")
async def show_thread(
    home: CurrentHome, ticket_id: Id, parts: RunningParts, request: Request, done: str = ""
) -> Response:
    """One report: what was said, who answers until when, the answer, and whether it helped."""
    return await _thread(request, parts, home, ticket_id, done=done)


@router.post("/mine/reports/{ticket_id}/answer")
async def say_whether_it_helped(
    form: CurrentHomeForm, ticket_id: Id, parts: RunningParts, request: Request
) -> Response:
    """Yes closes the report, no opens it again and a higher level has to answer."""
    home, said = form.home, str(form.fields.get("satisfied", ""))
    given = {
        "command_id": form.fields.get("command_id"),
        "satisfied": {"yes": True, "no": False}.get(said),
    }
    try:
        command = read_fields(ConfirmAnswer, given)
        await confirm_answer(parts, home.situation, home.voter, ticket_id, command)
    except Refused as refused:
        return await _thread(request, parts, home, ticket_id, refused.problems)
    return _to_thread(ticket_id, "closed" if command.satisfied else "reopened")


@router.post("/mine/reports/{ticket_id}/pictures")
async def add_photograph(
    form: HomeFormWithFile, ticket_id: Id, parts: RunningParts, request: Request
) -> Response:
    """One more photograph for a report."""
    home, fields = form.home, form.fields
    try:
        photograph = await _photograph(fields)
        if photograph is None:
            raise refusal("picture.type", where="picture")
        key = str(fields.get("command_id", ""))
        await adding.add_picture(parts, home.situation, home.voter, ticket_id, key, photograph)
    except Refused as refused:
        return await _thread(request, parts, home, ticket_id, refused.problems)
    return _to_thread(ticket_id, "picture")


@router.get("/mine/pictures/{picture_id}")
async def show_photograph(home: CurrentHome, picture_id: Id, parts: RunningParts) -> Response:
    """A photograph that the home has sent."""
    async with parts.database.session() as session:
        return picture_response(await showing.load_own(session, home.voter, picture_id))


async def _photograph(fields: FormData) -> adding.Photograph | None:
    """The photograph of a form; None where none was chosen.

    Raises:
        Refused: `picture.…`.
    """
    sent = fields.get("picture")
    if not isinstance(sent, UploadFile):
        return None
    data = await sent.read()
    return await adding.read_photograph(data) if data else None


def _form(
    request: Request,
    home: Home,
    given: FormData,
    command_id: str,
    problems: tuple[Problem, ...] = (),
) -> Response:
    values = {"given": given, "command_id": command_id, "kinds": KINDS}
    return home_page(request, home, "resident/report_form.html", values, problems)


async def _thread(
    request: Request,
    parts: Parts,
    home: Home,
    ticket_id: str,
    problems: tuple[Problem, ...] = (),
    *,
    done: str = "",
) -> Response:
    async with parts.database.session() as session:
        household = await load_summary(session, home.situation, home.voter.unit_number)
        ticket = _own(household.tickets, ticket_id)
        pictures = await showing.list_of_ticket(session, home.situation.id, ticket_id)
    values = {
        "ticket": ticket,
        "pictures": pictures,
        "just_done": done if done in {"sent", "closed", "reopened", "picture"} else "",
        "command_id": secrets.token_hex(16),
        "may_add": ticket.state not in adding.OVER and len(pictures) < adding.MOST_OF_TICKET,
    }
    return home_page(request, home, "resident/report.html", values, problems)


def _own(tickets: tuple[OwnTicket, ...], ticket_id: str) -> OwnTicket:
    for each in tickets:
        if each.id == ticket_id:
            return each
    raise refusal("feedback.ticket_unknown", where=ticket_id)


def _to_thread(ticket_id: str, done: str) -> Response:
    return RedirectResponse(f"/mine/reports/{quote(ticket_id)}?done={done}", 303)
