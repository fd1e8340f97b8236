"""The end of a notice: all its messages have come to theirs. Only then the history says that it arrived."""

from collections.abc import Sequence
from functools import partial

from pydantic import JsonValue
from sqlalchemy import ARRAY, String, any_, bindparam, case, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from models.messages.command import Command
from models.tables import CaseClock, Notice, NoticeMessage
from models.tables.base import spelled
from models.values.base import Carried
from models.values.states import MessageState, NoticeState
from rules.notices import REMINDERS
from runtime.database import Database
from runtime.record.journal import Journal, Recorded

TOGETHER = 50
OPEN = (MessageState.CREATED, MessageState.SENDING, MessageState.FAILED_FOR_NOW)


ARRIVED = exists().where(
    NoticeMessage.notice_id == Notice.id, NoticeMessage.state == MessageState.DELIVERED
)
END_ALL = (
    update(Notice)
    .where(Notice.id == any_(bindparam("notices", type_=ARRAY(String))))
    .values(state=case((ARRIVED, NoticeState.SENT), else_=NoticeState.FAILED))
)
WAITS = exists().where(NoticeMessage.notice_id == Notice.id, NoticeMessage.state.in_(OPEN))
TOLD = exists().where(CaseClock.renovation_id == Notice.renovation_id)
AT_THE_END = (
    select(Notice.id, Notice.renovation_id, Notice.template, TOLD)
    .where(Notice.state == spelled(NoticeState.SENDING), ~WAITS)
    .limit(TOGETHER)
)
"""Asked every second."""


class NoticeEnded(Carried):
    """What became of a notice: how many messages arrived, failed or came back; how many nobody could be sent."""

    notice: str
    delivered: int = 0
    failed: int = 0
    returned: int = 0
    unreached: int = 0


async def finish_some(database: Database, journal: Journal) -> bool:
    """End notices whose messages have all come to their end; whether there were any."""
    async with database.reading() as reading:
        rows = (await reading.execute(AT_THE_END)).all()
    silent: list[str] = []
    for notice_id, renovation_id, template, in_training in rows:
        kind = REMINDERS.get(template)
        if kind is None or in_training or renovation_id is None:
            silent.append(notice_id)
        else:
            await _record(journal, renovation_id, notice_id, kind)
    if silent:
        await database.statement(partial(_end_all, notice_ids=silent))
    return bool(rows)


async def _end_all(connection: AsyncConnection, notice_ids: Sequence[str]) -> None:
    """End notices of which the record says nothing more."""
    await connection.execute(END_ALL, {"notices": notice_ids})


async def _record(journal: Journal, renovation_id: str, notice_id: str, kind: str) -> None:
    """End a reminder, with its event: it is ordered by one event and arrives by another."""
    command = Command(command_id=f"notice/{notice_id}", renovation_id=renovation_id)

    async def inside(session: AsyncSession, _now: object) -> Recorded[NoticeEnded]:
        ended = await _end(session, notice_id)
        details: dict[str, JsonValue] = ended.model_dump(mode="json")
        return Recorded(ended, details)

    await journal.record(command, kind, None, inside, NoticeEnded)


async def _end(session: AsyncSession, notice_id: str) -> NoticeEnded:
    notice = await session.get_one(Notice, notice_id, with_for_update=True)
    rows = await session.execute(
        select(NoticeMessage.state, func.count())
        .where(NoticeMessage.notice_id == notice_id)
        .group_by(NoticeMessage.state)
    )
    numbers = {str(state): int(count) for state, count in rows}
    ended = NoticeEnded(
        notice=notice_id,
        delivered=numbers.get("delivered", 0),
        failed=numbers.get("failed", 0),
        returned=numbers.get("returned", 0),
        unreached=notice.unreached,
    )
    notice.state = NoticeState.SENT if ended.delivered else NoticeState.FAILED
    return ended
