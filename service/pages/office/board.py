"""The campaign board of a running vote: door by door reached or not, and the turnout by building; never how."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Ballot, BallotBox, Letter, RollEntry, RollUnit, Unit, VoteStep
from rules.voting import pack_for, rule_of
from rules.voting.counted import required_quorum
from runtime.ballots.standing import not_taken_part
from service.access.printing import as_walked
from service.channels.open_box import motions_by_id
from service.channels.rounds import list_last_visits
from service.pages.steps import LOOKED, OPENED
from service.views import Turnout

VOTED, NOT_REACHED = "voted", "not_reached"
"""Beside the outcomes of visits: the unit has taken part; nobody has been there."""


class DoorOnBoard(NamedTuple):
    """One unit on the board: it has taken part, or the last that was found at its door."""

    unit_number: str
    building: str
    entrance: str
    floor: int
    state: str


class Building(NamedTuple):
    """The turnout of one building in heads and area (dm2), and its doors as they are walked."""

    name: str
    heads: int
    area_dm2: int
    took_heads: int
    took_area_dm2: int
    doors: tuple[DoorOnBoard, ...]

    def count(self, state: str) -> int:
        """How many of its doors are in a state."""
        return sum(door.state == state for door in self.doors)


class _Row(NamedTuple):
    unit_number: str
    entry_id: str
    heads: int
    area_dm2: int
    building: str
    entrance: str
    floor: int
    first: bool
    """Of the units of an entry the one with which its head is counted."""


class Needed(NamedTuple):
    """What the strictest quorum of a vote asks for; None where the law asks for none of the roll."""

    heads: int | None
    area_dm2: int | None


def quorum_of(rule_pack: str, box: BallotBox, turnout: Turnout) -> Needed:
    """The least numbers with which every motion of a box has its quorum."""
    pack = pack_for(rule_pack)
    rules = [rule_of(pack, motion) for motion in motions_by_id(box).values()]
    heads = [required_quorum(rule, turnout.roll_heads, "head") for rule in rules]
    areas = [required_quorum(rule, turnout.roll_area_dm2, "area") for rule in rules]
    return Needed(
        max((each for each in heads if each is not None), default=None),
        max((each for each in areas if each is not None), default=None),
    )


FEW = 5
"""Fewer are not told: among neighbours it would say who."""


class WayIn(NamedTuple):
    """How many households came how far on the way from the letter to the ballot."""

    letters: int
    opened: int
    entered: int
    looked: int
    voted: int

    def told(self) -> tuple[tuple[str, int | None, int], ...]:
        """Each step with its count, None where it is small, and its part of the letters in thousandths."""
        whole = max(self.letters, 1)
        return tuple(
            (name, None if count < FEW else count, min(count * 1_000 // whole, 1_000))
            for name, count in self._asdict().items()
        )


async def load_way_in(session: AsyncSession, box: BallotBox) -> WayIn:
    """Letters of units that are good, those opened and entered with, ballots looked at, and ballots from the web.

    What was opened and looked at is counted without homes (`service.pages.steps`).
    """
    letters, entered = (
        await session.execute(
            select(func.count(), func.count(Letter.entered_at)).where(
                Letter.renovation_id == box.renovation_id,
                Letter.kind != "agent",
                Letter.ended_at.is_(None),
            )
        )
    ).one()
    voted = await session.scalar(
        select(func.count(func.distinct(Ballot.entry_id))).where(
            Ballot.box_id == box.id, Ballot.channel == "web"
        )
    )
    rows = await session.execute(
        select(VoteStep.step, func.sum(VoteStep.counted))
        .where(VoteStep.renovation_id == box.renovation_id, VoteStep.box_id.in_(("", box.id)))
        .group_by(VoteStep.step)
    )
    steps = {row[0]: int(row[1]) for row in rows}
    return WayIn(letters, steps.get(OPENED, 0), entered, steps.get(LOOKED, 0), voted or 0)


async def load_board(session: AsyncSession, box: BallotBox, estate_id: str) -> tuple[Building, ...]:
    """The buildings of a box, by number. A head with units in several is counted where its first unit is."""
    silent = frozenset(await not_taken_part(session, box.id))
    visits = {each.unit_number: each.outcome for each in await list_last_visits(session, box)}
    rows = await _rows(session, box, estate_id)
    buildings: dict[str, list[_Row]] = {}
    for row in rows:
        buildings.setdefault(row.building, []).append(row)
    return tuple(
        _building(name, buildings[name], silent, visits)
        for name in sorted(buildings, key=as_walked)
    )


async def _rows(session: AsyncSession, box: BallotBox, estate_id: str) -> list[_Row]:
    query = (
        select(
            RollUnit.unit_number,
            RollUnit.entry_id,
            RollEntry.heads,
            RollEntry.area_dm2,
            RollEntry.units,
            Unit.building,
            Unit.entrance,
            Unit.floor,
        )
        .join(
            RollEntry,
            (RollEntry.box_id == RollUnit.box_id) & (RollEntry.entry_id == RollUnit.entry_id),
        )
        .join(Unit, (Unit.estate_id == estate_id) & (Unit.number == RollUnit.unit_number))
        .where(RollUnit.box_id == box.id, RollEntry.excluded_reason.is_(None))
    )
    return [
        _Row(
            row.unit_number,
            row.entry_id,
            row.heads,
            row.area_dm2,
            row.building,
            row.entrance,
            row.floor,
            first=row.unit_number == min(row.units, key=as_walked),
        )
        for row in await session.execute(query)
    ]


def _building(
    name: str, rows: Iterable[_Row], silent: frozenset[str], visits: Mapping[str, str]
) -> Building:
    rows = sorted(rows, key=lambda each: as_walked(each.unit_number))
    counted = [each for each in rows if each.first]
    took = [each for each in counted if each.unit_number not in silent]
    return Building(
        name=name,
        heads=sum(each.heads for each in counted),
        area_dm2=sum(each.area_dm2 for each in counted),
        took_heads=sum(each.heads for each in took),
        took_area_dm2=sum(each.area_dm2 for each in took),
        doors=tuple(
            DoorOnBoard(
                each.unit_number,
                each.building,
                each.entrance,
                each.floor,
                _state(each.unit_number, silent, visits),
            )
            for each in rows
        ),
    )


def _state(unit_number: str, silent: frozenset[str], visits: Mapping[str, str]) -> str:
    if unit_number not in silent:
        return VOTED
    return visits.get(unit_number, NOT_REACHED)
