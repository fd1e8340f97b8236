"""The agenda of the cases: what every open workflow waits for, written where the deadline is set.

A case is settled when no consequence is due: then nothing happens until somebody acts or its
clock goes on.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.ids import ticket_workflow_id
from models.tables import CaseWait
from models.values.waits import Wait


async def replace_waits(
    session: AsyncSession,
    renovation_id: str,
    workflow_id: str,
    waits: Sequence[Wait],
    now: datetime,
) -> None:
    """Put these in the place of everything that the workflow waited for.

    A wait that was there before keeps its `since`.
    """
    before = await session.execute(
        delete(CaseWait)
        .where(CaseWait.workflow_id == workflow_id)
        .returning(CaseWait.what, CaseWait.subject, CaseWait.who, CaseWait.since)
    )
    since = {(what, subject, who): moment for what, subject, who, moment in before}
    if waits:
        kept = [
            wait.model_copy(update={"since": since.get((wait.what, wait.subject, wait.who))})
            if wait.since is None
            else wait
            for wait in waits
        ]
        await add_waits(session, renovation_id, workflow_id, kept, now)


async def add_waits(
    session: AsyncSession,
    renovation_id: str,
    workflow_id: str,
    waits: Sequence[Wait],
    now: datetime,
) -> None:
    """Add to what the workflow waits for; a row that is there already stays as it is."""
    rows = [
        {
            "workflow_id": workflow_id,
            "renovation_id": renovation_id,
            **wait.model_dump(),
            "since": wait.since or now,
        }
        for wait in waits
    ]
    await session.execute(insert(CaseWait).values(rows).on_conflict_do_nothing())


async def end_waits_but_of_tickets(session: AsyncSession, renovation_id: str) -> None:
    """The stages and publications of a case wait for nothing any more; complaints go on."""
    ticket = ticket_workflow_id(renovation_id, "")
    await session.execute(
        delete(CaseWait).where(
            CaseWait.renovation_id == renovation_id,
            CaseWait.workflow_id.not_like(f"{ticket}%"),
        )
    )


async def load_waits(session: AsyncSession, renovation_id: str) -> list[CaseWait]:
    """The agenda of a case, by deadline; what has none comes last."""
    rows = await session.scalars(
        select(CaseWait)
        .where(CaseWait.renovation_id == renovation_id)
        .order_by(
            CaseWait.due_at.nulls_last(), CaseWait.workflow_id, CaseWait.what, CaseWait.subject
        )
    )
    return list(rows)
