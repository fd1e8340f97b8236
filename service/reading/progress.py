"""Where a renovation stands, in what everybody may know."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Renovation
from models.values.base import Carried
from models.values.states import RenovationState, Stage
from models.values.timetable import Timetable
from rules.time.deadlines import last_day
from service.views import load_renovation

DONE = (RenovationState.IN_WARRANTY, RenovationState.COMPLETED)
"""With all stages behind it."""


class PublicProgress(Carried):
    """What everybody may know: which stages are behind, which one is on, what it waits for."""

    title: str
    state: RenovationState
    stages_done: tuple[Stage, ...]
    stage: Stage
    waiting_for: str
    due_on: str | None
    provisional: bool = False
    """A holiday that is not announced yet may still move `due_on`."""
    sandbox: bool


async def load_progress(session: AsyncSession, renovation_id: str) -> PublicProgress:
    """What of a renovation everybody may know; days are those of its place.

    Raises:
        Refused: `renovation.unknown`.
    """
    view = await load_renovation(session, renovation_id)
    terms = await session.scalar(select(Renovation.timetable).where(Renovation.id == renovation_id))
    zone = Timetable.model_validate(terms).zone
    stages = tuple(Stage)
    before = stages[: stages.index(Stage(view.stage))]
    return PublicProgress(
        title=view.title,
        state=view.state,
        stages_done=stages if view.state in DONE else before,
        stage=view.stage,
        waiting_for=view.waiting_for,
        due_on=last_day(view.due_at, zone).isoformat() if view.due_at else None,
        provisional=view.provisional,
        sandbox=view.sandbox,
    )
