"""Estate 1984: a real structure (8 blocks, 31 floors, 8 flats a floor, source S30), invented people.

Per floor 2 flats of 12, 4 of 13 and 2 of 14 shares; areas are generated from the shares. Flats are
counted floor by floor through the eight blocks: fewer than 1,984 are the lower floors of all blocks,
more repeat the eight blocks.
"""

import csv
import io
import random
from datetime import date
from fractions import Fraction

from cli.demo import figures
from cli.demo.people import officials, owners
from models.files.renovation import Official, PlaceEntry, RenovationFile, SandboxTime
from models.values.base import Value
from models.values.cost_sharing import CostItem, CostKey, Funding, FundingSource, ItemCategory
from models.values.scheme import PlannedWork, SchemeContent, Target, TenderPlan
from models.values.timetable import Timetable, calendar_days
from models.values.voting import Matter, Motion, MotionKind

UNITS = 1_984
BLOCKS = 8
FLOORS = 31
CONCEALED_BLOCK = 1
FLAT_SHARES = (12, 12, 13, 13, 13, 13, 14, 14)
"""The undivided shares of the flats A to H of a floor."""
AREA_PER_SHARE_DM2 = 350
"""3.5 square metres a share, in units of 0.01 square metres."""
NAME = "1984小区 / Estate 1984 (synthetic)"
ROLL_NAME = "roll.csv"
STARTS_ON, ENDS_ON = date(2025, 3, 3), date(2026, 3, 2)
VOTE_DAYS = 30
"""With the extension the 60 days that the law allows at most."""
MAIN_MOTION, FUND_MOTION = "scheme", "fund"
SUBSIDY_PERMILLE = 300


class DemoUnit(Value):
    """One flat as the committee's spreadsheet has it."""

    number: str
    building: str
    entrance: str
    floor: int
    area_dm2: int
    shares: int
    owners: tuple[str, ...]


def units_of(count: int, seed: int) -> tuple[DemoUnit, ...]:
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


def roll_csv(units: tuple[DemoUnit, ...]) -> bytes:
    """The owners' roll as the committee's spreadsheet would be saved: UTF-8, Chinese headings."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("房号", "楼栋", "单元", "楼层", "面积", "用途", "业主", "份额"))
    for unit in units:
        metres, rest = divmod(unit.area_dm2, 100)
        area = f"{metres}.{rest:02d}"
        row = (unit.number, unit.building, unit.entrance, unit.floor, area, "住宅")
        writer.writerow((*row, "；".join(unit.owners), unit.shares))
    return text.getvalue().encode()


DEMO_TIMETABLE = Timetable(vote_open=calendar_days(VOTE_DAYS), extension=calendar_days(VOTE_DAYS))
PATIENT_TIMETABLE = Timetable(
    vote_open=calendar_days(45),
    extension=calendar_days(15),
    extension_decided_days_before=25,
    rectification_period=calendar_days(90),
)
"""No period in which somebody has to act is shorter than a crash lasts in the short days."""


def renovation_file(
    units: tuple[DemoUnit, ...],
    day_s: Fraction,
    case: str,
    timetable: Timetable = DEMO_TIMETABLE,
) -> RenovationFile:
    """The file with which the committee opens the case; `day_s` real seconds are one day of it.

    The vote is open as long as the law lets it be, so that all ballots fit into the short days.
    `case` keeps the places of two demos on one database apart.
    """
    return RenovationFile(
        title=NAME,
        places=(
            PlaceEntry(level="district", id=f"{case}-district", name="示范区（虚构）"),
            PlaceEntry(level="street_office", id=f"{case}-street", name="示范街道（虚构）"),
            PlaceEntry(level="community", id=f"{case}-community", name="示范社区（虚构）"),
            PlaceEntry(level="grid", id=f"{case}-grid", name="示范网格（虚构）"),
        ),
        estate=NAME,
        roll=ROLL_NAME,
        officials=tuple(
            Official(id=each.id, label=each.label, role=each.role, place=each.place)
            for each in officials()
        ),
        starts_on=STARTS_ON,
        ends_on=ENDS_ON,
        budget_fen=figures.BUDGET_FEN,
        scheme=scheme_content(frozenset(unit.building for unit in units)),
        timetable=timetable,
        sandbox=SandboxTime(day_s=day_s),
        synthetic=True,
    )


def file_bytes(file: RenovationFile) -> bytes:
    """The file as JSON, as it would lie on the committee's disk."""
    return file.model_dump_json(indent=1, exclude_defaults=True).encode()


