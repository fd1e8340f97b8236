"""The estate of the demo: an invented one of an invented town (虚构), as old walk-ups are built.

17 pairs of blocks, 34 in all. Every block has four entrances (单元) and six storeys without a lift;
on a landing there are two flats in the first block of a pair and three in the second. That makes 48
and 72 flats, 120 a pair, 2,040 in all, between 47 and 94 square metres each. Flats are counted
entrance by entrance, from the ground floor up: fewer are the first entrances, and more than 2,040
go on in further blocks of the same kind.
"""

import csv
import io
import random
from collections.abc import Sequence
from datetime import date

from cli.demo.town.figures import Figures
from cli.demo.town.people import PORTAL, SYNTHETIC, identity_of, officials, owners
from cli.demo.town.scheme import scheme_content
from models.files.renovation import Official, PlaceEntry, RenovationFile, SandboxTime
from models.values.base import Value

UNITS = 2_040
ENTRANCES = 4
STOREYS = 6
LAYOUTS_DM2: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    ((58_46, 64_12), (65_18, 47_36, 61_72)),
    ((72_35, 78_90), (74_83, 52_09, 69_55)),
    ((86_24, 93_57), (65_18, 47_36, 61_72)),
)
"""The flats of a landing in both blocks of a pair, in 0.01 square metres; the pairs take turns."""
TOWN = "云岫市"
NAME = f"桐花里小区（{SYNTHETIC}） / Tonghua Lane Estate (invented)"
PLACES = (
    ("district", f"{TOWN}澄溪区（{SYNTHETIC}）"),
    ("street_office", f"石榴巷街道（{SYNTHETIC}）"),
    ("community", f"桐花社区（{SYNTHETIC}）"),
    ("grid", f"桐花里网格（{SYNTHETIC}）"),
)
ROLL_NAME = "roll.csv"
STARTS_ON, ENDS_ON = date(2025, 3, 3), date(2026, 6, 30)


class DemoUnit(Value):
    """One flat as the committee's spreadsheet has it."""

    number: str
    building: str
    entrance: str
    floor: int
    area_dm2: int
    owners: tuple[str, ...]


def make_units(count: int, seed: int) -> tuple[DemoUnit, ...]:
    """The first `count` flats, with owners: most alone, some in two, a few with two flats."""
    rng = random.Random(f"estate-{seed}")  # noqa: S311 - a repeatable demo, no secret
    names = owners(seed)
    made: list[DemoUnit] = []
    for index in range(count):
        chance = rng.random()
        if made and chance < 0.02:  # noqa: PLR2004
            who: tuple[str, ...] = made[-1].owners
        elif chance < 0.25:  # noqa: PLR2004
            who = (next(names), next(names))
        else:
            who = (next(names),)
        made.append(_unit(index, who))
    return tuple(made)


def figures_for(units: Sequence[DemoUnit]) -> Figures:
    """The money of an estate of these flats."""
    return Figures(area_dm2=sum(unit.area_dm2 for unit in units))


def roll_csv(units: Sequence[DemoUnit]) -> bytes:
    """The owners' roll as the committee's spreadsheet would be saved: UTF-8, Chinese headings."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("房号", "楼栋", "单元", "楼层", "面积", "用途", "业主", "证件号"))
    for unit in units:
        metres, rest = divmod(unit.area_dm2, 100)
        area = f"{metres}.{rest:02d}"
        row = (unit.number, unit.building, unit.entrance, unit.floor, area, "住宅")
        writer.writerow((*row, "；".join(unit.owners), second_fact(unit)))
    return text.getvalue().encode()


def second_fact(unit: DemoUnit) -> str:
    """What the roll holds and no letter says: the numbers of identity of all owners."""
    return "；".join(map(identity_of, unit.owners))


def renovation_file(units: Sequence[DemoUnit], case: str) -> RenovationFile:
    """The file with which the committee opens the training case; its clock moves when it is told.

    `case` keeps the places of two demos on one database apart.
    """
    figures = figures_for(units)
    return RenovationFile(
        title=NAME,
        places=tuple(
            PlaceEntry.model_validate({"level": level, "id": f"{case}-{level}", "name": name})
            for level, name in PLACES
        ),
        estate=NAME,
        roll=ROLL_NAME,
        officials=tuple(
            Official(id=each.id, label=each.label, role=each.role, place=each.place)
            for each in (*officials(), PORTAL)
        ),
        starts_on=STARTS_ON,
        ends_on=ENDS_ON,
        budget_fen=figures.budget_fen,
        scheme=scheme_content(figures),
        sandbox=SandboxTime(clock="told"),
        synthetic=True,
    )


def file_bytes(file: RenovationFile) -> bytes:
    """The file as JSON, as it would lie on the committee's disk."""
    return file.model_dump_json(indent=1, exclude_defaults=True).encode()


def _unit(index: int, who: tuple[str, ...]) -> DemoUnit:
    """The flat at a place of the structure, and who owns it."""
    block, flats, place = _block(index)
    rest, flat = divmod(place, len(flats))
    entrance, storey = divmod(rest, STOREYS)
    return DemoUnit(
        number=f"{block}-{entrance + 1}-{storey + 1}{flat + 1:02d}",
        building=str(block),
        entrance=str(entrance + 1),
        floor=storey + 1,
        area_dm2=flats[flat],
        owners=who,
    )


def _block(index: int) -> tuple[int, tuple[int, ...], int]:
    """The block of a flat, the areas on its landings, and the place of the flat within the block."""
    landings = ENTRANCES * STOREYS
    first, second = LAYOUTS_DM2[0]
    pair, place = divmod(index, landings * (len(first) + len(second)))
    first, second = LAYOUTS_DM2[pair % len(LAYOUTS_DM2)]
    in_first = landings * len(first)
    if place < in_first:
        return 2 * pair + 1, first, place
    return 2 * pair + 2, second, place - in_first
