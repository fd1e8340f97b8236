"""Quotas where they are kept: counted in the transaction that writes, in the time of the case."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Literal, Protocol

from sqlalchemy import DateTime, Select, String, bindparam, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import QuotaUse
from models.tables.base import table_of
from models.values.refusal import Problem, Refused
from models.values.timetable import Timetable
from proof.canonical import utc_text
from rules.quotas import Quota, again_at, counted_since, most_of
from service.http.problems import WAIT
from service.http.rates import RATE, RateLeft

_USES = table_of(QuotaUse)
ONE_AT_A_TIME = select(
    func.pg_advisory_xact_lock(func.hashtextextended(bindparam("sender", type_=String), 0))
)


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

    @property
    def clock(self) -> Literal["wall", "told"]:
        """Whether time goes on by itself there."""
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
    await session.execute(ONE_AT_A_TIME, {"sender": f"quota {of_room} {what} {sender}"})
    since = counted_since(timetable, now)
    given = {"room": of_room, "what": what, "sender": sender, "since": since}
    sent = (await session.scalars(_counted(column), given)).all()
    again = again_at(sent, most, timetable, now)
    note_rate(room, what, most, min([*sent, now]) - since, most - 1 - len(sent))
    if again is not None:
        # By a told clock it is over when somebody moves it: no wait helps.
        said: dict[str, str | int] = {"most": most, "days": timetable.quota_days}
        if room.clock == "wall":
            said[WAIT] = 1 + int((again - now).total_seconds())
        raise Refused(Problem(code="quota.used_up", params={**said, "at": utc_text(again)}))
    used = {"command_id": key, **room.counted, "what": what, "sender": sender, "sent_at": now}
    await session.execute(insert(_USES), used)


@cache
def _counted(column: str) -> Select[datetime]:
    """When a sender has sent what still counts; what counts no more is deleted with it."""
    of_sender = (
        _USES.c[column] == bindparam("room"),
        _USES.c.what == bindparam("what"),
        _USES.c.sender == bindparam("sender"),
    )
    since = bindparam("since", type_=DateTime(timezone=True))
    gone = delete(_USES).where(*of_sender, _USES.c.sent_at <= since).cte("gone")
    return select(_USES.c.sent_at).where(*of_sender, _USES.c.sent_at > since).add_cte(gone)


def note_rate(room: Counting, what: Quota, most: int, until_one: timedelta, left: int) -> None:
    """Note for the headers of the answer how many are left, and after how long the first one counts no more."""
    window = timedelta(days=room.timetable.quota_days)
    reset = int(until_one.total_seconds())
    RATE.set(RateLeft(what, most, int(window.total_seconds()), max(0, left), reset))
