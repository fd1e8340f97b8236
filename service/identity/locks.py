"""Lock-outs: failed tries are counted per credential, never per source.

Many people share one address (a carrier's, the committee's one PC): whoever guesses at a neighbour's
credential closes that credential for a while, and no other. Running sessions go on.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import LockOut
from models.values.refusal import refusal
from models.values.timetable import Timetable
from service.identity.sessions import database_now

FREE_TRIES = 5
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(days=1)
"""Since the last try: longer than the longest pause, so that nobody gains tries by waiting."""
FORGOTTEN_AT_ONCE = 100
HERE = ZoneInfo(Timetable().zone)
"""Whoever signs in is in no case yet: the zone of a case that names no other."""


async def count_try(session: AsyncSession, credential: str) -> None:
    """Count a try before its outcome is known, in a transaction of its own.

    So as many guesses at once as anybody likes are as many tries. From the fifth on each closes the
    credential for a time that doubles.

    Raises:
        Refused: `sign_in.locked`, with the moment from which it is open again.
    """
    await session.execute(
        insert(LockOut).values(credential=credential, failures=0).on_conflict_do_nothing()
    )
    row = await session.scalar(
        select(LockOut).where(LockOut.credential == credential).with_for_update()
    )
    assert row is not None
    now = await database_now(session)
    if row.until is not None and row.until > now:
        until = row.until.astimezone(HERE).isoformat(timespec="seconds")
        raise refusal("sign_in.locked", until=until, wait_s=1 + (row.until - now).seconds)
    row.failures, row.until = row.failures + 1, now
    if row.failures >= FREE_TRIES:
        doubled = FIRST_PAUSE * 2 ** min(row.failures - FREE_TRIES, 10)
        row.until = now + min(doubled, LONGEST_PAUSE)
    await _forget_old(session, now)


async def _forget_old(session: AsyncSession, now: datetime) -> None:
    """Names that nobody has tried for a day: whoever tries any number of them fills no table."""
    old = (
        select(LockOut.credential)
        .where(LockOut.until < now - FORGOTTEN_AFTER)
        .limit(FORGOTTEN_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    await session.execute(delete(LockOut).where(LockOut.credential.in_(old)))


async def forget_tries(session: AsyncSession, credential: str) -> None:
    """The right secret was given: the count begins anew."""
    await session.execute(delete(LockOut).where(LockOut.credential == credential))
