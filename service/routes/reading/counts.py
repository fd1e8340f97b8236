"""Counting the renovations of places: how many run, are late and are stuck, and for whom they wait."""

from fastapi import APIRouter

from models.fields import PlacePath
from runtime.finding.counts import CaseCounts
from service.reading.counts import counts_of
from service.routes.dependencies import RunningParts

router = APIRouter(tags=["renovations"])


@router.get("/v1/counts")
async def read_counts(parts: RunningParts, place: PlacePath = "") -> CaseCounts:
    """How many renovations each place one level below `place` has: running in each stage, ended, late, stuck.

    And who is awaited how often, and late. The places with the most that is late come first. Counted once
    for all who ask within a second or more.
    """
    return await counts_of(parts, place)
