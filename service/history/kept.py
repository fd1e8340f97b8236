"""The evidence of cases is made one at a time, and what everybody reads of it is kept until something happens.

Making one takes seconds of a processor for a case of thousands of events; it is asked for by anybody.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Anchor, BallotBox, BundleFile, Event, Renovation
from runtime.ballots.bundles import PUBLIC
from runtime.privacy.nameless import nameless_of
from runtime.record.feed import held_after

MOST_BYTES = 64 * 1024 * 1024
"""Kept in a process at most; one that is larger than a quarter of it is made each time."""


class EvidenceState(NamedTuple):
    """What the evidence of a case hangs on: while it is the same, everybody reads the same."""

    renovation_id: str
    head_hash: str
    """Of the last event that everybody may know of: a bid that came in changes nothing before the opening."""
    anchored: int
    """Leaves of the last signed tree of all heads."""
    votes: int
    """Boxes whose public bundle is made."""
    nameless: frozenset[str] = frozenset()
    """Who of the record is named to nobody any more: an erasure writes no event of the case."""


async def load_state(session: AsyncSession, renovation_id: str) -> EvidenceState:
    """How far the record of a case, the tree of heads and the bundles of its votes are."""
    votes = (
        select(func.count())
        .select_from(BundleFile)
        .join(BallotBox, BallotBox.id == BundleFile.box_id)
        .where(
            BallotBox.renovation_id == renovation_id,
            BundleFile.form == PUBLIC,
            BundleFile.made_at.is_not(None),
        )
    )
    anchored = select(func.coalesce(func.max(Anchor.size), 0))
    held = await held_after(session, renovation_id)
    noticed = select(Event.hash).where(Event.renovation_id == renovation_id, Event.seq == held)
    query = select(
        Renovation.id,
        Renovation.head_hash if held is None else noticed.scalar_subquery(),
        anchored.scalar_subquery(),
        votes.scalar_subquery(),
    ).where(Renovation.id == renovation_id)
    actors = await session.scalars(
        select(Event.actor_id).where(Event.renovation_id == renovation_id).distinct()
    )
    nameless = await nameless_of(session, actors)
    found = EvidenceState(*(await session.execute(query)).one())
    return found._replace(nameless=nameless)


class KeptEvidence:
    """The zips that everybody reads, the last ones asked for, of one process."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[EvidenceState, bytes] = OrderedDict()
        self._one = asyncio.Semaphore(1)

    async def of(self, state: EvidenceState | None, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """What was made in this state, or what is made now; without a state it is for one reader alone."""
        if (found := self._found(state)) is not None:
            return found
        async with self._one:
            # Somebody else may have waited for the same one.
            if (found := self._found(state)) is not None:
                return found
            made = await make()
            if state is not None and len(made) <= self._most // 4:
                self._keep(state, made)
        return made

    def _found(self, state: EvidenceState | None) -> bytes | None:
        found = None if state is None else self._kept.get(state)
        if state is not None and found is not None:
            self._kept.move_to_end(state)
        return found

    def _keep(self, state: EvidenceState, made: bytes) -> None:
        for other in [each for each in self._kept if each.renovation_id == state.renovation_id]:
            del self._kept[other]
        self._kept[state] = made
        while sum(map(len, self._kept.values())) > self._most:
            self._kept.popitem(last=False)
