"""Where a suggestion is written: in a case that runs, or in the estate where there is none.

A room knows its time, its timetable and its log. In a case everything is as for any write of it; in an estate
the facts stand in the log of its place, by the clock of the database.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from pydantic import BaseModel, JsonValue
from sqlalchemy import DateTime, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import CaseClock, Estate, Place, Renovation, Suggestion
from models.values.actor import Actor
from models.values.refusal import refusal
from models.values.states import RenovationState
from models.values.timetable import Timetable
from proof.canonical import digest
from proof.commands import command_key
from rules.quotas import Quota
from runtime.database import Database
from runtime.record import place_log
from service.access.tickets import Voter
from service.access.units import refuse_replaced
from service.bodies import Accepted, CommandBody
from service.parts import Parts
from service.quotas import use_quota
from service.recording import Change, accept
from service.situation import Situation, load_situation, owner_of


@dataclass(frozen=True)
class EstateRoom:
    """An estate in which no case runs, as it was read; `now` is real time then."""

    id: str
    place_id: str
    place_path: str
    timetable: Timetable
    now: datetime

    @property
    def estate_id(self) -> str:
        """The estate itself."""
        return self.id

    @property
    def clock(self) -> Literal["wall", "told"]:
        """In an estate time goes on by itself."""
        return "wall"

    @property
    def counted(self) -> Mapping[str, str]:
        """Under what quotas are counted here."""
        return {"estate_id": self.id}

    def owner(self, unit_number: str) -> Actor:
        """Whoever speaks for a unit; the record names the unit, never a person."""
        return owner_of(unit_number, self.place_path)


Room = Situation | EstateRoom


def case_of(room: Room) -> str | None:
    """The id of the case that the room is; None in an estate."""
    return room.id if isinstance(room, Situation) else None


async def load_estate(database: Database, estate_id: str) -> EstateRoom:
    """The estate now, whether or not a case runs in it.

    Raises:
        Refused: `suggestion.estate_unknown`.
    """
    clock = func.clock_timestamp(type_=DateTime(timezone=True))
    found = select(Estate.id, Place.id, Place.path, clock).join(Place, Place.id == Estate.place_id)
    async with database.session() as session:
        row = (await session.execute(found.where(Estate.id == estate_id))).one_or_none()
    if row is None:
        raise refusal("suggestion.estate_unknown", where="estate_id")
    return EstateRoom(*row[:3], Timetable(), row[3])


async def running_case(session: AsyncSession, estate_id: str) -> str | None:
    """The case of an estate to which its new suggestions belong: the first that runs.

    A training case takes those of an estate that is made up, and of no other.
    """
    told = exists().where(CaseClock.renovation_id == Renovation.id)
    return await session.scalar(
        select(Renovation.id)
        .join(Estate, Estate.id == Renovation.estate_id)
        .where(
            Renovation.estate_id == estate_id,
            Renovation.state == RenovationState.RUNNING,
            or_(Estate.synthetic, ~told),
        )
        .order_by(Renovation.opened_at, Renovation.id)
        .limit(1)
    )


async def room_for_new(parts: Parts, home: Room) -> Room:
    """Where a new suggestion is written by who comes in here: the case, as long as it runs, else the estate.

    An estate in which a case runs hands it on. What is made in a training case stays in it.
    """
    if isinstance(home, Situation):
        if home.state == RenovationState.RUNNING or home.clock == "told":
            return home
        home = await load_estate(parts.database, home.estate_id)
    async with parts.database.session() as session:
        rid = await running_case(session, home.id)
    return home if rid is None else await load_situation(parts.database, rid)


async def room_for(parts: Parts, home: Room, suggestion_id: str) -> Room:
    """Where something about a suggestion is written by who comes in here.

    From a case one reaches those of the case, and those of its estate that are in none, but not from a
    training case: what is real is not changed by it.

    Raises:
        Refused: `suggestion.unknown`, for that of another estate or case too.
    """
    found = select(Suggestion.estate_id, Suggestion.renovation_id)
    async with parts.database.session() as session:
        row = (await session.execute(found.where(Suggestion.id == suggestion_id))).one_or_none()
    if row is None or row.estate_id != home.estate_id:
        raise refusal("suggestion.unknown", where=suggestion_id)
    rid = row.renovation_id
    if rid == case_of(home):
        return home
    if isinstance(home, EstateRoom):
        return await load_situation(parts.database, str(rid))
    if rid is not None or home.clock == "told":
        raise refusal("suggestion.unknown", where=suggestion_id)
    return await load_estate(parts.database, home.estate_id)


class FromWhom(NamedTuple):
    """Who sends: as the record names them, and the ticket they came with, if it was one."""

    actor: Actor
    voter: Voter | None = None


async def write(
    parts: Parts,
    room: Room,
    sender: FromWhom,
    command: CommandBody,
    kind: str,
    change: Change,
    request: BaseModel | None = None,
    *,
    quota: Quota | None = None,
) -> Accepted:
    """Record what somebody sent, in the log of the room: `service.recording.accept` in a case.

    Raises:
        Refused: what `change` refuses, `quota.used_up`, `journal.command_reused`; `suggestion.moved` where
            a case was opened in the estate meanwhile: the same command is sent again.
    """
    if isinstance(room, Situation):
        return await accept(
            parts.journal,
            room,
            sender.actor,
            command,
            kind,
            change,
            request=request,
            quota=quota,
            voter=sender.voter,
        )
    return await _write_in_place(
        parts.database, room, sender, command, kind, change, request or command, quota
    )


async def _write_in_place(
    database: Database,
    room: EstateRoom,
    sender: FromWhom,
    command: CommandBody,
    kind: str,
    change: Change,
    request: BaseModel,
    quota: Quota | None,
) -> Accepted:
    """Rows and the event of the place in one transaction; the event is the receipt as well."""
    actor = sender.actor
    key = command_key(actor.id, room.id, command.command_id)
    asked: dict[str, JsonValue] = {"kind": kind, "request": request.model_dump(mode="json")}
    request_hash = digest(asked)

    async def work(session: AsyncSession) -> Accepted:
        before = await place_log.told_before(session, key, request_hash)
        if before is not None:
            return _accepted(command, str(before.details["id"]), kind, before.recorded_at)
        if sender.voter is not None:
            await refuse_replaced(session, sender.voter)
        # Who opens a case in the estate locks it first as well, and takes its suggestions along.
        await session.get_one(Estate, room.id, with_for_update={"key_share": True})
        if await running_case(session, room.id) is not None:
            raise refusal("suggestion.moved", where="estate_id")
        now: datetime = (
            await session.execute(select(func.clock_timestamp(type_=DateTime(timezone=True))))
        ).scalar_one()
        if quota is not None:
            await use_quota(session, room, quota, actor.id, key, now)
        name, details = await change(session, now, key)
        said = {"id": name, "estate": room.id, **details}
        at = await place_log.append(session, room.place_id, actor, key, request_hash, kind, said)
        return _accepted(command, name, kind, at)

    return await database.transaction(work)


def _accepted(command: CommandBody, name: str, kind: str, at: datetime) -> Accepted:
    return Accepted(command_id=command.command_id, id=name, kind=kind, happened_at=at.isoformat())
