"""Opening a renovation: all its rows in one transaction, then its workflow.

Places, the estate and its units that exist already must be the same as in the file, else the opening
is refused: only an import changes a roll.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import JsonValue, field_serializer
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.client import Client

from formats.file_mapping import in_words
from formats.renovation_file.foreseen import Where, file_warnings, repealed_law
from formats.renovation_file.reading import check_together
from models.files.renovation import RenovationFile
from models.files.roll import Roll
from models.messages.command import Command
from models.messages.ids import renovation_workflow_id
from models.messages.journey import Journey
from models.tables import CaseClock, Estate, Renovation, Scheme, Unit
from models.values.actor import Actor
from models.values.base import Carried
from models.values.refusal import Problem, Refused, problem, refusal
from models.values.states import RenovationState, Stage
from models.values.waits import STARTING, at_work
from proof.seals import SIGNED_BY
from rules.time.timetables import check_timetable
from rules.voting import pack_in_force
from runtime.database import Database, driver_connection
from runtime.engine.starting import start_renovation
from runtime.privacy.keys import PersonKeys
from runtime.record.agenda import replace_waits
from runtime.record.authority import load_signed_since
from runtime.record.heads import heads_of
from runtime.record.journal import Journal, Recorded, id_from
from runtime.record.lacks import load_people
from runtime.seals import signer_of
from runtime.settings import Settings
from runtime.suggestions.moving import attach
from service.estates.officials import Cast, grant_roles
from service.estates.places import estate_id_at, write_places
from service.estates.standing import load_standing_roll
from service.estates.units import UNIT_COLUMNS, columns_for, owner_secret_of, write_units

OPENS_AT = time(9)
"""A told case begins at nine in the morning of its first day, local time."""
FIRST = 1
"""The number of the event that opens a case, which sets a told clock."""


class OpenedRenovation(Carried):
    """The answer to an opening; the same command id gets the same answer."""

    renovation_id: str
    estate_id: str
    workflow_id: str
    place_path: str
    rule_pack: str
    units: int
    warnings: tuple[Problem, ...] = ()
    """What will not fit later and can still be mended."""


class OpeningRequest(Carried):
    """The request as the journal hashes it: what the file says, not what it leaves to a default.

    So the same files open nothing new under a later release, which may know more fields.
    """

    file: RenovationFile
    roll_sha256: str

    @field_serializer("file")
    def _as_written(self, file: RenovationFile) -> dict[str, JsonValue]:
        return file.model_dump(mode="json", exclude_unset=True)


@dataclass(frozen=True, kw_only=True)
class _Opening:
    """Everything that one opening writes, computed once before the transaction."""

    renovation_id: str
    estate_id: str
    file: RenovationFile
    roll: Roll
    standing: bool
    """The roll is that of the estate as it stands, and no file's."""
    rule_pack: str
    where: Where
    actor: Actor
    key: str

    @property
    def clock(self) -> Literal["wall", "told"]:
        return "told" if self.file.sandbox is not None else "wall"

    def now(self, tick: datetime) -> datetime:
        """When the case opens, UTC: at the tick, or where a told clock is set to begin with."""
        if self.clock == "wall":
            return tick
        zone = ZoneInfo(self.file.timetable.zone)
        return datetime.combine(self.file.starts_on, OPENS_AT, tzinfo=zone).astimezone(UTC)

    @property
    def workflow_id(self) -> str:
        return renovation_workflow_id(self.renovation_id)

    def result(self, warnings: tuple[Problem, ...]) -> OpenedRenovation:
        return OpenedRenovation(
            renovation_id=self.renovation_id,
            estate_id=self.estate_id,
            workflow_id=self.workflow_id,
            place_path=self.file.place_path,
            rule_pack=self.rule_pack,
            units=len(self.roll.units),
            warnings=warnings,
        )


