"""One's own data, erasure, periods, and what is sensitive."""

from fastapi import APIRouter, Response

from models.fields import Id, UnitNumber
from models.values.actor import Role
from models.values.refusal import refusal
from rules.retention import KINDS, read_periods
from runtime.privacy.keys import PersonKeys, names_of
from service.http.paging import Paged
from service.privacy import erasing
from service.privacy.bodies import (
    AskAsHousehold,
    AskErasure,
    ConfirmErasure,
    ErasureView,
    GiveSensitive,
    HouseholdErasures,
    PeriodView,
    PersonOfUnit,
    RefuseErasure,
    SensitiveView,
    WithdrawSensitive,
)
from service.privacy.holds import due_of
from service.privacy.of_household import ask_as_household, erasures_of_household
from service.privacy.own_data import data_of_household, data_of_person
from service.privacy.sensitive import give_sensitive, list_sensitive, withdraw_sensitive
from service.routes.dependencies import (
    CaseSituation,
    CurrentPerson,
    CurrentVoter,
    MayErasePeople,
    MayReadSensitive,
    RunningParts,
)
from service.situation import load_grants

router = APIRouter(prefix="/v1", tags=["privacy"])
CASE = "/renovations/{renovation_id}"
SEES_PERIODS = frozenset(
    {Role.AUDITOR, Role.ADMINISTRATOR, Role.STREET_OFFICE, Role.DISTRICT_BUREAU}
)


@router.get("/own-data", response_class=Response)
async def read_own_data(person: CurrentPerson, parts: RunningParts) -> Response:
    """Everything that is kept about you, as a zip with JSON inside."""
    return _zip(await data_of_person(parts.database, parts.settings, person))


@router.get(f"{CASE}/own-data", response_class=Response)
async def read_household_data(
    situation: CaseSituation, voter: CurrentVoter, parts: RunningParts
) -> Response:
    """Everything that is kept about your household in this case, as a zip with JSON inside."""
    return _zip(await data_of_household(parts.database, parts.settings, situation, voter))


@router.get("/erasures")
async def list_erasures(
    person: CurrentPerson, parts: RunningParts, page: Paged
) -> tuple[ErasureView, ...]:
    """The erasures that you asked for or may confirm, the newest first."""
    found = await erasing.list_erasures(parts.database, person)
    return page.cut(
        found, lambda each: (each.asked_at.isoformat(), each.erasure), newest_first=True
    )


@router.post("/erasures", status_code=201)
async def ask_erasure(
    person: CurrentPerson, command: AskErasure, parts: RunningParts
) -> ErasureView:
    """Ask that a person's data are erased: your own at once; another's when a second official confirms it."""
    return await erasing.ask_erasure(parts.database, parts.settings, person, command)


@router.post("/erasures/{erasure}/confirmation", status_code=201)
async def confirm_erasure(
    erasure: Id, person: CurrentPerson, command: ConfirmErasure, parts: RunningParts
) -> ErasureView:
    """Confirm what another official asked for: it is done now."""
    return await erasing.confirm_erasure(parts.database, parts.settings, person, erasure, command)


@router.post("/erasures/{erasure}/refusal", status_code=201)
async def refuse_erasure(
    erasure: Id, person: CurrentPerson, command: RefuseErasure, parts: RunningParts
) -> ErasureView:
    """Refuse what somebody else asked for: nothing is erased, and whoever asked reads why."""
    return await erasing.refuse_erasure(parts.database, person, erasure, command)


@router.get(f"{CASE}/erasures")
async def list_household_erasures(
    situation: CaseSituation, voter: CurrentVoter, parts: RunningParts
) -> HouseholdErasures:
    """The owners of your home by the register, and the erasures that it has asked for."""
    return await erasures_of_household(parts.database, parts.settings, situation, voter)


@router.post(f"{CASE}/erasures", status_code=201)
async def ask_household_erasure(
    situation: CaseSituation, voter: CurrentVoter, command: AskAsHousehold, parts: RunningParts
) -> HouseholdErasures:
    """Ask that the data of an owner of your home are erased: an official of the place decides within thirty days."""
    return await ask_as_household(parts.database, parts.settings, situation, voter, command)


@router.get("/retention")
async def list_periods(person: CurrentPerson, parts: RunningParts) -> tuple[PeriodView, ...]:
    """How long which data are kept, why, and what is due to be erased; a job erases it."""
    grants = await load_grants(parts.database, person, "")
    if not SEES_PERIODS & {each.role for each in grants}:
        raise refusal("credential.no_role", roles=", ".join(sorted(SEES_PERIODS)), place="*")
    periods = read_periods(parts.settings.retention)
    async with parts.database.session() as session:
        due = {each.kind: await due_of(session, each.kind, periods) for each in KINDS}
    return tuple(
        PeriodView(
            kind=each.kind,
            basis=each.basis.value,
            article=each.article,
            starts=each.starts,
            days=periods[each.kind],
            end=each.end.value,
            due=due[each.kind].due,
            next_at=due[each.kind].next_at,
        )
        for each in KINDS
    )


@router.get(f"{CASE}/people")
async def list_people_of_unit(
    situation: CaseSituation, _actor: MayErasePeople, parts: RunningParts, unit_number: UnitNumber
) -> tuple[PersonOfUnit, ...]:
    """The owners of a unit by the roll, for an official whom one of them asks for erasure. It is written down."""
    async with parts.database.session() as session:
        people = await erasing.people_of_unit(session, situation.estate_id, unit_number)
        names = await names_of(session, PersonKeys.of(parts.settings), people)
    return tuple(PersonOfUnit(person=each, name=names.get(each, "")) for each in people)


@router.get(f"{CASE}/sensitive")
async def list_own_sensitive(
    situation: CaseSituation, voter: CurrentVoter, parts: RunningParts
) -> tuple[SensitiveView, ...]:
    """What your household has said about hardship, health or a bank account."""
    unit = voter.unit_number
    return await list_sensitive(parts.database, parts.settings, situation.id, unit)


@router.post(f"{CASE}/sensitive", status_code=201)
async def give_own_sensitive(
    _situation: CaseSituation, voter: CurrentVoter, command: GiveSensitive, parts: RunningParts
) -> tuple[SensitiveView, ...]:
    """Say something sensitive, with a consent of its own; the offices that grant relief read it, and it is logged."""
    return await give_sensitive(parts.database, parts.settings, voter, command)


@router.post(f"{CASE}/sensitive/withdrawals", status_code=201)
async def withdraw_own_sensitive(
    _situation: CaseSituation, voter: CurrentVoter, command: WithdrawSensitive, parts: RunningParts
) -> tuple[SensitiveView, ...]:
    """Withdraw the consent: what was said is erased at once."""
    return await withdraw_sensitive(parts.database, parts.settings, voter, command)


@router.get(f"{CASE}/sensitive-files")
async def list_sensitive_files(
    situation: CaseSituation, _actor: MayReadSensitive, parts: RunningParts, page: Paged
) -> tuple[SensitiveView, ...]:
    """What the households of a case have said, for the offices that decide on relief. It is written down."""
    found = await list_sensitive(parts.database, parts.settings, situation.id)
    return page.cut(found, lambda each: (each.unit_number, each.entry))


def _zip(data: bytes) -> Response:
    headers = {
        "content-disposition": 'attachment; filename="own-data.zip"',
        "cache-control": "no-store",
    }
    return Response(data, media_type="application/zip", headers=headers)
