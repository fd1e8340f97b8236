"""The sender: brings what is in the outbox to the people, at least once, and writes down what came of it.

A notice becomes messages (`addressing`); each is taken for a while by one process (`service.outbox`), handed
over, and noted, one by one. Of a process that dies a message whose hand-over was not noted goes out twice, under
the same Message-ID, and no other.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import NamedTuple

import structlog
from sqlalchemy import Select, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Contact, Notice, NoticeMessage, Renovation, UnitAccess
from models.values.states import MessageState
from models.values.timetable import Timetable
from rules.notices import read_quiet
from rules.sending import NOTICES, next_try
from runtime.database import Database
from runtime.language.moments import CHINESE
from runtime.record.journal import Journal
from runtime.settings import Settings
from service.access.units import version_where
from service.identity.sessions import database_now
from service.notices.addressing import address_some, addresses_of, is_any_queued
from service.notices.audiences import load_titles
from service.notices.finishing import finish_some
from service.notices.leaving import Attempt, Came, OpenWay, Outgoing
from service.notices.mail import MailWay
from service.notices.sms import SmsWay
from service.notices.wording import text_of
from service.outbox.sender import Hand, OutboxSender

log = structlog.get_logger("notices")
LANES = 8
"""Messages that are handed over at the same time: so many may go out twice when the process dies."""
PAGE = 200
TAKEN_FOR_S = 600.0
OF_NO_CASE = "gongjian"
"""Who writes, where it is about no case."""
NOT_YET = (MessageState.CREATED, MessageState.SENDING, MessageState.FAILED_FOR_NOW)
Point = Callable[[str], None]


class _Taken(NamedTuple):
    """A message that this process has taken, with what it says and where it goes."""

    message: NoticeMessage
    notice: Notice
    renovation: Renovation | None
    """None where it is of no case."""
    contact: Contact | None
    titles: Mapping[str, str]
    address: str
    """Of the contact, "" where it was forgotten."""
    version: int
    """Of the contact's unit, now: an address of before a sale is the seller's."""


def _pass_by(_point: str) -> None:
    """Nothing happens at a point."""


def _counts(contact: Contact, version: int) -> bool:
    """Whether an address is still good: not withdrawn, not returned, and of those whose home it is now."""
    of_now = contact.unit_number is None or contact.access_version == version
    return of_now and not contact.withdrawn_at and not contact.returned_at


def ways_of(settings: Settings) -> frozenset[str]:
    """The channels by which something leaves, as the settings have them."""
    mail = {"email"} if settings.smtp_host else set()
    sms = {"sms"} if settings.sms_url is not None and settings.sms_secret is not None else set()
    return frozenset(mail | sms)


class NoticeSender(OutboxSender[_Taken]):
    """Sends what is in the outbox.

    `at` is called at the points "addressing" and "addressed" of some notices, "taken", "handed" and "noted" of
    each message, and "ended" of some notices, for the tests that end the process there.
    """

    name = "notices"

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
        super().__init__(database, lanes=LANES, taken_for_s=taken_for_s, poll_s=poll_s)
        self._settings, self._journal, self._at = settings, journal, at
        self._ways = ways_of(settings)
        self._quiet = read_quiet(settings.notice_quiet)
        channels = [*self._ways, *(["training"] if settings.training_smtp else [])]
        self._unfinished = NoticeMessage.state.in_(NOT_YET), NoticeMessage.channel.in_(channels)
        due = exists().where(*self._unfinished, NoticeMessage.next_at <= func.clock_timestamp())
        self._any_due = select(due) if channels else None

    async def prepare(self) -> bool:
        """Address what is new."""
        addressed = False
        while await is_any_queued(self._database):
            if not await self._database.transaction(self._address):
                break  # another process has them
            self._at("addressed")
            addressed = True
        return addressed

    async def finish(self) -> bool:
        """End the notices whose messages have all come to theirs."""
        ended = await finish_some(self._database, self._journal)
        if ended:
            self._at("ended")
        return ended

    async def _address(self, session: AsyncSession) -> bool:
        kept = timedelta(days=self._settings.notice_days)
        catcher = bool(self._settings.training_smtp)
        there_was = await address_some(session, self._ways, self._quiet, kept, catcher=catcher)
        if there_was:
            self._at("addressing")
        return there_was

    def any_due(self) -> Select[bool] | None:
        """Messages in the channels that there are here."""
        return self._any_due

    async def take(self, session: AsyncSession) -> Sequence[str]:
        """Take a page of the messages that are due."""
        mine = self.claim(
            NoticeMessage,
            self._unfinished,
            PAGE,
            state=MessageState.SENDING,
            attempts=NoticeMessage.attempts + 1,
            changed_at=func.clock_timestamp(),
        )
        return (await session.scalars(mine)).all()

    async def load(self, ids: Sequence[str]) -> Sequence[_Taken]:
        """The messages with what they say and where they go."""
        async with self._database.session() as session:
            rows = await session.execute(
                select(
                    NoticeMessage,
                    Notice,
                    Renovation,
                    Contact,
                    version_where(
                        UnitAccess.renovation_id == Contact.renovation_id,
                        UnitAccess.unit_number == Contact.unit_number,
                    ).label("version"),
                )
                .join(Notice, Notice.id == NoticeMessage.notice_id)
                .outerjoin(Renovation, Renovation.id == NoticeMessage.renovation_id)
                .outerjoin(Contact, Contact.id == NoticeMessage.contact_id)
                .where(NoticeMessage.id.in_(ids))
                .order_by(NoticeMessage.id)
            )
            taken = rows.all()
            cases = {row.Renovation.id for row in taken if row.Renovation is not None}
            works = {name: await load_titles(session, name) for name in cases}
            of_none = dict[str, str]()
            contacts = {row.Contact.id: row.Contact for row in taken if row.Contact is not None}
            to = await addresses_of(session, self._settings, contacts.values())
            return [
                _Taken(
                    *row[:4],
                    works.get(row.NoticeMessage.renovation_id, of_none),
                    to.get(row.Contact.id, "") if row.Contact is not None else "",
                    row.version,
                )
                for row in taken
            ]

    @asynccontextmanager
    async def lane(self) -> AsyncIterator[Hand[_Taken]]:
        """Hand messages over, over one connection a channel."""
        async with AsyncExitStack() as stack:
            ways: dict[str, OpenWay] = {}

            async def hand(each: _Taken) -> None:
                channel = each.message.channel
                if channel not in ways:
                    way = self._open(channel)
                    stack.push_async_callback(way.close)
                    ways[channel] = way
                self._at("taken")
                came = await self._tried(ways[channel], each)
                self._at("handed")
                await self._note(each, came)
                self._at("noted")

            yield hand

    def _open(self, channel: str) -> OpenWay:
        if channel == "email":
            return MailWay.of(self._settings)
        if channel == "training":
            return MailWay.of_training(self._settings)
        url, secret = self._settings.sms_url, self._settings.sms_secret
        assert url is not None
        assert secret is not None
        return SmsWay(url, secret)

    async def _tried(self, way: OpenWay, due: _Taken) -> Attempt:
        """Hand it over; a message that cannot be made is tried again as any other, and holds up none."""
        try:
            return await self._hand(way, due)
        except Exception as error:  # noqa: BLE001 - whatever one message meets is that message's
            log.warning("not_sent", message=due.message.id, reason=type(error).__name__)
            return Attempt(Came.LATER, "unforeseen")

    async def _hand(self, way: OpenWay, due: _Taken) -> Attempt:
        contact, notice, renovation = due.contact, due.notice, due.renovation
        if due.message.channel == "training" and renovation is not None:
            to = f"{notice.audience}@{renovation.id.lower()}.training.invalid"
        elif contact is None or not _counts(contact, due.version):
            return Attempt(Came.NEVER, "withdrawn")
        else:
            to = due.address
        if not to:
            return Attempt(Came.NEVER, "sealed")
        language = contact.language if contact else CHINESE
        terms = (
            Timetable() if renovation is None else Timetable.model_validate(renovation.timetable)
        )
        read_on = "" if renovation is None else f"/v1/renovations/{renovation.id}"
        outgoing = Outgoing(
            id=due.message.id,
            to=to,
            title=OF_NO_CASE if renovation is None else renovation.title,
            text=text_of(notice.template, notice.params, language, terms.zone, due.titles),
            language=language,
            address=f"{self._settings.address}{read_on}",
        )
        return await way.send(outgoing)

    async def _note(self, due: _Taken, attempt: Attempt) -> None:
        """Write down what came of an attempt, unless its time was over and another one has it."""
        message = due.message
        values: dict[str, object] = {"error": attempt.error, "changed_at": func.clock_timestamp()}

        async def work(session: AsyncSession) -> None:
            mine = update(NoticeMessage).where(
                NoticeMessage.id == message.id, NoticeMessage.state == MessageState.SENDING
            )
            if attempt.came is not Came.TAKEN:
                mine = mine.where(NoticeMessage.attempts == message.attempts)
            fate = await self._fate(session, message, attempt.came)
            await session.execute(mine.values({**values, **fate}))

        await self._database.transaction(work)

    async def _fate(
        self, session: AsyncSession, message: NoticeMessage, came: Came
    ) -> dict[str, object]:
        """The state of a message after an attempt, and when it is tried again if it is."""
        if came is Came.TAKEN:
            return {"state": MessageState.DELIVERED}
        again = None
        if came is Came.LATER:
            now = await database_now(session)
            again = next_try(NOTICES, message.attempts, message.created_at, now)
        if again is None:
            return {"state": MessageState.FAILED}
        return {"state": MessageState.FAILED_FOR_NOW, "next_at": again}
