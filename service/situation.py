"""What a request needs before it writes: the renovation as it stands, its time, the sender's roles."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Literal

from sqlalchemy import DateTime, Row, Select, Text, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import asyncpg

from models.messages.command import Command
from models.tables import CaseClock, Event, Renovation
from models.values.actor import Actor, Role
from models.values.refusal import refusal
from models.values.states import RenovationState
from models.values.timetable import Timetable
from rules.authority import Grant, acting, covers, part_of_case
from runtime.database import Database
from runtime.record.grants import load_grants as grants_of
from service.http.callers import ZONE

WITH_TIME: Final[Select[Renovation, bool, datetime]] = (
    select(
        Renovation,
        CaseClock.renovation_id.is_not(None),
        func.tick_of(Renovation.id, type_=DateTime(timezone=True)),
    )
    .outerjoin(CaseClock, CaseClock.renovation_id == Renovation.id)
    .where(Renovation.id == bindparam("renovation"))
)
"""The renovation of this id, whether its clock is told, and case time now; made once, for every request asks it."""
OF_SITUATION = (
    *(Renovation.id, Renovation.estate_id, Renovation.title, Renovation.stage, Renovation.state),
    *(Renovation.stage_workflow_id, Renovation.place_path, Renovation.rule_pack),
    *(Renovation.waiting_for, Renovation.due_at, Renovation.suspended_at),
    Renovation.head_seq.label("events"),
    cast(Renovation.timetable, Text).label("written_timetable"),
    CaseClock.renovation_id.is_not(None).label("is_told"),
    func.tick_of(Renovation.id, type_=DateTime(timezone=True)).label("now"),
)
"""The columns of a situation, for a statement that asks more besides; see `situation_of`."""
SITUATION = (
    select(*OF_SITUATION)
    .outerjoin(CaseClock, CaseClock.renovation_id == Renovation.id)
    .where(Renovation.id == bindparam("renovation"))
)
BY_DRIVER = str(SITUATION.compile(dialect=asyncpg.dialect()))  # type: ignore[no-untyped-call]
"""The same for the driver itself: nearly every request asks it, of the one parameter."""
AS_READ = (
    *("id", "estate_id", "title", "stage", "stage_workflow_id", "place_path"),
    *("rule_pack", "waiting_for", "due_at", "suspended_at", "events", "now"),
)
"""The fields of a situation that stand in columns of their own."""
TIMETABLES_KEPT = 1_000


@dataclass(frozen=True)
class Situation:
    """A renovation as it was read without a lock; `now` is case time then, UTC.

    It decides what is shown and who may write. A write reads the time again under the lock of the
    renovation: the journal passes it to what writes the rows.
    """

    id: str
    estate_id: str
    title: str
    stage: str
    state: str
    stage_workflow_id: str
    place_path: str
    rule_pack: str
    timetable: Timetable
    clock: Literal["wall", "told"]
    now: datetime
    waiting_for: str
    """What the running stage waits for, until `due_at`; "" for nothing."""
    due_at: datetime | None
    suspended_at: datetime | None
    """Since then it stands still, its periods with it."""
    events: int
    """So many its record has: what was read under another number may be over."""

    def command(self, key: str, actor: Actor) -> Command:
        """Who does what where, as the journal records it; `key` is that of `Journal.key_of`."""
        return Command(
            command_id=key,
            renovation_id=self.id,
            actor=actor,
        )

    @property
    def part(self) -> str:
        """The part of its course in which the case is: a stage, or the warranty."""
        return part_of_case(self.stage, self.state)

    @property
    def key(self) -> tuple[str, ...]:
        """Under what that is kept which everybody reads of it: until something happens in it or its clock is moved."""
        at = self.now.isoformat() if self.clock == "told" else ""
        return self.id, str(self.events), at

    @property
    def counted(self) -> Mapping[str, str]:
        """Under what quotas are counted here."""
        return {"renovation_id": self.id}

    def owner(self, unit_number: str) -> Actor:
        """The holder of a unit's credential; the record names the unit, never a person."""
        return owner_of(unit_number, self.place_path)

    def complainant(self, unit_number: str, *, confidential: bool) -> Actor:
        """Who opened a ticket: the owner of the unit, or a resident of whom the record keeps nothing."""
        if not confidential:
            return self.owner(unit_number)
        return Actor(
            id="resident", role=Role.RESIDENT, label="居民 / resident", place=self.place_path
        )

    def in_role(self, grants: tuple[Grant, ...], *roles: Role) -> Actor:
        """The actor in the first of the grants that covers this place, in one of the roles if any.

        Raises:
            Refused: `credential.no_role`.
        """
        return actor_in_role(grants, self.place_path, *roles)


def owner_of(unit_number: str, place_path: str) -> Actor:
    """How the record names whoever speaks for a unit."""
    return Actor(
        id=f"unit:{unit_number}"[:64],
        role=Role.OWNER,
        label=f"业主 / owner {unit_number}",
        place=place_path,
    )


def actor_in_role(grants: tuple[Grant, ...], place_path: str, *roles: Role) -> Actor:
    """The actor in the first of the grants that covers a place, in one of the roles if any.

    Raises:
        Refused: `credential.no_role`.
    """
    for grant in grants:
        if (not roles or grant.role in roles) and covers(grant.place, place_path):
            return acting(grant)
    wanted = ", ".join(sorted(roles)) or "*"
    raise refusal("credential.no_role", roles=wanted, place=place_path)


async def load_situation(database: Database, renovation_id: str) -> Situation:
    """The renovation now. What the request is told from here on, it is told in the zone of its place.

    Raises:
        Refused: `renovation.unknown`.
    """
    async with database.driver() as driver:
        found = await driver.fetchrow(BY_DRIVER, renovation_id)
    if found is None:
        raise refusal("renovation.unknown")
    return _situation(found)


@lru_cache(TIMETABLES_KEPT)
def _timetable(written: str) -> Timetable:
    """The timetable of a case, which is frozen with it: read once of everything that is asked of the case."""
    return Timetable.model_validate_json(written)


def situation_of(row: Row[*tuple[Any, ...]]) -> Situation:
    """What a row with the columns `OF_SITUATION` says; from here on the request is told moments in its zone."""
    return _situation({**row._mapping})  # noqa: SLF001 - so SQLAlchemy calls what is public


def _situation(found: Mapping[str, Any]) -> Situation:
    timetable = _timetable(found["written_timetable"])
    ZONE.set(timetable.zone)
    return Situation(
        **{name: found[name] for name in AS_READ},
        state=RenovationState(found["state"]),
        timetable=timetable,
        clock="told" if found["is_told"] else "wall",
    )


async def load_grants(database: Database, actor_id: str, renovation_id: str) -> tuple[Grant, ...]:
    """The roles that an actor holds in a case now, each with the path of its place."""
    async with database.reading() as reading:
        return await grants_of(reading, actor_id, renovation_id)


async def load_opener(database: Database, renovation_id: str) -> str:
    """The id of the actor who opened a case; "" where there is no such event."""
    async with database.session() as session:
        found = await session.scalar(
            select(Event.actor_id).where(Event.renovation_id == renovation_id, Event.seq == 1)
        )
    return found or ""
