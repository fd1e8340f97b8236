"""The sender: brings what is in the outbox to the people, at least once, and writes down what came of it.

A notice becomes messages (`addressing`); each is taken for a while by one process, handed over, and noted,
one by one. A process that dies leaves what it had taken to the next one when that while is over: then a
message whose hand-over was not noted goes out twice, under the same Message-ID, and no other.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import NamedTuple

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Contact, Notice, NoticeMessage, Renovation
from models.values.states import MessageState
from models.values.timetable import Timetable
from rules.notices import GIVEN_UP_AFTER, pause_after, read_quiet
from runtime.database import Database
from runtime.record.journal import Journal
from runtime.settings import Settings
from service.notices.addressing import address_one, addresses_of
from service.notices.audiences import load_titles
from service.notices.finishing import finish_some
from service.notices.leaving import Attempt, Came, OpenWay, Outgoing
from service.notices.mail import MailWay
from service.notices.sms import SmsWay
from service.notices.wording import CHINESE, text_of

log = structlog.get_logger("notices")

LANES = 8
"""Messages that are handed over at the same time: so many may go out twice when the process dies."""
PAGE = 200
TAKEN_FOR_S = 600.0
NOT_YET = (MessageState.CREATED, MessageState.SENDING, MessageState.FAILED_FOR_NOW)
Point = Callable[[str], None]


class _Taken(NamedTuple):
    """A message that this process has taken, with what it says and where it goes."""

    message: NoticeMessage
    notice: Notice
    renovation: Renovation
    contact: Contact | None
    titles: Mapping[str, str]
    address: str
    """Of the contact, "" where it was forgotten."""


def _pass_by(_point: str) -> None:
    """Nothing happens at a point."""


def ways_of(settings: Settings) -> frozenset[str]:
    """The channels by which something leaves, as the settings have them."""
    mail = {"email"} if settings.smtp_host else set()
    sms = {"sms"} if settings.sms_url is not None and settings.sms_secret is not None else set()
    return frozenset(mail | sms)


class NoticeSender:
    """Sends for as long as it runs; looks every `poll_s` seconds for something new.

    `at` is called at the points "taken", "handed" and "noted" of each message, for the tests that end
    the process there.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        journal: Journal,
        *,
        poll_s: float = 1.0,
        taken_for_s: float = TAKEN_FOR_S,
        at: Point = _pass_by,
    ) -> None:
        self._database, self._settings, self._journal = database, settings, journal
        self._poll_s, self._taken_for_s, self._at = poll_s, taken_for_s, at
        self._ways = ways_of(settings)
        self._quiet = read_quiet(settings.notice_quiet)

    async def run(self) -> None:
        """Until it is cancelled; whatever a turn meets, a database that is away too, the next one is made."""
        while True:
            try:
                while await self.turn():
                    pass
            except Exception as error:  # noqa: BLE001 - nothing that one turn meets ends the sender
                log.warning("notices_wait", reason=type(error).__name__)
            await asyncio.sleep(self._poll_s)

    async def turn(self) -> bool:
        """Address what is new, hand over a page of what is due, end what is done; whether anything was."""
        addressed = False
        while await self._database.transaction(self._address):
            addressed = True
        due = await self._take()
        until = time.monotonic() + self._taken_for_s / 2
        await asyncio.gather(*(self._lane(due, number, until) for number in range(LANES)))
        ended = await finish_some(self._database, self._journal)
        return bool(addressed or due or ended)

    async def _address(self, session: AsyncSession) -> bool:
        kept = timedelta(days=self._settings.notice_days)
        catcher = bool(self._settings.training_smtp)
        return await address_one(session, self._ways, self._quiet, kept, catcher=catcher)

    def _channels(self) -> list[str]:
        return [*self._ways, *(["training"] if self._settings.training_smtp else [])]

    async def _take(self) -> Sequence[_Taken]:
        """Take a page of the messages that are due; nobody else has them for a while."""
        channels = self._channels()
        if not channels:
            return ()

        async def work(session: AsyncSession) -> list[str]:
            found = (
                select(NoticeMessage.id)
                .where(
                    NoticeMessage.state.in_(NOT_YET),
                    NoticeMessage.channel.in_(channels),
                    NoticeMessage.next_at <= func.clock_timestamp(),
                )
                .order_by(NoticeMessage.next_at)
                .limit(PAGE)
                .with_for_update(skip_locked=True)
            )
            mine = update(NoticeMessage).where(NoticeMessage.id.in_(found))
            taken = mine.values(
                state=MessageState.SENDING,
                attempts=NoticeMessage.attempts + 1,
                next_at=func.clock_timestamp() + timedelta(seconds=self._taken_for_s),
                changed_at=func.clock_timestamp(),
            )
            return list(await session.scalars(taken.returning(NoticeMessage.id)))

        ids = await self._database.transaction(work)
        if not ids:
            return ()
        async with self._database.session() as session:
            rows = await session.execute(
                select(NoticeMessage, Notice, Renovation, Contact)
                .join(Notice, Notice.id == NoticeMessage.notice_id)
                .join(Renovation, Renovation.id == NoticeMessage.renovation_id)
                .outerjoin(Contact, Contact.id == NoticeMessage.contact_id)
                .where(NoticeMessage.id.in_(ids))
                .order_by(NoticeMessage.id)
            )
            taken = rows.all()
            works = {
                name: await load_titles(session, name)
                for name in {row.NoticeMessage.renovation_id for row in taken}
            }
            contacts = {row.Contact.id: row.Contact for row in taken if row.Contact is not None}
            to = await addresses_of(session, self._settings, contacts.values())
            return [
                _Taken(
                    *row,
                    works[row.NoticeMessage.renovation_id],
                    to.get(row.Contact.id, "") if row.Contact is not None else "",
                )
                for row in taken
            ]

    async def _lane(self, due: Sequence[_Taken], number: int, until: float) -> None:
        """Hand over every LANES-th of the page, over connections of its own."""
        async with AsyncExitStack() as stack:
            ways: dict[str, OpenWay] = {}
            for each in due[number::LANES]:
                if time.monotonic() > until:
                    return  # somebody else may have it soon
                channel = each.message.channel
                if channel not in ways:
                    way = self._open(channel)
                    stack.push_async_callback(way.close)
                    ways[channel] = way
                self._at("taken")
                came = await self._hand(ways[channel], each)
                self._at("handed")
                await self._note(each, came)
                self._at("noted")

    def _open(self, channel: str) -> OpenWay:
        if channel == "email":
            return MailWay.of(self._settings)
        if channel == "training":
            return MailWay.of_training(self._settings)
        url, secret = self._settings.sms_url, self._settings.sms_secret
        assert url is not None
        assert secret is not None
        return SmsWay(url, secret)

    async def _hand(self, way: OpenWay, due: _Taken) -> Attempt:
        contact, notice, renovation = due.contact, due.notice, due.renovation
        if due.message.channel == "training":
            to = f"{notice.audience}@{renovation.id.lower()}.training.invalid"
        elif contact is None or contact.withdrawn_at or contact.returned_at:
            return Attempt(Came.NEVER, "withdrawn")
        else:
            to = due.address
        if not to:
            return Attempt(Came.NEVER, "sealed")
        language = contact.language if contact else CHINESE
        zone = Timetable.model_validate(renovation.timetable).zone
        outgoing = Outgoing(
            id=due.message.id,
            to=to,
            title=renovation.title,
            text=text_of(notice.template, notice.params, language, zone, due.titles),
            language=language,
            address=f"{self._settings.address}/v1/renovations/{renovation.id}",
        )
        return await way.send(outgoing)

    async def _note(self, due: _Taken, attempt: Attempt) -> None:
        """Write down what came of an attempt, unless its time was over and another one has it."""
        message = due.message
        now = func.clock_timestamp()
        values: dict[str, object] = {"error": attempt.error, "changed_at": now}
        if attempt.came is Came.TAKEN:
            values["state"] = MessageState.DELIVERED
        elif attempt.came is Came.NEVER:
            values["state"] = MessageState.FAILED
        else:
            values["state"] = MessageState.FAILED_FOR_NOW
            values["next_at"] = now + pause_after(message.attempts)

        async def work(session: AsyncSession) -> None:
            mine = update(NoticeMessage).where(
                NoticeMessage.id == message.id, NoticeMessage.state == MessageState.SENDING
            )
            if attempt.came is not Came.TAKEN:
                mine = mine.where(NoticeMessage.attempts == message.attempts)
            await session.execute(mine.values(values))
            if attempt.came is Came.LATER:
                old = NoticeMessage.created_at < now - GIVEN_UP_AFTER
                gave_up = update(NoticeMessage).where(NoticeMessage.id == message.id, old)
                await session.execute(gave_up.values(state=MessageState.FAILED))

        await self._database.transaction(work)
