"""What became of the notices of a case: for its offices, for a household, and as a training inbox."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Contact, Notice, NoticeMessage, Ticket
from models.values.actor import Actor
from models.values.refusal import refusal
from models.values.states import MessageState
from runtime.database import Database
from runtime.language.moments import CHINESE
from service.access.tickets import Voter
from service.http.keysets import before, behind
from service.http.paging import Slice
from service.notices.audiences import load_titles
from service.notices.bodies import (
    InboxMessage,
    MessageView,
    NoticeView,
    OwnNotice,
    ResendMessage,
)
from service.notices.wording import text_of
from service.parts import Parts
from service.reading.parties import not_about
from service.reading.shaping import Viewer
from service.recording import Details, accept
from service.situation import Situation

NEWEST = Slice()
RESENT = "notice.resent"
AGAIN = (MessageState.FAILED, MessageState.RETURNED, MessageState.FAILED_FOR_NOW)


async def list_notices(
    database: Database,
    situation: Situation,
    viewer: Viewer,
    language: str = CHINESE,
    part: Slice = NEWEST,
) -> tuple[NoticeView, ...]:
    """The notices of a case, the newest first, each with the numbers of its messages.

    None of a complaint that is about whoever asks (P-6).
    """
    async with database.session() as session:
        rows = await _newest(session, situation, part, _not_about(situation, viewer))
        titles = await load_titles(session, situation.id)
        numbers = await session.execute(
            select(NoticeMessage.notice_id, NoticeMessage.state, func.count())
            .where(NoticeMessage.notice_id.in_([row.id for row in rows]))
            .group_by(NoticeMessage.notice_id, NoticeMessage.state)
        )
        found: dict[str, dict[str, int]] = {}
        for notice_id, state, count in numbers:
            found.setdefault(notice_id, {})[str(state)] = int(count)
    return tuple(
        NoticeView(
            notice=row.id,
            template=row.template,
            audience=row.audience,
            created_at=row.created_at,
            state=str(row.state),
            text=text_of(row.template, row.params, language, situation.timetable.zone, titles),
            messages=found.get(row.id, {}),
            unreached=row.unreached,
        )
        for row in rows
    )


async def list_messages(
    database: Database,
    situation: Situation,
    viewer: Viewer,
    notice_id: str,
    part: Slice | None = None,
) -> tuple[MessageView, ...]:
    """Each message of a notice and how it stands, by household; `part` of them, or all.

    Raises:
        Refused: `notice.unknown`, for one of a complaint about whoever asks too; `service.cursor_invalid`.
    """
    async with database.session() as session:
        seen = _of_case(situation), _not_about(situation, viewer)
        notice = await session.scalar(select(Notice).where(Notice.id == notice_id, *seen))
        if notice is None:
            raise refusal("notice.unknown", where="notice")
        hidden = await _is_confidential(session, notice)
        home = literal("") if hidden else func.coalesce(NoticeMessage.unit_number, "")
        key = home, NoticeMessage.id
        query = select(NoticeMessage).where(NoticeMessage.notice_id == notice_id)
        query = query.order_by(*(key[1:] if hidden else key))
        if part is not None:
            query = query.where(*behind(key, part)).limit(part.limit)
        rows = await session.scalars(query)
        return tuple(message_view(row, hidden=hidden) for row in rows)


def _of_case(situation: Situation) -> ColumnElement[bool]:
    return Notice.renovation_id == situation.id


def _not_about(situation: Situation, viewer: Viewer) -> ColumnElement[bool]:
    """Notices of no complaint about whoever asks."""
    ticket = Notice.params["ticket"].astext
    others = select(Ticket.id).where(Ticket.renovation_id == situation.id, *not_about(viewer))
    return or_(ticket.is_(None), ticket.in_(others))


async def _is_confidential(session: AsyncSession, notice: Notice) -> bool:
    """Whether to say whom it was sent to is to say who has complained in confidence."""
    if notice.audience != "complainant":
        return False
    query = select(Ticket.confidential).where(Ticket.id == str(notice.params.get("ticket")))
    return bool(await session.scalar(query))


async def list_own(
    database: Database, situation: Situation, voter: Voter, part: Slice = NEWEST
) -> tuple[OwnNotice, ...]:
    """The messages of a household since its access was last renewed, in Chinese, the newest first."""
    async with database.session() as session:
        rows = await session.execute(
            select(NoticeMessage, Notice)
            .join(Notice, Notice.id == NoticeMessage.notice_id)
            .join(Contact, Contact.id == NoticeMessage.contact_id)
            .where(
                NoticeMessage.renovation_id == situation.id,
                NoticeMessage.unit_number == voter.unit_number,
                Contact.access_version == voter.version,
                *before((NoticeMessage.created_at, NoticeMessage.id), part),
            )
            .order_by(NoticeMessage.created_at.desc(), NoticeMessage.id.desc())
            .limit(part.limit)
        )
        zone = situation.timetable.zone
        return tuple(
            OwnNotice(
                message=message.id,
                template=notice.template,
                text=text_of(notice.template, notice.params, CHINESE, zone),
                channel=message.channel,
                state=str(message.state),
                created_at=message.created_at,
                changed_at=message.changed_at,
            )
            for message, notice in rows
        )


async def read_inbox(
    database: Database, situation: Situation, language: str = CHINESE, part: Slice = NEWEST
) -> tuple[InboxMessage, ...]:
    """The notices of a training case as their readers would see them, the newest first.

    Raises:
        Refused: `notice.no_training`.
    """
    if situation.clock != "told":
        raise refusal("notice.no_training")
    async with database.session() as session:
        rows = await _newest(session, situation, part)
        titles = await load_titles(session, situation.id)
    zone = situation.timetable.zone
    return tuple(
        InboxMessage(
            notice=row.id,
            audience=row.audience,
            template=row.template,
            text=text_of(row.template, row.params, language, zone, titles),
            created_at=row.created_at,
        )
        for row in rows
    )


async def resend(
    parts: Parts, situation: Situation, viewer: Viewer, actor: Actor, command: ResendMessage
) -> MessageView:
    """Send a message again that failed or came back; an address it came back from is written to again.

    Who ordered it and how it stood before is on the record, for whom it is is not.

    Raises:
        Refused: `notice.message_unknown`, of a complaint about whoever asks too; `notice.not_failed`.
    """
    seen = Notice.id == NoticeMessage.notice_id, _not_about(situation, viewer)

    async def change(session: AsyncSession, _now: datetime, _key: str) -> tuple[str, Details]:
        row = await session.scalar(
            select(NoticeMessage)
            .join(Notice, and_(*seen))
            .where(NoticeMessage.id == command.message, NoticeMessage.renovation_id == situation.id)
            .with_for_update(of=NoticeMessage)
        )
        if row is None:
            raise refusal("notice.message_unknown", where="message")
        if row.state not in AGAIN:
            raise refusal("notice.not_failed", where="message", state=str(row.state))
        notice = await session.get_one(Notice, row.notice_id)
        details: Details = {
            "notice": notice.template,
            "channel": row.channel,
            "message_was": str(row.state),
            "attempts": row.attempts,
        }
        row.state, row.error, row.attempts = MessageState.CREATED, "", 0
        row.next_at = row.changed_at = func.clock_timestamp()
        if row.contact_id is not None:
            trusted = update(Contact).where(Contact.id == row.contact_id)
            await session.execute(trusted.values(returned_at=None))
        return row.id, details

    await accept(parts.journal, situation, actor, command, RESENT, change)
    async with parts.database.session() as session:
        row = await session.get_one(NoticeMessage, command.message)
        notice = await session.get_one(Notice, row.notice_id)
        return message_view(row, hidden=await _is_confidential(session, notice))


def message_view(row: NoticeMessage, *, hidden: bool) -> MessageView:
    """A message as the offices see it; `hidden`: whose it is was said in confidence (P-6)."""
    return MessageView(
        message=row.id,
        notice=row.notice_id,
        unit_number=None if hidden else row.unit_number,
        actor_id=row.actor_id,
        channel=row.channel,
        state=str(row.state),
        attempts=row.attempts,
        error=row.error,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


async def _newest(
    session: AsyncSession, situation: Situation, part: Slice, *seen: ColumnElement[bool]
) -> Sequence[Notice]:
    rows = await session.scalars(
        select(Notice)
        .where(_of_case(situation), *seen, *before((Notice.created_at, Notice.id), part))
        .order_by(Notice.created_at.desc(), Notice.id.desc())
        .limit(part.limit)
    )
    return rows.all()
