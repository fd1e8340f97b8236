"""Quotas where they are kept: counted in the transaction that writes, in the time of the case."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import QuotaUse
from models.values.refusal import refusal
from models.values.timetable import Timetable
from proof.canonical import utc_text
from rules.quotas import Quota, again_at, counted_since, most_of


class Counting(Protocol):
    """A case, or an estate without one: the column and the id under which it counts, and the limits."""

    @property
    def counted(self) -> Mapping[str, str]:
        """`renovation_id` or `estate_id`, and which."""
        ...

    @property
    def timetable(self) -> Timetable:
        """How many of each are taken within how many days."""
        ...


async def use_quota(
    session: AsyncSession, room: Counting, what: Quota, sender: str, key: str, now: datetime
) -> None:
    """Count one more of a sender's; `key` is that of its command, `now` the tick.

    Two at once come one after the other: the second waits for the first one's transaction.

    Raises:
        Refused: `quota.used_up`, with when the sender may send again.
    """
    timetable, most = room.timetable, most_of(room.timetable, what)
    ((column, of_room),) = room.counted.items()
    one_sender = func.hashtextextended(f"quota {of_room} {what} {sender}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(one_sender)))
    of_sender = (
        getattr(QuotaUse, column) == of_room,
        QuotaUse.what == what,
        QuotaUse.sender == sender,
    )
    since = counted_since(timetable, now)
    await session.execute(delete(QuotaUse).where(*of_sender, QuotaUse.sent_at <= since))
    sent = (await session.scalars(select(QuotaUse.sent_at).where(*of_sender))).all()
    again = again_at(sent, most, timetable, now)
    if again is not None:
        raise refusal("quota.used_up", most=most, days=timetable.quota_days, at=utc_text(again))
    session.add(QuotaUse(command_id=key, **room.counted, what=what, sender=sender, sent_at=now))
