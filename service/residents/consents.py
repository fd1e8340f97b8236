"""The consent of an owner whose own part a work occupies (E9): a row that the work waits for."""

from datetime import datetime

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import PartConsent
from models.values.refusal import refusal
from runtime.database import driver_connection
from runtime.record.consents import OccupiedPart, load_occupied
from service.access.tickets import Voter
from service.bodies import Accepted, GiveConsent
from service.parts import Parts
from service.recording import Details, accept
from service.situation import Situation

KIND = "inspection.part_consented"


async def give_consent(
    parts: Parts, situation: Situation, voter: Voter, command: GiveConsent
) -> Accepted:
    """Record that the owner of a unit lets a work occupy part of it; it is given once.

    Raises:
        Refused: `credential.other_unit`, `credential.replaced` where the unit was sold since,
            `consent.not_occupied`, `consent.given`.
    """
    voter.must_hold(command.unit_number)
    part = OccupiedPart(work_id=command.work_id, unit_number=command.unit_number)

    async def change(session: AsyncSession, now: datetime, key: str) -> tuple[str, Details]:
        of_this = {"item": part.work_id, "unit": part.unit_number}
        consented = (await load_occupied(await driver_connection(session), situation.id)).get(part)
        if consented is None:
            raise refusal("consent.not_occupied", where="work_id", **of_this)
        if consented:
            raise refusal("consent.given", where="work_id", **of_this)
        session.add(
            PartConsent(
                renovation_id=situation.id,
                work_id=part.work_id,
                unit_number=part.unit_number,
                command_id=key,
                consented_at=now,
                recorded_at=func.clock_timestamp(),
            )
        )
        return f"{part.work_id}.{part.unit_number}", {"work": part.work_id}

    owner = situation.owner(command.unit_number)
    return await accept(parts.journal, situation, owner, command, KIND, change, voter=voter)
