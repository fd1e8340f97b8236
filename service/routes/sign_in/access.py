"""Entering: letters with a second fact, and the offices' side of them."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from models.fields import Id, Secret
from service.access import entering, letters, printing
from service.access.bodies import (
    Entered,
    EnterLetter,
    GiveCode,
    GivenCode,
    HandedLetter,
    HandLetter,
    LetterRow,
    LetterView,
    ReissueLetter,
    SessionToken,
    WithdrawAccess,
)
from service.access.by_portal import enter_by_portal
from service.access.printing import PrintedLetter
from service.bodies import Accepted, CommandBody
from service.http.paging import Paged
from service.routes.dependencies import (
    CaseSituation,
    CurrentVisit,
    MayHandLetters,
    MayIssueLetters,
    RunningParts,
)

router = APIRouter(prefix="/v1", tags=["access"])
CASE = "/renovations/{renovation_id}"


@router.get(
    "/letters/{link}",
    response_model=LetterView,
    responses={303: {"description": "A browser that asks for a page is sent to it."}},
)
async def look_at_letter(
    link: Secret, parts: RunningParts, request: Request
) -> LetterView | RedirectResponse:
    """What the link of a letter opens, and which second fact is asked; looking changes nothing."""
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(f"{parts.settings.address}/letters/{link}", 303)
    return await entering.look(parts, link)


@router.post("/letters/{link}/entries", status_code=201)
async def enter_with_letter(link: Secret, command: EnterLetter, parts: RunningParts) -> Entered:
    """Enter with the second fact: the answer has a ticket, and the session that gives the next one."""
    return await entering.enter(parts, link, command.fact)


@router.post("/letter-sessions/tickets", status_code=201)
async def renew_ticket(command: SessionToken, parts: RunningParts) -> Entered:
    """Another ticket, while the session goes on and nobody has voided letter or unit's access."""
    return await entering.renew(parts, command.session)


@router.post("/letter-sessions/end", status_code=204)
async def leave_session(command: SessionToken, parts: RunningParts) -> None:
    """End a session."""
    await entering.leave(parts, command.session)


@router.post(f"{CASE}/portal-entries", status_code=201)
async def enter_by_a_portal(visit: CurrentVisit, parts: RunningParts) -> Entered:
    """Enter with a portal's assertion for a unit: ticket and session as a letter gives them."""
    return await enter_by_portal(parts, visit)


@router.post(f"{CASE}/letters/printing", status_code=201)
async def print_letters(
    situation: CaseSituation, actor: MayIssueLetters, command: CommandBody, parts: RunningParts
) -> tuple[PrintedLetter, ...]:
    """Make a letter for each unit that has none; the answer has all that nobody has entered with."""
    return await printing.print_letters(parts, situation, actor, command)


@router.get(f"{CASE}/letters")
async def list_letters(
    situation: CaseSituation, _actor: MayIssueLetters, parts: RunningParts, page: Paged
) -> tuple[LetterRow, ...]:
    """The letters that are good or wait to be handed out; never a link."""
    async with parts.database.session() as session:
        found = await letters.list_letters(session, situation)
    return page.cut(found, lambda each: (each.unit_number, each.id))


@router.post(f"{CASE}/letters", status_code=201)
async def reissue_letter(
    situation: CaseSituation, actor: MayIssueLetters, command: ReissueLetter, parts: RunningParts
) -> Accepted:
    """Void what was issued for a unit and make a new letter, which another official hands out."""
    return await letters.reissue_letter(parts, situation, actor, command)


@router.post(f"{CASE}/withdrawals", status_code=201)
async def withdraw_access(
    situation: CaseSituation, actor: MayIssueLetters, command: WithdrawAccess, parts: RunningParts
) -> Accepted:
    """Void what was issued for a unit, at once: no ballot with it comes after this."""
    return await letters.withdraw_access(parts, situation, actor, command)


@router.post(f"{CASE}/mandates/{{mandate_id}}/letters", status_code=201)
async def reissue_agents_letter(
    situation: CaseSituation,
    mandate_id: Id,
    actor: MayIssueLetters,
    command: HandLetter,
    parts: RunningParts,
) -> Accepted:
    """Void an agent's link and make a letter anew, which another official hands out."""
    return await letters.reissue_agents_letter(parts, situation, actor, mandate_id, command)


@router.post(f"{CASE}/letters/{{letter_id}}/link", status_code=201)
async def hand_letter(
    situation: CaseSituation,
    letter_id: Id,
    actor: MayHandLetters,
    command: HandLetter,
    parts: RunningParts,
) -> HandedLetter:
    """Make the link of a letter and hand it to whom it is for; not by whoever made the letter."""
    return await letters.hand_letter(parts, situation, actor, letter_id, command)


@router.post(f"{CASE}/letters/{{letter_id}}/code", status_code=201)
async def give_code(
    situation: CaseSituation,
    letter_id: Id,
    actor: MayHandLetters,
    command: GiveCode,
    parts: RunningParts,
) -> GivenCode:
    """Tell somebody who has shown papers the code of the letter; not by whoever handed out its link."""
    return await letters.give_code(parts, situation, actor, letter_id, command)
