"""A scheme whose parts are voted on by those who share them: an estate-wide roof, a lift in each stairwell."""

from models.values.cost_sharing import CostItem, CostKey, ItemCategory, PayerSet
from models.values.scheme import PlannedWork, SchemeContent
from models.values.voting import Matter, Motion, MotionKind, MotionScope
from tests.support.estate import scheme_content

ROOF_FEN, LIFT_FEN = 6_000_000, 3_000_000
OCCUPIED = "1-101"
"""The shaft of the first lift takes part of this flat."""


def stairwell(building: str) -> MotionScope:
    """The only entrance of a building, as `tests.support.estate.unit` makes them."""
    return MotionScope(kind="entrance", building=building, entrance="1")


def motion(name: str, scope: MotionScope | None = None) -> Motion:
    """A major motion of that name."""
    asked = scope or MotionScope()
    return Motion(id=name, title=name, kind=MotionKind.MAJOR, matter=Matter.REBUILD, scope=asked)


def roof_and_lifts(*buildings: str) -> SchemeContent:
    """The roof for all, and for each of the buildings a lift that its stairwell votes on and pays."""
    plain = scheme_content()
    lifts = tuple(
        CostItem(
            id=f"lift-{building}",
            title="Lift",
            category=ItemCategory.IMPROVEMENT,
            cost_fen=LIFT_FEN,
            key=CostKey.HOUSEHOLD,
            payers=PayerSet(scope="entrance", building=building, entrance="1"),
            motion=f"lift-{building}",
        )
        for building in buildings
    )
    roof = CostItem(
        id="roof", title="Roof", category=ItemCategory.BASIC, cost_fen=ROOF_FEN, motion="roof"
    )
    cost_fen = ROOF_FEN + LIFT_FEN * len(buildings)
    return plain.model_copy(
        update={
            "items": (roof, *lifts),
            "motions": (
                motion("roof"),
                *(motion(f"lift-{each}", stairwell(each)) for each in buildings),
            ),
            "tender": plain.tender.model_copy(
                update={"estimate_fen": cost_fen, "ceiling_fen": cost_fen}
            ),
            "works": (
                PlannedWork(id="roof", title="Roof", value_fen=ROOF_FEN),
                *(
                    PlannedWork(
                        id=f"lift-{each}",
                        building=each,
                        title="Lift",
                        value_fen=LIFT_FEN,
                        occupies=(OCCUPIED,) if each == "1" else (),
                    )
                    for each in buildings
                ),
            ),
        }
    )
