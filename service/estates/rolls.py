"""Importing a roll into an estate: one transaction, the same file once, and never under a vote."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import bindparam, delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from formats.roll import differences, stored_owner_key
from formats.roll.differences import head_of
from models.files.renovation import PlaceEntry
from models.files.roll import RegisteredUnit, Roll, RollDifference
from models.tables import BallotBox, Estate, Person, Place, Renovation, Unit, UnitOwner
from models.tables.roll_imports import RollImport
from models.values.base import Carried
from models.values.refusal import Refused, refusal
from models.values.states import BoxState, RenovationState
from rules.authority import ROLES_OF_WRITE
from runtime.database import Database
from runtime.privacy.keys import PersonKeys, destroy_keys
from runtime.record.grants import load_grants
from service.estates.places import estate_id_at, write_places
from service.estates.units import UNIT_COLUMNS, columns_for, copy_people, copy_units, unit_row_id
from service.situation import actor_in_role

NOTHING = RollDifference(added=(), removed=(), changed=(), regrouped=())
UNITS_NAMED = 20
PIECE = 5_000
"""Ids of one statement."""


@dataclass(frozen=True, kw_only=True)
class RollRequest:
    """What is to be imported, where, and in whose name."""

    roll: Roll
    estate: str
    """The id of an estate, or a name that only one has."""
    by: str
    secret: bytes
    """`owner_secret` of the settings."""
    people: PersonKeys
    """Those of the settings, under which the owners' names are written."""
    places: tuple[PlaceEntry, ...] = ()
    """Where an estate of that name is made if there is none; from the district down."""
    synthetic: bool = False
    of_person: bool = False
    """Whether `by` is the id of a person, who needs a role over the estate's place; else an operator's name."""
    remove: bool = False
    """Whether units of the estate that the roll lacks are taken away; else they are a refusal."""


class ImportedRoll(Carried):
    """What an import did; `imported` is False when the estate had exactly this file already."""

    estate_id: str
    imported: bool
    created: bool
    """The estate was made by this import."""
    units: int
    difference: RollDifference


async def import_roll(database: Database, request: RollRequest) -> ImportedRoll:
    """Make the units and owners of an estate those of the roll, and record who did it.

    Raises:
        Refused: `roll.estate_unknown`, `roll.estate_ambiguous`; `roll.vote_open` and `roll.frozen`
            for an estate whose owners vote or have voted in a renovation that runs: a sale is then a
            replacement; `credential.no_role` for a person who does not keep the roll of that place;
            `roll.would_remove` for a roll that lacks units of the estate, unless the
            request says to remove them. Nothing is changed.
    """

    async def work(session: AsyncSession) -> ImportedRoll:
        return await write_roll(session, request)

    return await database.transaction(work)


async def write_roll(session: AsyncSession, request: RollRequest) -> ImportedRoll:
    """The same in the caller's transaction.

    Raises:
        Refused: as `import_roll`.
    """
    now = datetime.now(UTC)
    stored = _Stored(request.secret)
    record = _record(request, now, stored)
    estate_id, created = await _estate(session, request, now)
    await session.get_one(Estate, estate_id, with_for_update=True)
    await _refuse_strangers(session, request, estate_id)
    if await _is_last(session, estate_id, record):
        # Only imports change units, so they are still those of this file.
        return _answer(request, estate_id, NOTHING)
    there = await _units(session, estate_id)
    difference = differences(there, request.roll.units, stored.__getitem__)
    if not difference.same:
        await _refuse_under_a_vote(session, estate_id)
        _refuse_removal(request, difference)
        await _change(session, estate_id, request, there, difference)
    changes = {
        "added": len(difference.added),
        "changed": len(difference.changed),
        "removed": len(difference.removed),
    }
    session.add(RollImport(estate_id=estate_id, **record, **changes))
    return _answer(request, estate_id, difference, imported=True, created=created)


async def compare_roll(database: Database, request: RollRequest) -> ImportedRoll:
    """What `import_roll` would do; nothing is written and an estate that is unknown is not made.

    Units that an import would take away are in the difference, whether or not it may.

    Raises:
        Refused: as `import_roll`, but for `roll.would_remove`.
    """
    async with database.session() as session:
        estate_id = await _found(session, request)
        await _refuse_strangers(session, request, estate_id)
        there = [] if estate_id is None else await _units(session, estate_id)
        stored = _Stored(request.secret)
        difference = differences(there, request.roll.units, stored.__getitem__)
        if estate_id is not None and not difference.same:
            await _refuse_under_a_vote(session, estate_id)
        if estate_id is None and not request.places:
            raise _unknown(request.estate)
        made = estate_id is None
        return _answer(request, estate_id or _new_id(request), difference, created=made)


