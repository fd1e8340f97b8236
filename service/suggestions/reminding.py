"""Whoever must review or answer a suggestion is reminded once when that is late: in a case, and in an estate without one.

The agenda of a case is the workflow's; a suggestion is a row, and so is its reminder. One turn a minute, for
ever: each turn writes what is late and was not said yet, so that any number of services may remind.
"""

import asyncio
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import NamedTuple

import structlog
from sqlalchemy import DateTime, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Estate, Notice, Place, Renovation, RoleGrant, Suggestion
from models.values.states import NoticeState, RenovationState
from proof.canonical import digest, utc_text
from rules.authority import ROLES_OF_WRITE
from runtime.database import Database
from runtime.suggestions.standing import AWAITED

log = structlog.get_logger("suggestions")
POLL_S = 60.0
MOST = 500
"""Late ones that are looked at together."""
LATE = "suggestion_late"


class Late(NamedTuple):
    """A suggestion whose review or reply is late; `now` by the clock of its case, or of the database."""

    row: Suggestion
    place: str
    now: datetime


class SuggestionReminder:
    """Reminds for as long as it runs."""

    def __init__(self, database: Database, *, poll_s: float = POLL_S) -> None:
        self._database, self._poll_s = database, poll_s

    async def run(self) -> None:
        """Until it is cancelled; whatever one turn meets, the next one is made."""
        while True:
            try:
                await self.turn()
            except Exception as error:  # noqa: BLE001 - nothing that one turn meets ends the reminder
                log.warning("suggestions_wait", reason=type(error).__name__)
            await asyncio.sleep(self._poll_s)

    async def turn(self) -> int:
        """Put what is late and was not said yet into the outbox; how many notices these are."""
        return await self._database.transaction(remind)


async def remind(session: AsyncSession) -> int:
    """The notices about what is late, in the caller's transaction; the same again writes none.

    Those are looked at first that have become late last, and others as long as there was something to say.
    """
    written, late = 0, await _late(session)
    while late and (new := await _written(session, late)):
        written += new
        late = await _late(session, late[-1].row)
    if written:
        log.info("suggestions_late", notices=written)
    return written


async def _written(session: AsyncSession, late: Collection[Late]) -> int:
    rows = [row for each in late for row in await _notices(session, each)]
    ids = [row["id"] for row in rows]
    said = set(await session.scalars(select(Notice.id).where(Notice.id.in_(ids))))
    new = [row for row in rows if row["id"] not in said]
    if new:
        await session.execute(insert(Notice).values(new).on_conflict_do_nothing())
    return len(new)


async def _late(session: AsyncSession, last: Suggestion | None = None) -> list[Late]:
    """Some of those that are late, behind the `last` one that was looked at."""
    now = func.tick_of(Suggestion.renovation_id, type_=DateTime(timezone=True))
    query = (
        select(Suggestion, Place.path, now)
        .join(Estate, Estate.id == Suggestion.estate_id)
        .join(Place, Place.id == Estate.place_id)
        .outerjoin(Renovation, Renovation.id == Suggestion.renovation_id)
        .where(Suggestion.state.in_(AWAITED), Suggestion.due_at < now)
        .where(Suggestion.renovation_id.is_(None) | (Renovation.state == RenovationState.RUNNING))
        .order_by(Suggestion.due_at.desc(), Suggestion.id.desc())
        .limit(MOST)
    )
    if last is not None:
        query = query.where(tuple_(Suggestion.due_at, Suggestion.id) < tuple_(last.due_at, last.id))
    return [Late(*row) for row in await session.execute(query)]


async def _notices(session: AsyncSession, late: Late) -> Iterator[dict[str, object]]:
    """In a case one for each role that may do it, which is looked up when it is sent; else one for each person."""
    row, what = late.row, AWAITED[late.row.state]
    roles = sorted(role.value for role in ROLES_OF_WRITE[what].roles)
    params = {"suggestion": row.id, "what": what, "until": utc_text(row.due_at or late.now)}
    told: list[tuple[str, str | None]] = [(role, None) for role in roles]
    if row.renovation_id is None:
        told = [("person", each) for each in await _people(session, late.place, roles)]
    return (_row(late, params, audience, person) for audience, person in told)


def _row(
    late: Late, params: dict[str, str], audience: str, person: str | None
) -> dict[str, object]:
    key = digest({"of": [LATE, audience, person or ""], "params": {**params}})
    return {
        "id": key,
        "renovation_id": late.row.renovation_id,
        "command_id": f"reminder-{key}",
        "audience": audience,
        "audience_id": person,
        "template": LATE,
        "params": params,
        "state": NoticeState.QUEUED,
        "attempts": 0,
        "created_at": late.now,
    }


async def _people(session: AsyncSession, path: str, roles: Collection[str]) -> list[str]:
    """Who holds one of the roles over a place now."""
    parts, now = path.split("/"), func.clock_timestamp()
    places = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
    rows = await session.scalars(
        select(RoleGrant.actor_id)
        .join(Place, Place.id == RoleGrant.place_id)
        .where(
            RoleGrant.role.in_(roles),
            Place.path.in_(places),
            RoleGrant.only_case.is_(None),
            RoleGrant.valid_from <= now,
            RoleGrant.valid_until.is_(None) | (RoleGrant.valid_until > now),
        )
        .distinct()
        .order_by(RoleGrant.actor_id)
    )
    return list(rows)
