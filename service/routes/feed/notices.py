"""Notices: the addresses of people, what was sent to whom, what came back, and the training inbox."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from models.fields import Sha256
from models.values.refusal import refusal
from proof.canonical import utc_text
from runtime.privacy.keys import PersonKeys
from runtime.record.grants import load_grants
from service.bodies import CommandBody
from service.http.paging import Paged
from service.notices import contacts, log, paper
from service.notices.bodies import (
    AddContact,
    ContactView,
    HandNotices,
    InboxMessage,
    LetterBroughtBack,
    MessageView,
    NoticePage,
    NoticesHanded,
    NoticeView,
    OwnNotice,
    ResendMessage,
    ReturnTaken,
    WithdrawContact,
)
from service.notices.bounces import take_report
from service.paper.posted import Kind, posted_pdf
from service.reading.parties import as_party
from service.reading.shaping import Viewer, viewer_under
from service.routes.dependencies import (
    CaseSituation,
    CurrentOfficial,
    CurrentVoter,
    MayFollowNotices,
    MayIssueLetters,
    RunningParts,
    SpokenLanguage,
)

router = APIRouter(prefix="/v1", tags=["notices"])
CASE = "/renovations/{renovation_id}"


async def _party(
    situation: CaseSituation, actor_id: CurrentOfficial, parts: RunningParts
) -> Viewer:
    async with parts.database.session() as session:
        grants = await load_grants(session, actor_id, situation.id)
        viewer = viewer_under(grants, situation.place_path)
        return await as_party(session, PersonKeys.of(parts.settings), situation, viewer)


Party = Annotated[Viewer, Depends(_party)]
"""Whoever asks, with what is complained of them here: they read nothing of that (P-6)."""


@router.get(f"{CASE}/contacts")
async def list_own_contacts(
    _situation: CaseSituation, voter: CurrentVoter, parts: RunningParts
) -> tuple[ContactView, ...]:
    """The addresses to which notices for your household go."""
    return await contacts.list_contacts(parts.database, parts.settings, voter=voter, actor_id="")


@router.post(f"{CASE}/contacts", status_code=201)
async def add_own_contact(
    _situation: CaseSituation, voter: CurrentVoter, command: AddContact, parts: RunningParts
) -> tuple[ContactView, ...]:
    """Consent that notices of this case go to an address; it is good until you withdraw it, or your letter is renewed."""
    return await contacts.add_contact(
        parts.database, parts.settings, command, voter=voter, actor_id=""
    )


@router.post(f"{CASE}/contacts/withdrawals", status_code=201)
async def withdraw_own_contact(
    _situation: CaseSituation, voter: CurrentVoter, command: WithdrawContact, parts: RunningParts
) -> tuple[ContactView, ...]:
    """Withdraw the consent: the address is forgotten at once."""
    return await contacts.withdraw_contact(
        parts.database, parts.settings, command, voter=voter, actor_id=""
    )


@router.get(f"{CASE}/own-notices")
async def list_own_notices(
    situation: CaseSituation, voter: CurrentVoter, parts: RunningParts, page: Paged
) -> tuple[OwnNotice, ...]:
    """What was sent to your household and whether it arrived, the newest first."""
    found = await log.list_own(parts.database, situation, voter, page.slice)
    return page.first(found, lambda each: (utc_text(each.created_at), each.message))


@router.get("/contacts")
async def list_contacts_of_person(
    actor_id: CurrentOfficial, parts: RunningParts
) -> tuple[ContactView, ...]:
    """The addresses to which notices for you go, in all cases of your places."""
    return await contacts.list_contacts(
        parts.database, parts.settings, voter=None, actor_id=actor_id
    )


@router.post("/contacts", status_code=201)
async def add_contact_of_person(
    actor_id: CurrentOfficial, command: AddContact, parts: RunningParts
) -> tuple[ContactView, ...]:
    """Consent that notices for you go to an address."""
    return await contacts.add_contact(
        parts.database, parts.settings, command, voter=None, actor_id=actor_id
    )


@router.post("/contacts/withdrawals", status_code=201)
async def withdraw_contact_of_person(
    actor_id: CurrentOfficial, command: WithdrawContact, parts: RunningParts
) -> tuple[ContactView, ...]:
    """Withdraw the consent: the address is forgotten at once."""
    return await contacts.withdraw_contact(
        parts.database, parts.settings, command, voter=None, actor_id=actor_id
    )


@router.get(f"{CASE}/notices")
async def list_notices(
    situation: CaseSituation,
    _actor: MayFollowNotices,
    viewer: Party,
    parts: RunningParts,
    language: SpokenLanguage,
    page: Paged,
) -> tuple[NoticeView, ...]:
    """The notices of the case, the newest first, with how many of their messages arrived, failed or came back."""
    found = await log.list_notices(parts.database, situation, viewer, language, part=page.slice)
    return page.first(found, lambda each: (utc_text(each.created_at), each.notice))


@router.get(f"{CASE}/notices/{{notice}}")
async def list_messages(
    situation: CaseSituation,
    notice: Sha256,
    _actor: MayFollowNotices,
    viewer: Party,
    parts: RunningParts,
    page: Paged,
) -> tuple[MessageView, ...]:
    """The messages of a notice, by household: the way, the state, the attempts; never the address.

    Of a complaint in confidence the household is null; one about you is unknown here.
    """
    found = await log.list_messages(parts.database, situation, viewer, notice, page.slice)
    return page.first(found, lambda each: (each.unit_number or "", each.message))


@router.post(f"{CASE}/notices/resendings", status_code=201)
async def resend_message(
    situation: CaseSituation,
    actor: MayFollowNotices,
    viewer: Party,
    command: ResendMessage,
    parts: RunningParts,
) -> MessageView:
    """Send a message again that failed or came back; that you ordered it is on the record."""
    return await log.resend(parts, situation, viewer, actor, command)


@router.get(f"{CASE}/inbox")
async def read_training_inbox(
    situation: CaseSituation,
    _actor: MayFollowNotices,
    parts: RunningParts,
    language: SpokenLanguage,
    page: Paged,
) -> tuple[InboxMessage, ...]:
    """What the people of a training case would have got; nothing of it left for a real address."""
    found = await log.read_inbox(parts.database, situation, language, part=page.slice)
    return page.first(found, lambda each: (utc_text(each.created_at), each.notice))


@router.post(f"{CASE}/notices/printing", status_code=201)
async def print_notices(
    situation: CaseSituation, actor: MayIssueLetters, _command: CommandBody, parts: RunningParts
) -> tuple[NoticePage, ...]:
    """The notices of households without another way, a page each; printed again, they are the same."""
    return await paper.print_waiting(parts, situation, actor)


@router.post(f"{CASE}/notices/handed", status_code=201)
async def hand_notices(
    situation: CaseSituation, _actor: MayFollowNotices, command: HandNotices, parts: RunningParts
) -> NoticesHanded:
    """The printed notices are in the letterboxes."""
    return NoticesHanded(handed=await paper.hand_over(parts, situation, command.units))


@router.post(f"{CASE}/notices/returned", status_code=201)
async def take_returned_letter(
    situation: CaseSituation,
    _actor: MayFollowNotices,
    command: LetterBroughtBack,
    parts: RunningParts,
) -> ReturnTaken:
    """A printed notice could not be delivered and came back."""
    return await paper.bring_back(parts, situation, command.message)


@router.get(
    f"{CASE}/posted-notices/{{kind}}",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
async def read_posted_notice(
    situation: CaseSituation, _actor: MayFollowNotices, kind: Kind, parts: RunningParts
) -> Response:
    """A notice for the board, as PDF: the roll, who took part, who agreed, the test of the law."""
    settings = parts.settings
    async with parts.database.session() as session:
        pdf = await posted_pdf(session, situation, kind, settings.address, settings.paper_fonts)
    return Response(pdf, media_type="application/pdf")


@router.post("/notices/returns")
async def take_returned_mail(request: Request, parts: RunningParts) -> ReturnTaken:
    """For the mail server: a message that came back to bounce+…, as it is (RFC 3464, message/rfc822).

    The address it came back to is signed by us, so no other credential is asked for.
    """
    raw = await request.body()
    if not raw:
        raise refusal("notice.no_report")
    return await take_report(parts.database, parts.settings, raw)