def _answer(
    request: RollRequest,
    estate_id: str,
    difference: RollDifference,
    *,
    imported: bool = False,
    created: bool = False,
) -> ImportedRoll:
    return ImportedRoll(
        estate_id=estate_id,
        imported=imported,
        created=created,
        units=len(request.roll.units),
        difference=difference,
    )


class _Stored(dict[str, str]):
    """Key of a set of owners in a file to its keyed digest in the rows; each is computed once."""

    def __init__(self, secret: bytes) -> None:
        super().__init__()
        self._secret = secret

    def __missing__(self, key: str) -> str:
        self[key] = stored_owner_key(key, self._secret)
        return self[key]


async def _estate(session: AsyncSession, request: RollRequest, now: datetime) -> tuple[str, bool]:
    found = await _found(session, request)
    if found is not None:
        return found, False
    if not request.places:
        raise _unknown(request.estate)
    await write_places(session, request.places)
    row = {
        "id": _new_id(request),
        "name": request.estate,
        "place_id": request.places[-1].id,
        "synthetic": request.synthetic,
        "created_at": now,
    }
    await session.execute(insert(Estate).values(row).on_conflict_do_nothing())
    return _new_id(request), True


async def _refuse_strangers(
    session: AsyncSession, request: RollRequest, estate_id: str | None
) -> None:
    """A person keeps the roll of a place by a role over it; the operator of the machine needs none."""
    if not request.of_person:
        return
    path = "/".join(place.id for place in request.places)
    if estate_id is not None:
        of_estate = select(Place.path).join(Estate, Estate.place_id == Place.id)
        path = await session.scalar(of_estate.where(Estate.id == estate_id)) or path
    grants = await load_grants(session, request.by)
    actor_in_role(grants, path, *ROLES_OF_WRITE["import_roll"].roles)


async def _found(session: AsyncSession, request: RollRequest) -> str | None:
    """The id of the estate at the given places, else of that id or name; None if there is none."""
    if request.places:
        found = await session.get(Estate, _new_id(request))
        return None if found is None else found.id
    if await session.get(Estate, request.estate) is not None:
        return request.estate
    ids = list(await session.scalars(select(Estate.id).where(Estate.name == request.estate)))
    if len(ids) > 1:
        raise refusal(
            "roll.estate_ambiguous",
            where="--estate",
            estate=request.estate,
            ids=", ".join(sorted(ids)),
        )
    return ids[0] if ids else None


async def _units(session: AsyncSession, estate_id: str) -> list[RegisteredUnit]:
    """The units as they are, with stored keys and without their owners' names."""
    columns = [getattr(Unit, name) for name in UNIT_COLUMNS]
    rows = await session.execute(select(*columns).where(Unit.estate_id == estate_id))
    return [
        RegisteredUnit.model_construct(**dict(zip(UNIT_COLUMNS, row, strict=True)), owners=())
        for row in rows
    ]


async def _refuse_under_a_vote(session: AsyncSession, estate_id: str) -> None:
    rows = await session.execute(
        select(Renovation.id, BallotBox.state)
        .join(BallotBox, BallotBox.renovation_id == Renovation.id)
        .where(Renovation.estate_id == estate_id, Renovation.state == RenovationState.RUNNING)
    )
    boxes = [(row.id, row.state) for row in rows]
    for wanted, code in (
        (BoxState.OPEN, "roll.vote_open"),
        (BoxState.SUSPENDED, "roll.vote_open"),
        (BoxState.CLOSED, "roll.frozen"),
    ):
        for renovation, state in boxes:
            if state == wanted:
                raise refusal(code, where=renovation, renovation=renovation)


def _refuse_removal(request: RollRequest, difference: RollDifference) -> None:
    """A file may be one building or one sheet of a roll: it takes nothing away unasked."""
    if difference.removed and not request.remove:
        named = difference.removed[:UNITS_NAMED]
        more = ", …" if len(difference.removed) > len(named) else ""
        raise refusal(
            "roll.would_remove",
            where=request.roll.name,
            count=len(difference.removed),
            units=", ".join(named) + more,
        )


