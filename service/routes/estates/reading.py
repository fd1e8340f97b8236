"""Reading estates: which there are, their units and where these came from."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from models.fields import Id, PlacePath
from service.estates.reading import (
    EstateView,
    PlaceView,
    RollImportView,
    UnitView,
    keeper_of,
    list_estates,
    list_imports,
    list_places,
    list_units,
)
from service.http.paging import Paged
from service.routes.dependencies import CurrentOfficial, RunningParts, note_reading
from service.situation import load_grants

router = APIRouter(prefix="/v1/estates", tags=["estates"])
places = APIRouter(prefix="/v1/places", tags=["estates"])


async def keeper_in_request(
    estate: Id, actor_id: CurrentOfficial, parts: RunningParts, request: Request
) -> str:
    """The estate, for who keeps its roll; the reading is written down.

    Raises:
        Refused: `credential.…`; `estate.unknown`.
    """
    grants = await load_grants(parts.database, actor_id, "")
    async with parts.database.session() as session:
        keeper = await keeper_of(session, estate, grants)
    await note_reading(parts, keeper, request)
    return estate


KeptEstate = Annotated[str, Depends(keeper_in_request)]


@router.get("")
async def read_estates(
    parts: RunningParts, page: Paged, place: PlacePath = ""
) -> tuple[EstateView, ...]:
    """The estates of a place and below it."""
    async with parts.database.session() as session:
        found = await list_estates(session, place, page.slice)
    return page.first(found, lambda each: (each.id,))


@router.get("/{estate}/units")
async def read_units(
    estate: Id,
    _kept: KeptEstate,
    parts: RunningParts,
    page: Paged,
) -> tuple[UnitView, ...]:
    """The units as the roll has them, without owners, for who keeps it."""
    async with parts.database.session() as session:
        found = await list_units(session, estate, page.slice)
    return page.first(found, lambda each: (each.number,))


@router.get("/{estate}/roll-imports")
async def read_roll_imports(
    estate: Id, _kept: KeptEstate, parts: RunningParts, page: Paged
) -> tuple[RollImportView, ...]:
    """Which files the units came from, who brought them and what they changed, the last one first."""
    async with parts.database.session() as session:
        found = await list_imports(session, estate)
    return page.cut(found, lambda each: (each.seq,), newest_first=True)


@places.get("")
async def read_places(
    parts: RunningParts, page: Paged, place: PlacePath = ""
) -> tuple[PlaceView, ...]:
    """A place and what is below it, from the district down to the grid."""
    async with parts.database.session() as session:
        found = await list_places(session, place, page.slice)
    return page.first(found, lambda each: (each.path,))
