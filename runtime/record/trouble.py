"""What needs attention: the rows of steps that broke, written in the transaction that tells of them."""

from sqlalchemy import and_, delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.command import Command
from models.messages.healing import Breakage
from models.messages.ids import ticket_workflow_id
from models.tables import CaseTrouble


async def add_trouble(
    session: AsyncSession, command: Command, breakage: Breakage, *, by_act: bool
) -> None:
    """Mark a step of the command's workflow; one that broke before keeps the moment of the first time.

    A step that the engine is to take again stays its own, although a person has asked for it too.
    """
    row = insert(CaseTrouble).values(
        workflow_id=command.workflow_id,
        renovation_id=command.renovation_id,
        by_act=by_act,
        since=func.clock_timestamp(),
        **breakage.model_dump(),
    )
    again = {
        "error": row.excluded.error,
        "reference": row.excluded.reference,
        "by_act": and_(CaseTrouble.by_act, row.excluded.by_act),
    }
    key = (CaseTrouble.workflow_id, CaseTrouble.step)
    await session.execute(row.on_conflict_do_update(index_elements=key, set_=again))


async def end_trouble(session: AsyncSession, workflow_id: str, step: str) -> None:
    """The step was done, or somebody has seen to it."""
    await session.execute(
        delete(CaseTrouble).where(CaseTrouble.workflow_id == workflow_id, CaseTrouble.step == step)
    )


async def end_troubles_but_of_tickets(session: AsyncSession, renovation_id: str) -> None:
    """The steps of a case that was cancelled are taken no more; complaints go on.

    What people asked for and did not get stays until somebody has seen to it.
    """
    ticket = ticket_workflow_id(renovation_id, "")
    await session.execute(
        delete(CaseTrouble).where(
            CaseTrouble.renovation_id == renovation_id,
            CaseTrouble.by_act.is_(False),
            CaseTrouble.workflow_id.not_like(f"{ticket}%"),
        )
    )
