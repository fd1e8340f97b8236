"""Notices on paper: what waits is printed as one PDF, handed over, and sometimes brought back."""

from collections.abc import Collection

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Letter, Notice, NoticeMessage
from models.values.actor import Actor
from models.values.refusal import refusal
from models.values.states import MessageState
from runtime.language.moments import CHINESE
from runtime.privacy.keys import PersonKeys
from service.access import facts
from service.access.letters import first_letters, link_of, token_again
from service.notices.bodies import NoticePage, ReturnTaken
from service.notices.bounces import mark_returned
from service.notices.wording import text_of
from service.parts import Parts
from service.situation import Situation

WAITING = (MessageState.CREATED, MessageState.SENDING)
READ_ON = "项目的公开信息可扫描下面的二维码查看。"
ENTER = "用手机扫描下面的二维码，凭信函所列的核验方式即可进入本户页面；请妥善保管，勿转交他人。"


async def print_waiting(parts: Parts, situation: Situation, actor: Actor) -> tuple[NoticePage, ...]:
    """A page for each household and notice that waits; from now on they are on their way.

    The code is the household's own link where nobody has entered with it yet and `actor` may have it, else
    the address of the case. Printed again, before they are handed over, they are the same.

    Raises:
        Refused: `notice.nothing_on_paper`.
    """

    async def work(session: AsyncSession) -> tuple[NoticePage, ...]:
        rows = await session.execute(
            select(NoticeMessage, Notice)
            .join(Notice, Notice.id == NoticeMessage.notice_id)
            .where(
                NoticeMessage.renovation_id == situation.id,
                NoticeMessage.channel == "paper",
                NoticeMessage.state.in_(WAITING),
            )
            .order_by(NoticeMessage.unit_number, Notice.created_at, NoticeMessage.id)
        )
        found = [(message, notice) for message, notice in rows]
        if not found:
            raise refusal("notice.nothing_on_paper")
        links = await _own_links(parts, session, situation, actor)
        owners = await facts.load_owners(
            session, PersonKeys.of(parts.settings), situation.estate_id
        )
        public = f"{parts.settings.address}/v1/renovations/{situation.id}"
        printed = update(NoticeMessage).where(
            NoticeMessage.id.in_([message.id for message, _ in found]),
            NoticeMessage.state == MessageState.CREATED,
        )
        await session.execute(
            printed.values(
                state=MessageState.SENDING,
                attempts=NoticeMessage.attempts + 1,
                changed_at=func.clock_timestamp(),
            )
        )
        pages: list[NoticePage] = []
        for message, notice in found:
            unit = message.unit_number or ""
            said = text_of(notice.template, notice.params, CHINESE, situation.timetable.zone)
            own = links.get(unit)
            pages.append(
                NoticePage(
                    unit_number=unit,
                    owners=tuple(owners[unit].names) if unit in owners else (),
                    text=(said, ENTER if own else READ_ON),
                    link=own or public,
                )
            )
        return tuple(pages)

    return await parts.database.transaction(work)


async def _own_links(
    parts: Parts, session: AsyncSession, situation: Situation, actor: Actor
) -> dict[str, str]:
    """The links of first letters with which nobody has entered, by unit; as `letters print` has them.

    Of a letter that goes with a code only for whoever has handed it out: to tell the code is not theirs.
    """
    letters = await session.scalars(
        select(Letter).where(
            *first_letters(situation, actor),
            or_(Letter.fact != "code", Letter.handed_by == actor.id),
        )
    )
    return {
        letter.unit_number: link_of(parts, token)
        for letter in letters
        if (token := token_again(parts.keys, letter.id, letter.token_hash)) is not None
    }


async def hand_over(parts: Parts, situation: Situation, units: Collection[str]) -> int:
    """The printed letters are in the letterboxes, of these units or of all; how many."""

    async def work(session: AsyncSession) -> int:
        handed = update(NoticeMessage).where(
            NoticeMessage.renovation_id == situation.id,
            NoticeMessage.channel == "paper",
            NoticeMessage.state == MessageState.SENDING,
        )
        if units:
            handed = handed.where(NoticeMessage.unit_number.in_(units))
        done = handed.values(state=MessageState.DELIVERED, changed_at=func.clock_timestamp())
        return len((await session.scalars(done.returning(NoticeMessage.id))).all())

    return await parts.database.transaction(work)


async def bring_back(parts: Parts, situation: Situation, message_id: str) -> ReturnTaken:
    """A letter could not be delivered and came back.

    Raises:
        Refused: `notice.message_unknown`, for what never was on paper too: the mail server brings that back.
    """

    async def work(session: AsyncSession) -> ReturnTaken:
        row = await session.get(NoticeMessage, message_id)
        if row is None or row.renovation_id != situation.id or row.channel != "paper":
            raise refusal("notice.message_unknown", where="message")
        return await mark_returned(session, message_id, "letter")

    return await parts.database.transaction(work)