async def _change(
    session: AsyncSession,
    estate_id: str,
    request: RollRequest,
    there: Sequence[RegisteredUnit],
    difference: RollDifference,
) -> None:
    """Write the differences: rows of units, then the people of every head that changed."""
    given = {unit.number: unit for unit in request.roll.units}
    rows = await session.execute(select(Unit.number, Unit.id).where(Unit.estate_id == estate_id))
    ids = {number: unit_id for number, unit_id in rows}  # noqa: C416 - rows are not tuples
    added = [given[number] for number in difference.added]
    people = _whose_owners_change(given, there, difference)
    removed = [ids[number] for number in difference.removed]
    await _remove_people(session, [*removed, *(ids[number] for number in people)])
    for piece in _pieces(removed):
        await session.execute(delete(Unit).where(Unit.id.in_(piece)))
    changed = [(ids[change.number], given[change.number]) for change in difference.changed]
    await _update_units(session, changed, request.secret)
    await copy_units(session, estate_id, added, request.secret)
    new = [(unit_row_id(estate_id, unit), unit) for unit in added]
    await copy_people(
        session, [*new, *((ids[number], given[number]) for number in people)], request.people
    )


def _whose_owners_change(
    given: dict[str, RegisteredUnit], there: Sequence[RegisteredUnit], difference: RollDifference
) -> list[str]:
    """Units already there whose people are written anew, so that one head has one set of people."""
    heads = {head_of(given[number]) for number in difference.added}
    moved = {change.number for change in difference.changed if "owners" in change.fields}
    heads |= {head_of(given[number]) for number in moved}
    known = {unit.number for unit in there}
    return [
        number
        for number, unit in given.items()
        if number in known and (number in moved or head_of(unit) in heads)
    ]


async def _remove_people(session: AsyncSession, unit_ids: Sequence[str]) -> None:
    """Take owners off units, and forget the people who own nothing any more (PIPL art. 47)."""
    people: set[str] = set()
    for piece in _pieces(unit_ids):
        taken = await session.scalars(
            delete(UnitOwner).where(UnitOwner.unit_id.in_(piece)).returning(UnitOwner.person_id)
        )
        people.update(taken)
    for piece in _pieces(sorted(people)):
        owns = exists().where(UnitOwner.person_id == Person.id)
        gone = await session.scalars(
            delete(Person).where(Person.id.in_(piece), ~owns).returning(Person.id)
        )
        await destroy_keys(session, gone.all())


async def _update_units(
    session: AsyncSession, units: Sequence[tuple[str, RegisteredUnit]], secret: bytes
) -> None:
    names = [name for name in UNIT_COLUMNS if name != "number"]
    rows = [
        {"row": unit_id}
        | {
            f"new_{name}": value
            for name, value in zip(UNIT_COLUMNS, columns_for(unit, secret), strict=True)
            if name in names
        }
        for unit_id, unit in units
    ]
    if rows:
        table = Unit.__table__
        statement = (
            update(Unit)
            .where(table.c.id == bindparam("row"))
            .values({name: bindparam(f"new_{name}") for name in names})
        )
        await (await session.connection()).execute(statement, rows)


async def _is_last(session: AsyncSession, estate_id: str, record: Mapping[str, object]) -> bool:
    last = await session.scalar(
        select(RollImport)
        .where(RollImport.estate_id == estate_id)
        .order_by(RollImport.seq.desc())
        .limit(1)
    )
    return last is not None and all(
        getattr(last, name) == record[name] for name in ("file_sha256", "roll_sha256")
    )


def _record(request: RollRequest, now: datetime, stored: _Stored) -> dict[str, object]:
    """The columns of the import's row that are known before the estate is."""
    units = request.roll.units
    return {
        "file_name": request.roll.name,
        "file_sha256": request.roll.sha256,
        "roll_sha256": _digest(units, stored),
        "imported_by": request.by,
        "imported_at": now,
        "units": len(units),
        "heads": len({head_of(unit) for unit in units}),
        "area_dm2": sum(unit.area_dm2 for unit in units),
    }


def _digest(units: Iterable[RegisteredUnit], stored: _Stored) -> str:
    """SHA-256 over the units as they are stored, by number."""
    result = hashlib.sha256()
    for unit in sorted(units, key=lambda each: each.number):
        fields = [getattr(unit, name) for name in UNIT_COLUMNS if name != "owner_key"]
        result.update(repr([*fields, stored[unit.owner_key]]).encode())
    return result.hexdigest()


def _pieces(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[at : at + PIECE] for at in range(0, len(ids), PIECE))


def _new_id(request: RollRequest) -> str:
    return estate_id_at("/".join(place.id for place in request.places), request.estate)


def _unknown(estate: str) -> Refused:
    return refusal("roll.estate_unknown", where="--estate", estate=estate)
