"""The estates of a place, their units, and which files these came from."""

from datetime import datetime
from typing import TypeVar

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Estate, Place, Unit
from models.tables.roll_imports import RollImport
from models.values.actor import Actor
from models.values.base import Carried
from models.values.refusal import refusal
from rules.authority import ROLES_OF_WRITE, Grant, acting, covers
from service.http.keysets import behind
from service.http.paging import Slice
from service.showing import shown
from service.situation import actor_in_role

T = TypeVar("T", Estate, Place)


class EstateView(Carried):
    """An old residential estate; `synthetic`: it was made up for training. Real time."""

    id: str
    name: str
    place_id: str
    place_path: str = ""
    synthetic: bool
    created_at: datetime
    units: int = 0


class PlaceView(Carried):
    """A place, from the district (区) down to the grid; `path` is the ids from the district down."""

    id: str
    kind: str
    parent_id: str | None
    name: str
    path: str


class UnitView(Carried):
    """A unit as the roll has it, without a word about who owns it; the area in 0.01 m2."""

    number: str
    building: str
    entrance: str
    floor: int
    kind: str
    area_dm2: int
    shares: int | None
    developer: bool
    excluded_reason: str | None


class RollImportView(Carried):
    """An import of an owners' roll, with its figures and hashes; real time."""

    seq: int
    file_name: str
    file_sha256: str
    roll_sha256: str
    imported_by: str
    imported_at: datetime
    units: int
    heads: int
    area_dm2: int
    added: int
    changed: int
    removed: int


async def list_estates(session: AsyncSession, place: str, part: Slice) -> tuple[EstateView, ...]:
    """The estates of a place and below it, or all of them, by id.

    Raises:
        Refused: `service.cursor_invalid`.
    """
    query = _below(select(Estate).join(Place, Place.id == Estate.place_id), place)
    query = query.where(*behind((Estate.id,), part)).order_by(Estate.id).limit(part.limit)
    rows = (await session.scalars(query)).all()
    ids = [row.id for row in rows]
    paths = await session.execute(
        select(Estate.id, Place.path)
        .join(Place, Place.id == Estate.place_id)
        .where(Estate.id.in_(ids))
    )
    counted = await session.execute(
        select(Unit.estate_id, func.count()).where(Unit.estate_id.in_(ids)).group_by(Unit.estate_id)
    )
    path_of = {row[0]: row[1] for row in paths}
    units_of = {row[0]: row[1] for row in counted}
    return tuple(
        shown(EstateView, row).model_copy(
            update={"place_path": path_of[row.id], "units": units_of.get(row.id, 0)}
        )
        for row in rows
    )


async def list_places(session: AsyncSession, place: str, part: Slice) -> tuple[PlaceView, ...]:
    """A place and those below it, or all of them, by path.

    Raises:
        Refused: `service.cursor_invalid`.
    """
    query = _below(select(Place), place).where(*behind((Place.path,), part))
    rows = await session.scalars(query.order_by(Place.path).limit(part.limit))
    return tuple(shown(PlaceView, row) for row in rows)


def _below(query: Select[T], place: str) -> Select[T]:
    """A query of places: one and what is below it; all where it is ""."""
    if not place:
        return query
    below = Place.path.startswith(f"{place}/", autoescape=True)
    return query.where(or_(Place.path == place, below))


async def keeper_of(session: AsyncSession, estate_id: str, grants: tuple[Grant, ...]) -> Actor:
    """Whoever asks, as who keeps the roll of an estate: nobody else reads it.

    Raises:
        Refused: `credential.no_role` for who keeps none anywhere; `estate.unknown`, for an estate of
            another place too.
    """
    keeping = tuple(each for each in grants if each.role in ROLES_OF_WRITE["import_roll"].roles)
    if not keeping:
        actor_in_role((), "", *ROLES_OF_WRITE["import_roll"].roles)
    path = await session.scalar(
        select(Place.path).join(Estate, Estate.place_id == Place.id).where(Estate.id == estate_id)
    )
    here = [each for each in keeping if path is not None and covers(each.place, path)]
    if not here:
        raise refusal("estate.unknown", where="estate")
    return acting(here[0])


async def list_units(session: AsyncSession, estate_id: str, part: Slice) -> tuple[UnitView, ...]:
    """The units of an estate by number.

    Raises:
        Refused: `service.cursor_invalid`.
    """
    query = select(Unit).where(Unit.estate_id == estate_id)
    query = query.where(*behind((Unit.number,), part)).order_by(Unit.number)
    rows = await session.scalars(query.limit(part.limit))
    return tuple(shown(UnitView, row) for row in rows)


async def list_imports(session: AsyncSession, estate_id: str) -> tuple[RollImportView, ...]:
    """Every import into an estate, the last one first."""
    rows = await session.scalars(
        select(RollImport).where(RollImport.estate_id == estate_id).order_by(RollImport.seq.desc())
    )
    return tuple(shown(RollImportView, row) for row in rows)
