"""Messages that came back: the report of a mail server, or a letter that the post brings back."""

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Contact, NoticeMessage
from models.values.states import MessageState
from runtime.database import Database
from runtime.settings import Settings
from service.notices.bodies import ReturnTaken
from service.notices.mail import bounce_keys
from service.notices.returns import FOR_GOOD, read_report

SHA256_DIGITS = 64
MAY_RETURN = (MessageState.SENDING, MessageState.DELIVERED, MessageState.FAILED_FOR_NOW)


async def take_report(database: Database, settings: Settings, raw: bytes) -> ReturnTaken:
    """Read a delivery status notification: a message that came back for good is returned.

    From then on nothing is sent to its address, until whoever gave it says so again. Reports of a
    delay, of success, and automatic replies change nothing; reports about messages of others neither.
    """
    keys = bounce_keys(settings)
    report = next((found for key in keys if (found := read_report(key, raw))), None)
    if report is None:
        return ReturnTaken(outcome="not_ours")
    if not report.status.startswith(FOR_GOOD):
        return ReturnTaken(outcome="not_final")

    async def work(session: AsyncSession) -> ReturnTaken:
        return await mark_returned(session, report.message_id, f"dsn_{report.status}")

    return await database.transaction(work)


async def mark_returned(session: AsyncSession, message_id: str, error: str) -> ReturnTaken:
    """Note that a message came back, and that its address is not to be used; its id may be the first half of it."""
    now = func.clock_timestamp()
    first, last = (message_id.ljust(SHA256_DIGITS, each) for each in "0f")
    back = update(NoticeMessage).where(
        NoticeMessage.id.between(first, last), NoticeMessage.state.in_(MAY_RETURN)
    )
    gone = back.values(state=MessageState.RETURNED, error=error, changed_at=now)
    found = (await session.execute(gone.returning(NoticeMessage.contact_id))).one_or_none()
    if found is None:
        return ReturnTaken(outcome="over")
    if found.contact_id is not None:
        dead = update(Contact).where(Contact.id == found.contact_id)
        await session.execute(dead.values(returned_at=now))
    return ReturnTaken(outcome="returned")
