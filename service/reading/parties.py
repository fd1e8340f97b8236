"""Who is party to a complaint: of one about their home or firm nobody reads anything, in no role (P-6).

The counter asks it wherever complaints are read or answered: lists, forms, photographs, acts.
"""

from dataclasses import replace

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Ticket
from runtime.privacy.keys import PersonKeys, names_of
from service.access.own_household import homes_of
from service.reading.shaping import Viewer
from service.situation import Situation


async def as_party(
    session: AsyncSession, people: PersonKeys, situation: Situation, viewer: Viewer
) -> Viewer:
    """The viewer with those of their homes that somebody complains about in this case.

    The roll knows owners by name: a namesake reads as little.
    """
    if not viewer.acts_as:
        return viewer
    query = select(Ticket.about_unit).where(
        Ticket.renovation_id == situation.id, Ticket.about_unit.is_not(None)
    )
    units = [unit for unit in await session.scalars(query.distinct()) if unit]
    if not units:
        return viewer
    known = await names_of(session, people, viewer.acts_as, shown=False)
    names = viewer.called | {name for name in known.values() if name}
    homes = await homes_of(session, people, situation, names, units)
    return replace(viewer, homes=homes)


def not_about(viewer: Viewer) -> tuple[ColumnElement[bool], ...]:
    """Tickets that complain about nobody who asks."""
    homes = viewer.homes | ({viewer.unit_number} if viewer.unit_number else set())
    return (
        or_(Ticket.about_unit.is_(None), Ticket.about_unit.not_in(sorted(homes))),
        or_(Ticket.about_firm.is_(None), Ticket.about_firm.not_in(sorted(viewer.acts_as))),
    )
