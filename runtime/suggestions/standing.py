"""How a suggestion stands, and its one line on the agenda of its case."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.ids import suggestions_id
from models.tables import CaseWait, Suggestion, SuggestionReply
from models.values.states import SuggestionState
from models.values.waits import Wait
from rules.authority import ROLES_OF_WRITE
from rules.feedback.suggestions import SuggestionStanding
from runtime.record.agenda import add_waits

REVIEW, ANSWER = "review_suggestion", "answer_suggestion"
AWAITED = {SuggestionState.SUBMITTED: REVIEW, SuggestionState.OPEN: ANSWER}
"""What a suggestion waits for; in other states for nothing."""


async def load_standing(session: AsyncSession, row: Suggestion) -> SuggestionStanding:
    """The suggestion as the rules look at it."""
    reply = None if row.reply_id is None else await session.get(SuggestionReply, row.reply_id)
    return standing_of(row, reply)


def standing_of(row: Suggestion, reply: SuggestionReply | None) -> SuggestionStanding:
    """The same with its last reply, which is known."""
    return SuggestionStanding(
        id=row.id,
        state=row.state,
        outcome=None if reply is None else reply.outcome,
        qualified=row.qualified_at is not None,
    )


async def put_on_agenda(
    session: AsyncSession, renovation_id: str, row: Suggestion, now: datetime
) -> None:
    """Make what a suggestion waits for its one line on the agenda of its case."""
    workflow_id, what = suggestions_id(renovation_id), AWAITED.get(row.state)
    await session.execute(
        delete(CaseWait).where(CaseWait.workflow_id == workflow_id, CaseWait.subject == row.id)
    )
    if what is not None:
        who = ", ".join(sorted(role.value for role in ROLES_OF_WRITE[what].roles))
        wait = Wait(what=what, subject=row.id, due_at=row.due_at, since=now, who=who)
        await add_waits(session, renovation_id, workflow_id, [wait], now)
