"""Firms: they register or are invited, and people act for them. Their roles are confirmed at `/v1/grants`."""

from fastapi import APIRouter

from models.fields import Id
from runtime.privacy.keys import PersonKeys
from service.firms import people, registering, showing
from service.firms.bodies import (
    AddedPerson,
    AddFirmPerson,
    AskForPlace,
    EndFirmPerson,
    EnteredFirm,
    FirmPersonView,
    FirmView,
    InviteFirm,
    RegisterFirm,
)
from service.http.paging import Paged
from service.routes.dependencies import CurrentPerson, RunningParts
from service.routes.sign_in.identity import PlaceQuery

router = APIRouter(prefix="/v1", tags=["identity"])


@router.post("/firm-registrations", status_code=201)
async def register_firm(body: RegisterFirm, parts: RunningParts) -> EnteredFirm:
    """Register a firm without an account; it waits for an office of the place. The link is told once."""
    return await registering.register(parts.database, parts.settings, body)


@router.get("/firms")
async def show_firms(
    person: CurrentPerson, parts: RunningParts, page: Paged, place: PlaceQuery = ""
) -> tuple[FirmView, ...]:
    """The firms of one's places with what they wait for, and the own one."""
    found = await showing.list_firms(parts.database, PersonKeys.of(parts.settings), person, place)
    return page.cut(found, lambda each: (each.name, each.id))


@router.post("/firms", status_code=201)
async def bring_firm(body: InviteFirm, person: CurrentPerson, parts: RunningParts) -> EnteredFirm:
    """Register the own firm, or invite one to a place of one's office."""
    return await registering.bring(parts.database, parts.settings, person, body)


@router.post("/firms/{firm}/places", status_code=201)
async def ask_for_place(
    firm: Id, body: AskForPlace, person: CurrentPerson, parts: RunningParts
) -> EnteredFirm:
    """Ask for a role at another place, by a person of the firm."""
    return await registering.ask_for_place(parts.database, person, firm, body)


@router.post("/firms/{firm}/people", status_code=201)
async def add_firm_person(
    firm: Id, body: AddFirmPerson, person: CurrentPerson, parts: RunningParts
) -> AddedPerson:
    """Invite another person to act for a firm, by one of its own or by whoever may confirm it."""
    return await people.add(parts.database, parts.settings, person, firm, body)


@router.post("/firms/{firm}/people/{firm_person}/end")
async def end_firm_person(
    firm: Id, firm_person: Id, body: EndFirmPerson, person: CurrentPerson, parts: RunningParts
) -> FirmPersonView:
    """A person acts for a firm no more."""
    return await people.end(parts.database, person, firm, firm_person, body)
