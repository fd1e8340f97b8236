"""Rows of places, from the district to the grid, written when a renovation or a roll first names them."""

import hashlib
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.files.renovation import PlaceEntry
from models.tables import Place
from models.values.refusal import problem, refuse_if_any


def estate_id_at(place_path: str, name: str) -> str:
    """The id of the estate of that name in that place: 21 characters."""
    return "e" + hashlib.sha256(f"{place_path}\n{name}".encode()).hexdigest()[:20]


async def write_places(session: AsyncSession, places: Sequence[PlaceEntry]) -> None:
    """Insert the places, the district first; a row that exists must be the same.

    Raises:
        Refused: `opening.place_differs`.
    """
    ids = [place.id for place in places]
    wanted = {
        place.id: (
            place.level,
            ids[number - 1] if number else None,
            place.name,
            "/".join(ids[: number + 1]),
        )
        for number, place in enumerate(places)
    }
    for place_id, (kind, parent_id, name, path) in wanted.items():
        await session.execute(
            insert(Place)
            .values(id=place_id, kind=kind, parent_id=parent_id, name=name, path=path)
            .on_conflict_do_nothing()
        )
    rows = await session.execute(
        select(Place.id, Place.kind, Place.parent_id, Place.name, Place.path).where(
            Place.id.in_(ids)
        )
    )
    there = {row.id: (row.kind, row.parent_id, row.name, row.path) for row in rows}
    refuse_if_any(
        problem("opening.place_differs", where=place_id, place=place_id)
        for place_id in ids
        if there.get(place_id) != wanted[place_id]
    )