async def open_renovation(
    database: Database,
    client: Client,
    settings: Settings,
    *,
    command_id: str,
    file: RenovationFile,
    roll: Roll | None,
    actor: Actor,
    where: Where = in_words,
) -> OpenedRenovation:
    """Write the renovation and start its workflow; call it again with the same id after any failure.

    Without a `roll` it is opened on the roll that the estate has. `where` names the place of a field in
    the file, for the warnings.

    Raises:
        Refused: what `check_together` finds; `opening.no_roll` where none is given and there is none; `opening.place_differs`, `opening.estate_differs` or
            `opening.units_differ` for what is there and different; `opening.law_repealed`;
            `journal.command_reused`.
        RPCError: Temporal did not answer; the rows are there and the next call starts the workflow.
    """
    estate_id = await estate_of(database, file)
    standing, roll = roll is None, roll or await _standing_roll(database, estate_id)
    check_together(file, roll, where)
    signer = signer_of(settings)
    journal = Journal(database, heads_of(settings), signer)
    # There is no case yet; the id that releases before gave it stands for it.
    key = await journal.key_of(command_id, renovation_id_for(command_id), actor.id)
    opening = _Opening(
        renovation_id=renovation_id_for(key),
        estate_id=estate_id,
        file=file,
        roll=roll,
        standing=standing,
        rule_pack=pack_in_force(file.region, file.starts_on).id,
        where=where,
        actor=actor,
        key=key,
    )

    async def inside(session: AsyncSession, tick: datetime) -> Recorded[OpenedRenovation]:
        _refuse_repealed(opening, tick)
        warnings = await _write(session, opening, settings, tick)
        details = {**_details(opening, warnings), SIGNED_BY: signer.key_id}
        details |= await _taken(session, opening, tick)
        return Recorded(opening.result(warnings), details)

    command = Command(
        command_id=key,
        renovation_id=opening.renovation_id,
        actor=actor,
        workflow_id=opening.workflow_id,
    )
    request = OpeningRequest(file=file, roll_sha256=roll.sha256)
    opened = await journal.record(command, "renovation.opened", request, inside, OpenedRenovation)
    await _start(database, client, settings, opened.renovation_id)
    return opened


async def _standing_roll(database: Database, estate_id: str) -> Roll:
    async with database.session() as session:
        return await load_standing_roll(session, estate_id)


def renovation_id_for(key: str) -> str:
    """The id of the renovation that a command opens: "r" and 20 hex digits of the hash of its key."""
    return "r" + id_from(key, 20)


def estate_id_for(file: RenovationFile) -> str:
    """The id of the estate of that name in that grid: 21 characters."""
    return estate_id_at(file.place_path, file.estate)


async def estate_of(database: Database, file: RenovationFile) -> str:
    """The estate of that name in that grid, whose name may have been corrected since its opening."""
    async with database.session() as session:
        found = await session.scalar(
            select(Estate.id).where(
                Estate.place_id == file.places[-1].id, Estate.name == file.estate
            )
        )
    return found or estate_id_for(file)


def _refuse_repealed(opening: _Opening, tick: datetime) -> None:
    """In real time a vote is held after today: under a law that is in force no more it could not be lawful."""
    if opening.clock == "told":
        return
    repealed = repealed_law(opening.file, _today(opening, tick), opening.where)
    if repealed is not None:
        raise Refused(repealed)


def _today(opening: _Opening, tick: datetime) -> date:
    return tick.astimezone(ZoneInfo(opening.file.timetable.zone)).date()


async def _write(
    session: AsyncSession, opening: _Opening, settings: Settings, tick: datetime
) -> tuple[Problem, ...]:
    """All rows, and what of them will not fit later."""
    now, secret, keys = opening.now(tick), owner_secret_of(settings), PersonKeys.of(settings)
    await write_places(session, opening.file.places)
    if await _estate(session, opening, secret, now):
        await write_units(session, opening.estate_id, opening.roll, secret, keys)
    at = opening.where(("estate",))
    others = await running_cases(session, opening.estate_id, at)
    await _renovation(session, opening, now)
    rid = opening.renovation_id
    case = Cast(
        file=opening.file,
        renovation_id=rid,
        told=opening.clock == "told",
        opener=opening.actor,
        key=opening.key,
        where=opening.where,
        people=keys,
    )
    waiting = await grant_roles(session, case, tick)
    await session.flush()
    people = await load_people(await driver_connection(session), opening.file.place_path, rid)
    if opening.clock == "told":
        session.add(CaseClock(renovation_id=rid, now=now, moved_seq=FIRST))
    await replace_waits(session, rid, opening.workflow_id, [at_work(STARTING, now)], now)
    known = file_warnings(opening.file, people, _today(opening, tick), opening.where)
    return (*others, *waiting, *known)


async def _taken(session: AsyncSession, made: _Opening, tick: datetime) -> dict[str, JsonValue]:
    """What was suggested before is the case's now; of a real estate a training case takes nothing."""
    if made.clock == "told" and not made.file.synthetic:
        return {}
    return await attach(session, made.estate_id, made.renovation_id, tick, made.now(tick))