def scheme_content(buildings: frozenset[str]) -> SchemeContent:
    """What the owners vote on. The works are per block of the model, however many units there are."""
    motions = (
        Motion(
            id=MAIN_MOTION,
            title="改造方案 / renovation scheme",
            kind=MotionKind.MAJOR,
            matter=Matter.REBUILD,
        ),
        Motion(
            id=FUND_MOTION,
            title="费用分摊 / sharing of the cost",
            kind=MotionKind.MAJOR,
            matter=Matter.FUND_RAISE,
            depends_on=MAIN_MOTION,
        ),
    )
    subsidy = Funding(
        id="subsidy",
        source=FundingSource.SUBSIDY,
        amount_fen=figures.BUDGET_FEN * SUBSIDY_PERMILLE // 1000,
        permille=SUBSIDY_PERMILLE,
    )
    return SchemeContent(
        items=_items(),
        funding=(subsidy,),
        motions=motions,
        owner_instalments_permille=figures.INSTALMENTS_PERMILLE,
        tender=TenderPlan(
            estimate_fen=figures.ESTIMATE_FEN,
            ceiling_fen=figures.CEILING_FEN,
            bid_bond_fen=figures.BOND_FEN,
            contingency_permille=figures.CONTINGENCY_PERMILLE,
            retention_permille=figures.RETENTION_PERMILLE,
            instalments_permille=figures.INSTALMENTS_PERMILLE,
        ),
        works=_works(buildings),
        targets=(
            Target(indicator="satisfaction", numerator=85, denominator=100),
            Target(indicator="first_pass", numerator=85, denominator=100),
        ),
    )


def _unit(index: int, who: tuple[str, ...]) -> DemoUnit:
    """The flat at a place of the structure: floor, block and letter follow from the index."""
    copy, rest = divmod(index, UNITS)
    floor, place = divmod(rest, BLOCKS * len(FLAT_SHARES))
    block, flat = divmod(place, len(FLAT_SHARES))
    building = copy * BLOCKS + block + 1
    return DemoUnit(
        number=f"{building}-{floor + 1:02d}{'ABCDEFGH'[flat]}",
        building=str(building),
        entrance="1",
        floor=floor + 1,
        area_dm2=FLAT_SHARES[flat] * AREA_PER_SHARE_DM2,
        shares=FLAT_SHARES[flat],
        owners=who,
    )


def _items() -> tuple[CostItem, ...]:
    """Four pieces of work with three keys; together the budget, to the fen."""
    parts = (
        ("facade", "外墙修缮", ItemCategory.BASIC, CostKey.SHARE, 600),
        ("roof", "屋面防水", ItemCategory.BASIC, CostKey.AREA, 150),
        ("fire", "消防设施", ItemCategory.BASIC, CostKey.HOUSEHOLD, 100),
    )
    items = [
        CostItem(
            id=name,
            title=title,
            category=category,
            cost_fen=figures.BUDGET_FEN * permille // 1000,
            key=key,
        )
        for name, title, category, key, permille in parts
    ]
    items.append(
        CostItem(
            id="coat",
            title="外墙涂层与窗框",
            category=ItemCategory.IMPROVEMENT,
            cost_fen=figures.BUDGET_FEN - sum(item.cost_fen for item in items),
            key=CostKey.AREA,
            optional=True,
            priority=1,
        )
    )
    return tuple(items)


def _works(buildings: frozenset[str]) -> tuple[PlannedWork, ...]:
    """One work a block; the first is concealed. Together they are worth the winner's price."""
    each, left = divmod(figures.WINNER_FEN, BLOCKS)
    return tuple(
        PlannedWork(
            id=f"block-{number}",
            building=str(number) if str(number) in buildings else "",
            title=f"{number}号楼 / block {number}",
            concealed=number == CONCEALED_BLOCK,
            value_fen=each + (left if number == BLOCKS else 0),
        )
        for number in range(1, BLOCKS + 1)
    )
