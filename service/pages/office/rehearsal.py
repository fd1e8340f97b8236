"""A training case: an invented estate with all the people it takes, opened with a clock that somebody moves."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from models.files.renovation import PlaceEntry, RenovationFile
from models.files.roll import Roll
from models.values.actor import Actor, Role
from models.values.timetable import Timetable
from rules.authority import ROLES_OF_ACT
from runtime.spreadsheets.roll_files import read_roll_file
from service.estates.renovations import open_renovation
from service.estates.template import Setting
from service.pages.office.template import draw, questions
from service.parts import Parts

ZONE: str = Timetable.model_fields["zone"].default
DISTRICT, STREET, COMMUNITY, GRID = "990201", "990201900", "990201900901", "990201900901-g1"
CAST: tuple[tuple[str, Role, str, str], ...] = (
    ("committee", Role.OWNERS_COMMITTEE, "grid", "业主委员会 / owners' committee"),
    ("residents", Role.RESIDENTS_COMMITTEE, "community", "居民委员会 / residents' committee"),
    ("grid", Role.GRID_WORKER, "grid", "网格员 / grid worker"),
    ("street", Role.STREET_OFFICE, "street_office", "街道办事处 / street office"),
    ("bureau", Role.DISTRICT_BUREAU, "district", "区住建局 / district bureau"),
    ("builder-1", Role.CONTRACTOR, "district", "甲建筑公司 / builder A"),
    ("builder-2", Role.CONTRACTOR, "district", "乙建筑公司 / builder B"),
    ("builder-3", Role.CONTRACTOR, "district", "丙建筑公司 / builder C"),
    ("engineer-1", Role.SUPERVISOR, "district", "监理工程师一 / engineer 1"),
    ("engineer-2", Role.SUPERVISOR, "district", "监理工程师二 / engineer 2"),
    ("chief", Role.CHIEF_SUPERVISOR, "district", "总监理工程师 / chief engineer"),
    ("evaluator", Role.EVALUATOR, "district", "评标委员会 / evaluation committee"),
    ("bank", Role.PAYMENT_PROVIDER, "district", "收款银行 / collecting bank"),
)
"""Who plays: id, role, level of the place, name. They live inside the case."""
PLACES = (
    PlaceEntry(level="district", id=DISTRICT, name="演练区（虚构） / Training district (invented)"),
    PlaceEntry(
        level="street_office", id=STREET, name="演练街道（虚构） / Training street (invented)"
    ),
    PlaceEntry(
        level="community", id=COMMUNITY, name="演练社区（虚构） / Training community (invented)"
    ),
    PlaceEntry(level="grid", id=GRID, name="演练网格（虚构） / Training grid (invented)"),
)
ESTATE = "演练小区（虚构） / Training estate (invented)"
FLOORS, FLATS, BUILDINGS = range(1, 5), (1, 2), (1, 2)
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
ANSWERS: Mapping[str, list[str]] = {
    "cost.roof": ["240000"],
    "cost.pipes": ["180000"],
    "subsidy": ["200000"],
}
LASTS = timedelta(days=720)


def training_roll() -> Roll:
    """Sixteen invented flats in two buildings."""
    lines = ["房号,楼栋,单元,楼层,面积,用途,业主"]
    names = iter(SURNAMES)
    for building in BUILDINGS:
        for floor in FLOORS:
            for flat in FLATS:
                area = f"{52 + 6 * floor + 3 * flat}.{building}5"
                number = f"{building}-{floor}0{flat}"
                lines.append(f"{number},{building},1,{floor},{area},住宅,演练{next(names)}某")
    return read_roll_file("\n".join(lines).encode(), "roll.csv")


def training_file(today: date, titled: Callable[[str], str]) -> RenovationFile:
    """The file of a training case that begins today."""
    officials = tuple(
        {"id": name, "role": role.value, "place": place, "label": label}
        for name, role, place, label in CAST
    )
    setting = Setting(PLACES, ESTATE, officials, today, synthetic=True, told=True)
    end = (today + LASTS).isoformat()
    sent = {**ANSWERS, "title": [titled("training")], "ends_on": [end]}
    drawn = draw(questions("basic", ()), sent, setting, titled)
    assert drawn.file is not None, drawn.problems
    return drawn.file


def leader(file: RenovationFile) -> Actor:
    """The player as whom a training case is opened and led: the first who may call the vote."""
    roles = ROLES_OF_ACT["open_vote"].roles
    first = next(each for each in file.officials if each.role in roles)
    return Actor(id=first.id, role=first.role, label=first.label, place=file.path_of(first.place))


async def open_training(
    parts: Parts, command_id: str, titled: Callable[[str], str]
) -> tuple[str, Actor]:
    """Open a training case that begins today: its id, and the player who leads it."""
    file = training_file(datetime.now(ZoneInfo(ZONE)).date(), titled)
    actor = leader(file)
    opened = await open_renovation(
        parts.database,
        parts.client,
        parts.settings,
        command_id=command_id,
        file=file,
        roll=training_roll(),
        actor=actor,
    )
    return opened.renovation_id, actor
