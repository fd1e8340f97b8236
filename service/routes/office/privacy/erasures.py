"""Having data erased: what waits for a second official, and asking for somebody who came in person."""

from collections.abc import Mapping
from datetime import UTC, datetime

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from models.fields import Id, ShortLine, UnitNumber
from models.values.base import Carried
from models.values.refusal import Problem, Refused
from rules.authority import ROLES_OF_WRITE
from runtime.privacy.access import note_access
from runtime.privacy.keys import PersonKeys, names_of
from service.http.problems import read_fields
from service.pages.forms import moved, texts
from service.pages.office.session import Office
from service.parts import Parts
from service.privacy import erasing
from service.privacy.bodies import AskErasure, ConfirmErasure, PersonOfUnit, RefuseErasure
from service.privacy.deciding import load_deciding
from service.routes.dependencies import RunningParts
from service.routes.office.dependencies import (
    CaseView,
    CurrentCase,
    CurrentForm,
    CurrentOffice,
    OfficeView,
    View,
)
from service.situation import Situation

router = APIRouter(prefix="/office/erasures", include_in_schema=False)
asking = APIRouter(prefix="/office/cases/{renovation_id}/erasure", include_in_schema=False)
DONE = frozenset({"confirmed", "refused", "asked"})


class ErasureDecided(Carried):
    """Which erasure is decided on."""

    erasure: Id


class OwnersAsked(Carried):
    """Whose owners are looked for."""

    unit_number: UnitNumber


@router.get("")
async def show_erasures(
    office: CurrentOffice, parts: RunningParts, view: OfficeView, done: ShortLine = ""
) -> Response:
    """The erasures of the people of one's places: what waits, what came of the others."""
    return await _erasures(parts, office, view, done=done)


@router.post("")
async def decide(
    office: CurrentOffice, form: CurrentForm, parts: RunningParts, view: OfficeView
) -> Response:
    """Confirm what somebody else asked for, or say why not."""
    sent = texts(form)
    command, erasure = {"command_id": sent.get("command_id")}, sent.get("erasure", "")
    confirms = sent.get("decision") == "confirm"
    try:
        erasure = read_fields(ErasureDecided, {"erasure": erasure}).erasure
        if confirms:
            body = read_fields(ConfirmErasure, command)
            await erasing.confirm_erasure(parts.database, parts.settings, office.id, erasure, body)
        else:
            refusing = read_fields(RefuseErasure, {**command, "reason": sent.get("reason", "")})
            await erasing.refuse_erasure(parts.database, office.id, erasure, refusing)
    except Refused as refused:
        wrong = moved(refused.problems, {"reason": f"reason-{erasure}"})
        return await _erasures(parts, office, view, wrong)
    return RedirectResponse(f"/office/erasures?done={'confirmed' if confirms else 'refused'}", 303)


@asking.get("")
async def find_owners(
    situation: CurrentCase,
    office: CurrentOffice,
    parts: RunningParts,
    view: CaseView,
    unit_number: ShortLine = "",
) -> Response:
    """The owners of a home, for an official whom one of them asks in person; it is written down."""
    return await _asking(parts, situation, office, view, {"unit_number": unit_number})


@asking.post("")
async def ask(
    situation: CurrentCase,
    office: CurrentOffice,
    form: CurrentForm,
    parts: RunningParts,
    view: CaseView,
) -> Response:
    """Ask for it; another official confirms it."""
    sent = texts(form)
    fields = {name: sent.get(name, "") for name in ("command_id", "person", "reason")}
    try:
        body = read_fields(AskErasure, fields)
        await erasing.ask_erasure(parts.database, parts.settings, office.id, body)
    except Refused as refused:
        return await _asking(parts, situation, office, view, sent, refused.problems)
    return RedirectResponse("/office/erasures?done=asked", 303)


async def _erasures(
    parts: Parts,
    office: Office,
    view: View,
    problems: tuple[Problem, ...] = (),
    *,
    done: str = "",
) -> Response:
    values = {
        "deciding": await load_deciding(parts.database, parts.settings, office.id),
        "just_done": done if done in DONE else "",
        "real_now": datetime.now(UTC),
        "when": datetime.fromisoformat,
    }
    return view.show("erasures.html", values, problems)


async def _asking(
    parts: Parts,
    situation: Situation,
    office: Office,
    view: View,
    sent: Mapping[str, str],
    problems: tuple[Problem, ...] = (),
) -> Response:
    actor = situation.in_role(office.grants, *sorted(ROLES_OF_WRITE["erase_person"].roles))
    unit = sent.get("unit_number", "").strip()
    owners: tuple[PersonOfUnit, ...] = ()
    try:
        unit = read_fields(OwnersAsked, {"unit_number": unit}).unit_number if unit else ""
    except Refused as refused:
        unit, problems = "", (*problems, *refused.problems)
    if unit:
        async with parts.database.session() as session:
            people = await erasing.people_of_unit(session, situation.estate_id, unit)
            names = await names_of(session, PersonKeys.of(parts.settings), people)
        owners = tuple(PersonOfUnit(person=each, name=names.get(each, "")) for each in people)
        await parts.database.transaction(
            lambda session: note_access(
                session,
                actor,
                "GET /office/cases/{renovation_id}/erasure",
                renovation_id=situation.id,
                subject=unit,
            )
        )
    values = {"unit_number": unit, "owners": owners, "given": sent}
    return view.show("erasure_ask.html", values, problems)