async def running_cases(
    session: AsyncSession, estate_id: str, where: str = ""
) -> tuple[Problem, ...]:
    """Cases of an estate that run already: perhaps another one is one of them, opened once more."""
    rows = await session.execute(
        select(Renovation.id, Renovation.title)
        .where(Renovation.estate_id == estate_id, Renovation.state == RenovationState.RUNNING)
        .order_by(Renovation.id)
    )
    return tuple(
        problem("opening.second_case", where=where, other=rid, title=title) for rid, title in rows
    )


async def _estate(session: AsyncSession, opening: _Opening, secret: bytes, now: datetime) -> bool:
    """Insert or lock the estate; True when it has no units yet and they have to be written."""
    file = opening.file
    await session.execute(
        insert(Estate)
        .values(
            id=opening.estate_id,
            name=file.estate,
            place_id=file.places[-1].id,
            synthetic=file.synthetic,
            created_at=now,
        )
        .on_conflict_do_nothing()
    )
    row = await session.get_one(Estate, opening.estate_id, with_for_update=True)
    if row.synthetic != file.synthetic:
        raise refusal("opening.estate_differs", where=file.estate, estate=file.estate)
    if opening.standing:
        await _refuse_changed(session, opening)
        return False
    columns = [getattr(Unit, name) for name in UNIT_COLUMNS]
    found = await session.execute(select(*columns).where(Unit.estate_id == opening.estate_id))
    there = {row.number: tuple(row) for row in found}
    if not there:
        return True
    given = {unit.number: columns_for(unit, secret) for unit in opening.roll.units}
    differing = [
        number
        for number in dict.fromkeys((*given, *there))
        if given.get(number) != there.get(number)
    ]
    if differing:
        raise refusal(
            "opening.units_differ",
            where=opening.roll.name,
            estate=file.estate,
            count=len(differing),
            first=differing[0],
        )
    return False


async def _refuse_changed(session: AsyncSession, opening: _Opening) -> None:
    """Somebody has imported another roll since this one was looked at."""
    now = await load_standing_roll(session, opening.estate_id)
    if now.sha256 != opening.roll.sha256:
        raise refusal("opening.roll_changed", where=opening.roll.name, estate=opening.roll.name)


async def _renovation(session: AsyncSession, opening: _Opening, now: datetime) -> None:
    file = opening.file
    session.add(
        Renovation(
            id=opening.renovation_id,
            estate_id=opening.estate_id,
            title=file.title,
            stage=Stage.VOTING,
            state=RenovationState.RUNNING,
            workflow_id=opening.workflow_id,
            place_id=file.places[-1].id,
            place_path=file.place_path,
            rule_pack=opening.rule_pack,
            timetable=file.timetable.model_dump(mode="json"),
            clock={},
            opened_at=now,
            closed_at=None,
            waiting_for="engine",
            due_at=None,
        )
    )
    await session.flush()
    session.add(
        Scheme(
            renovation_id=opening.renovation_id,
            version=1,
            title=file.title,
            content=file.scheme.model_dump(mode="json"),
            budget_fen=file.budget_fen,
            created_at=now,
        )
    )
    await session.flush()


def _details(opening: _Opening, warnings: tuple[Problem, ...]) -> dict[str, JsonValue]:
    """The details of the event: figures and hashes, no names of people."""
    file, units = opening.file, opening.roll.units
    decision = check_timetable(file.timetable)
    return {
        "title": file.title,
        "estate": opening.estate_id,
        "place": file.place_path,
        "synthetic": file.synthetic,
        "region": file.region,
        "starts_on": file.starts_on.isoformat(),
        "ends_on": file.ends_on.isoformat(),
        "budget_fen": file.budget_fen,
        "scheme_version": 1,
        "units": len(units),
        "area_dm2": sum(unit.area_dm2 for unit in units),
        "roll_sha256": opening.roll.sha256,
        "clock": opening.clock,
        "checks": decision.record(),
        "warnings": [warning.model_dump(mode="json") for warning in warnings],
    }


async def _start(
    database: Database, client: Client, settings: Settings, renovation_id: str
) -> None:
    """Start the workflow of the renovation; one that exists already is left alone.

    A case that went on long ago is not begun again by a repetition, whatever Temporal still knows.
    """
    async with database.session() as session:
        row = await session.get_one(Renovation, renovation_id)
        clock = "wall" if await session.get(CaseClock, renovation_id) is None else "told"
        signed = await load_signed_since(session, renovation_id)
    if not row.stage_workflow_id:
        gateway = signer_of(settings).public_key if signed else ""
        given = Journey(renovation_id=row.id, clock=clock, gateway_public=gateway)
        await start_renovation(client, settings.task_queue, row, given)
