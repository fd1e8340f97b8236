"""Whether a case has stopped: from then on it is settled, whatever its state still says."""

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Event, Renovation
from models.values.states import RenovationState
from rules.oversight import ANNULLED

CANCELLED = "renovation.cancelled"


async def load_end(session: AsyncSession, row: Renovation) -> RenovationState:
    """The state of the case, or that which it is being settled for; RUNNING while nothing has ended it.

    A case that is settled is still running, until it is closed.
    """
    if row.state is not RenovationState.RUNNING:
        return row.state
    kinds = set(
        await session.scalars(
            select(Event.kind).where(
                Event.renovation_id == row.id,
                or_(
                    Event.kind == CANCELLED,
                    Event.kind.startswith("settlement."),
                    and_(Event.kind == ANNULLED, Event.details["ends"].as_boolean()),
                ),
            )
        )
    )
    if not kinds.isdisjoint({CANCELLED, ANNULLED}):
        return RenovationState.CANCELLED
    return RenovationState.SHELVED if kinds else row.state
