"""The agenda of the cases: what every open workflow waits for, written where the deadline is set.

A case is settled when no consequence is due: then nothing happens until somebody acts or its
clock goes on.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    String,
    and_,
    any_,
    bindparam,
    delete,
    func,
    literal,
    not_,
    or_,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.ids import (
    collections_of,
    proposals_id,
    suggestions_id,
    ticket_workflow_id,
)
from models.tables import CaseWait
from models.tables.base import table_of
from models.values.waits import BESIDE, BLOCKED, REMINDING, Wait

_WAITS = table_of(CaseWait)
_OF_WORKFLOW = (
    delete(_WAITS)
    .where(_WAITS.c.workflow_id == bindparam("workflow"))
    .returning(*(_WAITS.c[each] for each in Wait.model_fields))
)
_STAYS = _WAITS.c.what == any_(literal(sorted(BESIDE), ARRAY(String)))
TAKEN = _OF_WORKFLOW.where(not_(_STAYS))
ADDED = insert(_WAITS).on_conflict_do_nothing()
NEXT_REMINDER = select(func.min(_WAITS.c.due_at)).where(
    _WAITS.c.workflow_id == bindparam("workflow"),
    _WAITS.c.consequence == any_(literal(sorted(REMINDING), ARRAY(String))),
)
"""Every write of a workflow asks these three: they are made once, and know nothing of objects."""
OF_CASE = (
    select(CaseWait)
    .where(CaseWait.renovation_id == bindparam("renovation"))
    .order_by(CaseWait.due_at.nulls_last(), CaseWait.workflow_id, CaseWait.what, CaseWait.subject)
)
OVER = text("""
DELETE FROM case_wait w USING proposal p, renovation r
WHERE string_to_array(w.what || ', ' || w.who, ', ') @> ARRAY['confirmation']
  AND w.what = 'confirmation' AND p.id = w.subject AND r.id = p.renovation_id
  AND (p.decision IS NOT NULL OR p.stage <> r.stage_workflow_id OR p.expires_at <= tick_of(r.id))
""")


async def end_confirmations(session: AsyncSession) -> None:
    """Nobody is awaited any more for proposals that have expired or whose stage is over."""
    await session.execute(OVER)


async def replace_waits(
    session: AsyncSession,
    renovation_id: str,
    workflow_id: str,
    waits: Sequence[Wait],
    now: datetime,
) -> None:
    """Put these in the place of everything that the workflow waited for.

    One that says no `since` and was there before keeps it; and whoever was to be reminded, or was,
    has no more time because of that. One that was put to a single one of those who may do it stays with that one.
    Orders of correction and a block of payments stay, but as they are put.
    """
    put = [(wait.what, wait.subject) for wait in waits if wait.what in BESIDE]
    taken = TAKEN
    if put:
        taken = _OF_WORKFLOW.where(
            or_(not_(_STAYS), tuple_(_WAITS.c.what, _WAITS.c.subject).in_(put))
        )
    await session.flush()
    rows = await session.execute(taken, {"workflow": workflow_id})
    before = {
        (wait.what, wait.subject): wait
        for wait in (Wait.model_validate(row, from_attributes=True) for row in rows)
    }
    if waits:
        kept = [_kept(wait, before.get((wait.what, wait.subject))) for wait in waits]
        await add_waits(session, renovation_id, workflow_id, kept, now)


def _kept(wait: Wait, before: Wait | None) -> Wait:
    if wait.since is not None or before is None or not _is_among(before.who, wait.who):
        return wait
    if before.late_since is not None or REMINDING.issuperset(
        {wait.consequence, before.consequence}
    ):
        return before
    return wait.model_copy(update={"since": before.since, "who": before.who})


def _is_among(before: str, who: str) -> bool:
    """Whether whoever was awaited is still among those who are."""
    return set(before.split(", ")) <= set(who.split(", "))


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
    await session.flush()
    await session.execute(ADDED, rows)


async def end_waits_but_of_tickets(
    session: AsyncSession, renovation_id: str, *, orders_too: bool = True, at_end: bool = False
) -> None:
    """The stages and publications of a case wait for nothing any more; complaints go on.

    `orders_too`: not even orders of correction do, nor the collection of instalments, which outlive the
    works. Payments stay blocked until the case is closed (`at_end`).
    """
    ticket = ticket_workflow_id(renovation_id, "")
    ended = delete(CaseWait).where(
        CaseWait.renovation_id == renovation_id,
        CaseWait.workflow_id.not_like(f"{ticket}%"),
    )
    if not orders_too:
        ended = ended.where(not_(and_(*of_collection(renovation_id))))
    kept = () if at_end else (BLOCKED,) if orders_too else BESIDE
    await session.execute(ended.where(CaseWait.what.not_in(kept)))


def of_collection(renovation_id: str) -> tuple[ColumnElement[bool], ...]:
    """The lines of what the collection of later instalments waits for."""
    before = collections_of(renovation_id)
    return (
        CaseWait.renovation_id == renovation_id,
        CaseWait.workflow_id.startswith(before, autoescape=True),
    )


def of_procedure(renovation_id: str) -> tuple[ColumnElement[bool], ...]:
    """The lines of what the workflows of the procedure wait for: they rest with it, and may be given more time.

    Not those of complaints and suggestions, nor who is to confirm, nor orders of correction, which run on.
    """
    return (
        CaseWait.renovation_id == renovation_id,
        CaseWait.workflow_id.not_like(f"{ticket_workflow_id(renovation_id, '')}%"),
        CaseWait.workflow_id.not_in((proposals_id(renovation_id), suggestions_id(renovation_id))),
        CaseWait.what.not_in(BESIDE),
    )


async def load_next_reminder(session: AsyncSession, workflow_id: str) -> datetime | None:
    """When whoever this workflow waits for is reminded next, or the level above; None for never."""
    found: datetime | None = await session.scalar(NEXT_REMINDER, {"workflow": workflow_id})
    return found


async def load_waits(session: AsyncSession, renovation_id: str) -> list[CaseWait]:
    """The agenda of a case, by deadline; what has none comes last."""
    return list(await session.scalars(OF_CASE, {"renovation": renovation_id}))
