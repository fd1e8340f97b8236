"""The consent of an owner whose own part a work occupies (E9): a row that the work waits for."""

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import CaseWait, Inspection, PartConsent, WorkItem
from models.values.inspection import ItemState
from models.values.refusal import refusal
from models.values.waits import Consequence, Wait
from rules.time import lateness
from runtime.calendars import chinese_calendar
from runtime.database import driver_connection
from runtime.record.agenda import add_waits
from runtime.record.consents import PART_CONSENT, OccupiedPart, load_occupied
from service.access.tickets import Voter
from service.bodies import Accepted, GiveConsent, WithdrawConsent
from service.parts import Parts
from service.recording import Details, accept
from service.situation import Situation

GIVEN, WITHDRAWN = "inspection.part_consented", "inspection.part_consent_withdrawn"


async def give_consent(
    parts: Parts, situation: Situation, voter: Voter, command: GiveConsent
) -> Accepted:
    """Record that the owner of a unit lets a work occupy part of it: the works wait for it no longer.

    Raises:
        Refused: `credential.other_unit`, `credential.replaced` where the unit was sold since,
            `consent.not_occupied`, `consent.given`.
    """
    voter.must_hold(command.unit_number)
    part = OccupiedPart(work_id=command.work_id, unit_number=command.unit_number)

    waited: list[str] = []

    async def change(session: AsyncSession, now: datetime, key: str) -> tuple[str, Details]:
        if await _consented(session, situation, part):
            raise refusal("consent.given", where="work_id", **_named(part))
        await _add(session, situation, part, now, key, given=True)
        gone = delete(CaseWait).where(
            CaseWait.renovation_id == situation.id,
            CaseWait.what == PART_CONSENT,
            CaseWait.subject == part.subject,
        )
        waited[:] = await session.scalars(gone.returning(CaseWait.workflow_id))
        return f"{part.work_id}.{part.unit_number}", {"work": part.work_id}

    owner = situation.owner(command.unit_number)
    accepted = await accept(parts.journal, situation, owner, command, GIVEN, change, voter=voter)
    for workflow_id in waited:
        # The works look at the record: nobody is to be reminded of what is given.
        await parts.gateway.signal(workflow_id, "go_on")
    return accepted


async def withdraw_consent(
    parts: Parts, situation: Situation, voter: Voter, command: WithdrawConsent
) -> Accepted:
    """Record that the owner takes the consent back, until works there begin; the works wait for it again.

    Works have begun where the item was reported or inspected: from then on its builder relies on it.

    Raises:
        Refused: `credential.other_unit`, `credential.replaced`, `consent.not_occupied`,
            `consent.not_given`, `consent.works_begun`.
    """
    voter.must_hold(command.unit_number)
    part = OccupiedPart(work_id=command.work_id, unit_number=command.unit_number)
    awaited: list[tuple[str, Wait]] = []

    async def change(session: AsyncSession, now: datetime, key: str) -> tuple[str, Details]:
        if not await _consented(session, situation, part):
            raise refusal("consent.not_given", where="work_id", **_named(part))
        if await _has_begun(session, situation, part):
            raise refusal("consent.works_begun", where="work_id", **_named(part))
        await _add(session, situation, part, now, key, given=False)
        works = await session.scalar(
            select(CaseWait.workflow_id).where(
                CaseWait.renovation_id == situation.id, CaseWait.what == "works"
            )
        )
        # Before the works have begun anywhere nobody waits for it yet: then they will.
        awaited[:] = [] if works is None else [(works, _awaited(situation, part, now))]
        for workflow_id, wait in awaited:
            await add_waits(session, situation.id, workflow_id, [wait], now)
        return f"{part.work_id}.{part.unit_number}", {"work": part.work_id}

    owner = situation.owner(command.unit_number)
    accepted = await accept(
        parts.journal, situation, owner, command, WITHDRAWN, change, voter=voter
    )
    for workflow_id, wait in awaited:
        # Not heard, it is seen with the next step of the works, or by whoever compares.
        await parts.gateway.signal(workflow_id, "agenda_moved", wait.due_at, situation.now)
    return accepted


def _named(part: OccupiedPart) -> dict[str, str]:
    return {"item": part.work_id, "unit": part.unit_number}


async def _consented(session: AsyncSession, situation: Situation, part: OccupiedPart) -> bool:
    consented = (await load_occupied(await driver_connection(session), situation.id)).get(part)
    if consented is None:
        raise refusal("consent.not_occupied", where="work_id", **_named(part))
    return consented


async def _add(
    session: AsyncSession,
    situation: Situation,
    part: OccupiedPart,
    now: datetime,
    key: str,
    *,
    given: bool,
) -> None:
    """The owner's last word; the journal has locked the renovation, so nobody else counts now."""
    before = await session.scalar(
        select(func.max(PartConsent.number)).where(
            PartConsent.renovation_id == situation.id,
            PartConsent.work_id == part.work_id,
            PartConsent.unit_number == part.unit_number,
        )
    )
    session.add(
        PartConsent(
            renovation_id=situation.id,
            work_id=part.work_id,
            unit_number=part.unit_number,
            number=(before or 0) + 1,
            given=given,
            command_id=key,
            consented_at=now,
            recorded_at=func.clock_timestamp(),
        )
    )


async def _has_begun(session: AsyncSession, situation: Situation, part: OccupiedPart) -> bool:
    name = f"{situation.id}.{part.work_id}"
    item = await session.get(WorkItem, name)
    if item is None:
        return False
    seen = select(Inspection.id).where(Inspection.item_id == name).exists()
    return item.state != ItemState.PLANNED or bool(await session.scalar(select(seen)))


def _awaited(situation: Situation, part: OccupiedPart, now: datetime) -> Wait:
    due_at = lateness.due(PART_CONSENT, now, situation.timetable, chinese_calendar())
    return Wait(
        what=PART_CONSENT,
        subject=part.subject,
        due_at=due_at,
        who="owners",
        consequence=Consequence.REMINDED,
    )
