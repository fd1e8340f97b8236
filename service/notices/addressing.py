"""From a notice in the outbox to its messages: one for each address of each household and person."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog
from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import CaseClock, Contact, Notice, NoticeMessage, Renovation, UnitAccess
from models.tables.base import spelled, table_of
from models.values.states import NoticeState
from models.values.timetable import Timetable
from rules.notices import ON_PAPER, Quiet, not_before
from runtime.database import Database
from runtime.privacy.keys import PersonKeys, load_keys, unseal
from runtime.settings import Settings
from service.identity.passwords import opened
from service.identity.sessions import database_now
from service.notices.audiences import Concerned, find_audience, people_of

log = structlog.get_logger("notices")
UNADDRESSABLE = (KeyError, TypeError, ValueError)
"""What a row raises that no release of ours has written."""
PIECE = 2_000
TOGETHER = 50
"""So many notices at most in one transaction."""
QUEUED = (
    select(Notice)
    .where(Notice.state == spelled(NoticeState.QUEUED))
    .order_by(Notice.created_at, Notice.id)
    .limit(TOGETHER)
    .with_for_update(skip_locked=True)
)
IS_QUEUED = select(exists().where(Notice.state == spelled(NoticeState.QUEUED)))
MADE = insert(table_of(NoticeMessage)).on_conflict_do_nothing()
Row = dict[str, object]
NOBODY: Row = {"unit_number": None, "actor_id": None, "contact_id": None}
"""Of a message in training; every row of one statement has the same columns."""


class _Case(NamedTuple):
    """A case, and whether its clock is a told one."""

    renovation: Renovation
    told: bool


async def is_any_queued(database: Database) -> bool:
    """Whether a notice is to be addressed: asked before a transaction is begun for it."""
    return await database.is_so(IS_QUEUED)


async def address_some(
    session: AsyncSession,
    ways: Collection[str],
    quiet: Quiet | None,
    kept: timedelta,
    *,
    catcher: bool,
) -> bool:
    """Make the messages of the oldest notices in the outbox, some `PIECE` of them; whether there were notices.

    `ways` are the channels by which something can be sent here; `catcher` says whether training cases
    have a mail catcher. A notice that is older than `kept` expires, one that cannot be addressed has failed.
    """
    notices = (await session.scalars(QUEUED)).all()
    if not notices:
        return False
    now, cases = await database_now(session), await _cases_of(session, notices)
    made: list[Row] = []
    with session.no_autoflush:  # their states are written together
        for notice in notices:
            if notice.queued_at < now - kept:
                notice.state = NoticeState.EXPIRED
                continue
            case = cases.get(notice.renovation_id or "")
            try:
                made += await _rows_of(session, notice, case, ways, quiet, now, catcher=catcher)
            except UNADDRESSABLE as error:
                # Of a case that is broken: the notices of all others wait behind it.
                log.warning("not_addressed", notice=notice.id, reason=type(error).__name__)
                notice.state = NoticeState.FAILED
                continue
            notice.state = NoticeState.SENDING
            if len(made) >= PIECE:
                break  # the others are the next transaction's
    for first in range(0, len(made), PIECE):
        await session.execute(MADE, [{**NOBODY, **row} for row in made[first : first + PIECE]])
    return True


async def _cases_of(session: AsyncSession, notices: Iterable[Notice]) -> dict[str, _Case]:
    """The cases of notices by their ids, and which of them are told."""
    ids = {each.renovation_id for each in notices if each.renovation_id is not None}
    rows = await session.execute(
        select(Renovation, CaseClock.renovation_id.is_not(None))
        .outerjoin(CaseClock, CaseClock.renovation_id == Renovation.id)
        .where(Renovation.id.in_(ids))
    )
    return {renovation.id: _Case(renovation, told) for renovation, told in rows}


async def _rows_of(
    session: AsyncSession,
    notice: Notice,
    case: _Case | None,
    ways: Collection[str],
    quiet: Quiet | None,
    now: datetime,
    *,
    catcher: bool,
) -> list[Row]:
    """The messages of a notice, and how many it concerns who are reached by none."""
    audience: tuple[Concerned, ...]
    if case is None:
        people = await people_of(session, [notice.audience_id or ""])
        audience, zone = tuple(Concerned(actor_id=each) for each in people), Timetable().zone
    elif case.told:
        return [{**_training(notice, catcher=catcher), "next_at": now}]
    else:
        audience = await find_audience(session, case.renovation, notice)
        zone = Timetable.model_validate(case.renovation.timetable).zone
    ready = not_before(now, quiet, zone)
    rows = await _messages(session, notice, audience, ways)
    notice.unreached = len(audience) - len({row.pop("to") for row in rows})
    return [{**row, "next_at": ready} for row in rows]


def _training(notice: Notice, *, catcher: bool) -> Row:
    """A training case has one inbox, in which everything is; no real address is looked up."""
    state = "created" if catcher else "delivered"
    return {**_row(notice, "training", "training"), "state": state}


async def _messages(
    session: AsyncSession, notice: Notice, audience: Iterable[Concerned], ways: Collection[str]
) -> list[Row]:
    """A row for every address that counts; on paper for a household that has none, if it goes on paper."""
    told = list(audience)
    found: dict[Concerned, list[Contact]] = {}
    for contact in await session.scalars(_contacts(notice.renovation_id, told)):
        key = Concerned(contact.unit_number, contact.actor_id)
        found.setdefault(key, []).append(contact)
    rows: list[Row] = []
    for each in told:
        usable = [contact for contact in found.get(each, ()) if contact.channel in ways]
        who: Mapping[str, object] = {"unit_number": each.unit_number, "actor_id": each.actor_id}
        rows += [
            {
                **_row(notice, contact.channel, contact.id),
                **who,
                "contact_id": contact.id,
                "to": each,
            }
            for contact in usable
        ]
        if not usable and each.unit_number and notice.template in ON_PAPER:
            rows.append(
                {**_row(notice, "paper", each.unit_number), **who, "contact_id": None, "to": each}
            )
    return rows


def _row(notice: Notice, channel: str, to: str) -> Row:
    """A message has the same id whoever makes it."""
    name = hashlib.sha256(f"{notice.id}/{channel}/{to}".encode()).hexdigest()
    made = {"id": name, "notice_id": notice.id, "renovation_id": notice.renovation_id}
    return {**made, "channel": channel, "state": "created"}


def key_owner(contact_id: str, actor_id: str | None) -> str:
    """Under whose key an address is: an official's own; a household's address has one for itself."""
    return actor_id or contact_id


async def addresses_of(
    session: AsyncSession, settings: Settings, contacts: Iterable[Contact]
) -> dict[str, str]:
    """The addresses of these contacts by their ids; "" for one that was forgotten.

    Those of releases before are under the service's own key.
    """
    rows = list(contacts)
    owners = {row.id: key_owner(row.id, row.actor_id) for row in rows}
    keys = await load_keys(session, PersonKeys.of(settings), set(owners.values()))
    found: dict[str, str] = {}
    for row in rows:
        key = keys.get(owners[row.id])
        address = unseal(key, owners[row.id], row.address) if key and row.address else ""
        if not address and row.address and settings.person_key is not None:
            address = opened(settings.person_key, row.address) or ""
        found[row.id] = address
    return found


def counts() -> tuple[ColumnElement[bool], ...]:
    """The condition under which an address is written to."""
    return Contact.withdrawn_at.is_(None), Contact.returned_at.is_(None)


def _contacts(renovation_id: str | None, told: Collection[Concerned]) -> Select[Contact]:
    """The addresses of these that count now: a unit's are of its present version."""
    version = (
        select(UnitAccess.version)
        .where(
            UnitAccess.renovation_id == renovation_id,
            UnitAccess.unit_number == Contact.unit_number,
        )
        .scalar_subquery()
    )
    units = [each.unit_number for each in told if each.unit_number]
    actors = [each.actor_id for each in told if each.actor_id]
    of_unit = (
        (Contact.renovation_id == renovation_id)
        & Contact.unit_number.in_(units)
        & (Contact.access_version == func.coalesce(version, 0))
    )
    return (
        select(Contact)
        .where(*counts(), of_unit | Contact.actor_id.in_(actors))
        .order_by(Contact.consented_at, Contact.id)
    )
