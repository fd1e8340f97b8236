"""Where somebody may start a renovation: the grids of their places, and the estates that are there."""

from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.files.renovation import LEVELS, PlaceEntry
from models.tables import Estate, Place, Unit
from models.values.actor import Role
from models.values.refusal import refusal
from rules.authority import ROLES_OF_ACT, Grant, covers

CONVENERS = ROLES_OF_ACT["open_vote"].roles


class NamedPlace(NamedTuple):
    """A place by its path."""

    path: str
    name: str


class KnownEstate(NamedTuple):
    """An estate, its grid, and how many units its roll has."""

    id: str
    name: str
    path: str
    units: int
    buildings: tuple[str, ...]


def convening(grants: tuple[Grant, ...]) -> tuple[Grant, ...]:
    """The roles in which somebody may start a renovation."""
    return tuple(each for each in grants if each.role in CONVENERS)


async def load_grids(session: AsyncSession, grants: tuple[Grant, ...]) -> tuple[NamedPlace, ...]:
    """The grids in which somebody may start one, by path."""
    rows = (
        await session.scalars(select(Place).where(Place.kind == "grid").order_by(Place.path))
    ).all()
    places = {each.place for each in convening(grants)}
    return tuple(
        NamedPlace(row.path, row.name)
        for row in rows
        if any(covers(place, row.path) for place in places)
    )


async def load_places(session: AsyncSession, grants: tuple[Grant, ...]) -> tuple[NamedPlace, ...]:
    """All places, of whatever level, that the roles of somebody reach; an administrator reaches every one."""
    rows = (await session.scalars(select(Place).order_by(Place.path))).all()
    everywhere = any(each.role is Role.ADMINISTRATOR for each in grants)
    own = {each.place for each in grants}
    return tuple(
        NamedPlace(row.path, row.name)
        for row in rows
        if everywhere or any(covers(place, row.path) for place in own)
    )


async def load_estates(
    session: AsyncSession, grids: tuple[NamedPlace, ...]
) -> tuple[KnownEstate, ...]:
    """The estates of these grids, by name."""
    paths = {each.path.rpartition("/")[2]: each.path for each in grids}
    rows = await session.execute(
        select(
            Estate.id,
            Estate.name,
            Estate.place_id,
            func.count(Unit.id),
            func.array_agg(func.distinct(Unit.building)),
        )
        .outerjoin(Unit, Unit.estate_id == Estate.id)
        .where(Estate.place_id.in_(paths), Estate.synthetic.is_(False))
        .group_by(Estate.id, Estate.name, Estate.place_id)
        .order_by(Estate.name, Estate.id)
    )
    return tuple(
        KnownEstate(row[0], row[1], paths[row[2]], row[3], tuple(sorted(filter(None, row[4]))))
        for row in rows
    )


async def known_estate(
    session: AsyncSession, grants: tuple[Grant, ...], estate_id: str
) -> KnownEstate:
    """An estate of the places in which somebody may start one.

    Raises:
        Refused: `roll.estate_unknown`, for an estate of another place too.
    """
    found = await load_estates(session, await load_grids(session, grants))
    estate = next((each for each in found if each.id == estate_id), None)
    if estate is None:
        raise refusal("roll.estate_unknown", where="estate", estate=estate_id)
    return estate


async def load_chain(session: AsyncSession, path: str) -> tuple[PlaceEntry, ...]:
    """The places of a grid, from the district down.

    Raises:
        Refused: `granting.place_unknown`.
    """
    ids = path.split("/")
    rows = {row.id: row for row in await session.scalars(select(Place).where(Place.id.in_(ids)))}
    if len(ids) != len(LEVELS) or not all(name in rows for name in ids):
        raise refusal("granting.place_unknown", where="place", place=path)
    return tuple(
        PlaceEntry(level=level, id=name, name=rows[name].name)
        for level, name in zip(LEVELS, ids, strict=True)
    )


def role_for(grants: tuple[Grant, ...], path: str) -> Grant:
    """The role of the narrowest place in which somebody may start one at this grid.

    Raises:
        Refused: `credential.no_role`.
    """
    here = [each for each in convening(grants) if covers(each.place, path)]
    if not here:
        wanted = ", ".join(sorted(role.value for role in CONVENERS))
        raise refusal("credential.no_role", roles=wanted, place=path)
    return max(here, key=lambda each: each.place.count("/"))
