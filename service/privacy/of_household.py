"""What a home asks to be erased: an owner's data, by the letter that is the home's, confirmed by an official.

The letter is the home's and proves no person: whoever has it is told the first character of an owner's name,
and the office that confirms looks at who asked.
"""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Erasure
from models.values.actor import Actor, Role
from models.values.refusal import refusal
from runtime.database import Database
from runtime.privacy.access import note_access
from runtime.privacy.keys import PersonKeys, names_of
from runtime.record.journal import id_from
from runtime.settings import Settings
from service.access.sold import last_sale, sold_since_roll
from service.access.tickets import Voter
from service.privacy.bodies import (
    AskAsHousehold,
    HouseholdErasure,
    HouseholdErasures,
    OwnerOfHome,
)
from service.privacy.erasing import ASKED, OPEN_FOR, WAITS, people_of_unit
from service.privacy.own_data import ALWAYS
from service.situation import Situation


async def erasures_of_household(
    database: Database, settings: Settings, situation: Situation, voter: Voter
) -> HouseholdErasures:
    """The owners of the home, and what it has asked to be erased in this case."""
    async with database.session() as session:
        return await _view(session, settings, situation, voter)


async def ask_as_household(
    database: Database,
    settings: Settings,
    situation: Situation,
    voter: Voter,
    body: AskAsHousehold,
) -> HouseholdErasures:
    """Ask for the erasure of an owner's data; an official of the place decides within thirty days.

    Raises:
        Refused: `erasure.unknown` for an owner that the home has not, `erasure.waits` where the same was
            asked for already, `journal.command_reused`.
    """

    async def work(session: AsyncSession) -> HouseholdErasures:
        asked_by = _name_of(voter)
        erasure_id = id_from(f"{situation.id}/{asked_by}/erasure/{body.command_id}")
        row = await session.get(Erasure, erasure_id)
        people = await _owners(session, situation, voter)
        if not 0 < body.owner <= len(people):
            raise refusal("erasure.unknown", where="owner")
        person = people[body.owner - 1]
        if row is not None and (row.person_id, row.reason) != (person, body.reason):
            raise refusal("journal.command_reused", where="command_id", kind=ASKED)
        if row is None:
            await _ask(session, situation, asked_by, erasure_id, person, body.reason)
        return await _view(session, settings, situation, voter)

    return await database.transaction(work)


async def _ask(
    session: AsyncSession,
    situation: Situation,
    asked_by: str,
    erasure_id: str,
    person: str,
    reason: str,
) -> None:
    now = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    waits = select(Erasure.id).where(Erasure.person_id == person, WAITS)
    # Two that ask at once wait for each other: one of them is told that it waits already.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(person, 0))))
    if await session.scalar(waits.limit(1)) is not None:
        raise refusal("erasure.waits", where="owner")
    session.add(
        Erasure(
            id=erasure_id,
            person_id=person,
            asked_by=asked_by,
            reason=reason,
            asked_at=now,
            expires_at=now + OPEN_FOR,
            renovation_id=situation.id,
        )
    )
    sender = Actor(id=asked_by, role=Role.RESIDENT, label="")
    await note_access(
        session, sender, ASKED, renovation_id=situation.id, subject=person, reason=reason
    )
    await session.flush()


def _name_of(voter: Voter) -> str:
    """Who asked, in the log: the home, by its number."""
    return f"unit:{voter.unit_number}"[:64]


async def _owners(session: AsyncSession, situation: Situation, voter: Voter) -> tuple[str, ...]:
    """The owners of the home by the roll; none where it was sold since, for those are of before."""
    unit = voter.unit_number
    if await sold_since_roll(session, situation.id, situation.estate_id, unit):
        return ()
    return await people_of_unit(session, situation.estate_id, unit)


async def _view(
    session: AsyncSession, settings: Settings, situation: Situation, voter: Voter
) -> HouseholdErasures:
    people = await _owners(session, situation, voter)
    names = await names_of(session, PersonKeys.of(settings), people)
    rows = await session.scalars(
        select(Erasure)
        # After a sale the home reads nothing of whoever had it before.
        .where(
            Erasure.renovation_id == situation.id,
            Erasure.asked_by == _name_of(voter),
            Erasure.person_id.in_(people),
            Erasure.asked_at
            > func.coalesce(last_sale(situation.id, voter.unit_number).scalar_subquery(), ALWAYS),
        )
        .order_by(Erasure.asked_at.desc())
    )
    numbers = {person: number for number, person in enumerate(people, 1)}
    return HouseholdErasures(
        owners=tuple(
            OwnerOfHome(owner=number, initial=names.get(person, "")[:1])
            for person, number in numbers.items()
        ),
        erasures=tuple(
            HouseholdErasure(
                erasure=row.id,
                owner=numbers[row.person_id],
                reason=row.reason,
                asked_at=row.asked_at,
                expires_at=row.expires_at,
                done_at=row.done_at,
                refused_at=row.refused_at,
                refusal=row.refusal or "",
                outcome=tuple(row.outcome or ()),
            )
            for row in rows
        ),
    )
