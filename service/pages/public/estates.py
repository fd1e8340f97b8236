"""The estates of a place for everybody: the way down from the district, and what is renovated where."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Place, Renovation
from models.values.refusal import refusal
from models.values.states import RenovationState, Stage
from service.estates.reading import EstateView, list_estates
from service.http.paging import Slice

SHOWN = 100
"""Places below one on a page; a district has some dozens of streets, a community some dozens of grids."""


class PlaceName(NamedTuple):
    """A place by its path and its name."""

    path: str
    name: str


class CaseOfEstate(NamedTuple):
    """A renovation of an estate, by what it is called and where it stands."""

    id: str
    title: str
    stage: Stage
    state: RenovationState


class EstateLine(NamedTuple):
    """An estate with its renovations, the latest first."""

    estate: EstateView
    cases: tuple[CaseOfEstate, ...]


class PlacePage(NamedTuple):
    """A place: those above it, itself last; those below it; the estates in all of them."""

    above: tuple[PlaceName, ...]
    below: tuple[PlaceName, ...]
    estates: tuple[EstateLine, ...]


async def load_place(session: AsyncSession, path: str, after: str, limit: int) -> PlacePage:
    """A place with what is below it; of "" the districts and all estates, those after the one with this id.

    Raises:
        Refused: `service.not_found` for a place that is not there.
    """
    ids = path.split("/") if path else []
    rows = await session.execute(select(Place.id, Place.path, Place.name).where(Place.id.in_(ids)))
    named = {row.id: PlaceName(row.path, row.name) for row in rows}
    if path and named.get(ids[-1], PlaceName("", "")).path != path:
        raise refusal("service.not_found")
    inside = Place.parent_id == ids[-1] if ids else Place.parent_id.is_(None)
    below = await session.execute(
        select(Place.path, Place.name).where(inside).order_by(Place.name, Place.id).limit(SHOWN)
    )
    estates = await list_estates(session, path, Slice((after,) if after else None, limit))
    cases = await _cases(session, [each.id for each in estates])
    return PlacePage(
        tuple(named[each] for each in ids),
        tuple(PlaceName(row.path, row.name) for row in below),
        tuple(EstateLine(each, cases.get(each.id, ())) for each in estates),
    )


async def _cases(
    session: AsyncSession, estates: Sequence[str]
) -> dict[str, tuple[CaseOfEstate, ...]]:
    rows = await session.execute(
        select(
            Renovation.estate_id,
            Renovation.id,
            Renovation.title,
            Renovation.stage,
            Renovation.state,
        )
        .where(Renovation.estate_id.in_(estates))
        .order_by(Renovation.opened_at.desc(), Renovation.id)
    )
    found: dict[str, tuple[CaseOfEstate, ...]] = {}
    for row in rows:
        case = CaseOfEstate(row.id, row.title, row.stage, row.state)
        found[row.estate_id] = (*found.get(row.estate_id, ()), case)
    return found
