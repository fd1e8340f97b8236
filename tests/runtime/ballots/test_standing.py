"""SQL and rule agree: which ballot counts, who has taken part, who is reminded, what is contested."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

import asyncpg
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from models.values.channels import RulingKind
from models.values.voting import CHANNELS, Channel
from rules.ballots.states import (
    ROUTE_OF,
    YIELDS,
    BallotReference,
    Route,
    RulingReference,
    State,
    states_of,
)
from runtime.ballots.counting import Count, count_box
from runtime.ballots.standing import (
    NOT_TAKEN_PART,
    PARTICIPATION,
    arguments,
    contested,
    not_taken_part,
    states,
    taken_part,
)
from runtime.database import Database
from tests.support.box import BOX_KEYS, open_box, put_ballots
from tests.support.estate import make_renovation
from tests.support.slow import examples

RID = "standing"
NUMBERS = count(1)
ENTRIES = ("1-101", "1-201", "1-202", "1-301")
TWO_UNITS, SECOND_UNIT, EXCLUDED = "1-101", "1-102", "1-301"
Routes = Mapping[Channel, Route]


@dataclass(frozen=True)
class Cast:
    entry: str
    channel: Channel
    choice: str


@dataclass(frozen=True)
class Ruled:
    entry: str
    kind: RulingKind
    pick: int
    """Which of the ballots so far is named, if one is."""


@dataclass(frozen=True)
class Sold:
    """The unit has a buyer, whose credential replaces the seller's."""

    entry: str


@dataclass(frozen=True)
class Mandated:
    entry: str
    revoked: bool


Act = Cast | Ruled | Sold | Mandated
# Most acts are of one entry, by one of three routes: contests, rulings and changed minds meet there.
ENTRY = st.sampled_from((*ENTRIES, "1-201", "1-201", "1-201", "1-201"))
CHANNEL = st.sampled_from((*CHANNELS, "web", "paper", "proxy"))
CAST = st.builds(Cast, ENTRY, CHANNEL, st.sampled_from(["yes", "no", "abstain"]))
RULED = st.builds(
    Ruled, ENTRY, st.sampled_from(["disputed", "accepted", "set_aside"]), st.integers(0, 9)
)
OTHERS = st.one_of(st.builds(Sold, ENTRY), st.builds(Mandated, ENTRY, st.booleans()))
ACTS = st.lists(st.one_of(CAST, CAST, CAST, RULED, OTHERS), min_size=6, max_size=20)
ACCEPTED_THEN_CONTESTED = [
    Cast("1-201", "web", "yes"),
    Cast("1-201", "web", "no"),
    Ruled("1-201", "accepted", 0),
    Cast("1-201", "paper", "no"),
]
"""The accepted ballot is contested, though a ballot of its route that was settled came after it."""
TABLES = st.one_of(
    st.just(ROUTE_OF),
    st.permutations(list(ROUTE_OF.values())).map(
        lambda each: dict(zip(CHANNELS, each, strict=True))
    ),
)


@dataclass
class Played:
    """A box after some acts, as the rule sees it."""

    box: str
    ballots: dict[str, list[BallotReference]]
    rulings: dict[str, list[RulingReference]]
    choices: dict[str, str] = field(default_factory=dict)

    def states(self, routes: Routes = ROUTE_OF) -> dict[str, dict[str, State]]:
        """By entry and ballot."""
        return {e: states_of(self.ballots[e], self.rulings[e], routes) for e in ENTRIES}

    def counted(self, routes: Routes = ROUTE_OF) -> set[str]:
        """The entries that may vote and of which the count will take a ballot."""
        return {
            entry
            for entry, found in self.states(routes).items()
            if entry != EXCLUDED and "counted" in found.values()
        }


class Boxes:
    """Plays acts, each time in a new box of one renovation; `session` reads what came of them."""

    def __init__(self, database: Database, sql: asyncpg.Connection) -> None:
        self.database, self.sql = database, sql

    async def play(self, acts: Sequence[Act]) -> Played:
        box = await self._roll(next(NUMBERS))
        played = Played(box, {e: [] for e in ENTRIES}, {e: [] for e in ENTRIES})
        for number, act in enumerate(acts):
            await self._one(played, act, f"{box}-{number}")
        return played

    async def _roll(self, attempt: int) -> str:
        """Four entries: one has two units, one is excluded."""
        box = await open_box(self.sql, RID, attempt=attempt)
        await self.sql.execute(
            "UPDATE roll_unit SET entry_id=$2 WHERE box_id=$1 AND unit_number=$3",
            box,
            TWO_UNITS,
            SECOND_UNIT,
        )
        await self.sql.execute(
            "DELETE FROM roll_entry WHERE box_id=$1 AND entry_id=$2", box, SECOND_UNIT
        )
        await self.sql.execute(
            "UPDATE roll_entry SET units=$3 WHERE box_id=$1 AND entry_id=$2",
            box,
            TWO_UNITS,
            [TWO_UNITS, SECOND_UNIT],
        )
        await self.sql.execute(
            "UPDATE roll_entry SET excluded_reason='arrears' WHERE box_id=$1 AND entry_id=$2",
            box,
            EXCLUDED,
        )
        return box

    async def _one(self, played: Played, act: Act, name: str) -> None:
        ballots = played.ballots[act.entry]
        match act:
            case Cast():
                said = [(act.entry, {"works": act.choice})]
                (made,) = await put_ballots(self.sql, played.box, said, channel=act.channel)
                seq = await self.sql.fetchval("SELECT seq FROM ballot WHERE id=$1", made)
                ballots.append(BallotReference(seq, made, act.channel))
                played.choices[made] = act.choice
            case Ruled() if ballots:
                named = (
                    ballots[act.pick % len(ballots)].ballot_id if act.kind == "accepted" else None
                )
                ruling = RulingReference(act.kind, named, ballots[-1].seq)
                played.rulings[act.entry].append(ruling)
                await self.sql.execute(
                    "INSERT INTO ballot_ruling VALUES ($1, $2, $3, $4, $5, $6, 'seen', $7, now())",
                    played.box,
                    act.entry,
                    len(played.rulings[act.entry]),
                    *ruling,
                    name,
                )
            case Sold():
                await self._sell(played.box, act.entry, name)
            case Mandated():
                await self._mandate(played.box, act, name)

    async def _sell(self, box: str, entry: str, name: str) -> None:
        generation = next(NUMBERS)
        await self.sql.execute(
            "INSERT INTO owner_replacement VALUES ($1, $2::varchar, $3, $4::varchar, $2, false,"
            " repeat('a', 64), '2026-03-01', 'register', coalesce((SELECT max(seq) FROM ballot"
            " WHERE box_id=$4), 0), 'committee', $5, now())",
            RID,
            entry,
            generation,
            box,
            name,
        )
        await self.sql.execute(
            "UPDATE roll_unit SET credential_version=$3 WHERE box_id=$1 AND unit_number=$2",
            box,
            entry,
            generation,
        )

    async def _mandate(self, box: str, act: Mandated, name: str) -> None:
        await self.sql.execute(
            "INSERT INTO mandate VALUES ($1::varchar, $2, $3::varchar, $3, 'agent', ARRAY['works'], 'paper',"
            " now(), now() + interval '1 day', '{}', 'committee', $1, now())",
            name,
            box,
            act.entry,
        )
        if act.revoked:
            await self.sql.execute(
                "INSERT INTO mandate_revocation VALUES ($1::varchar, 'changed my mind', 'committee', $1, now())",
                name,
            )

    def session(self) -> "AsyncSession":
        return AsyncSession(self.database.engine)

    async def count(self, box: str) -> Count:
        wrapped = await self.sql.fetchval("SELECT wrapped_key FROM ballot_box WHERE id=$1", box)
        async with self.sql.transaction():
            return await count_box(self.sql, box, BOX_KEYS.unwrap(box, wrapped))


@pytest.fixture(scope="module")
async def boxes(database: Database, owner: str) -> AsyncIterator[Boxes]:
    await make_renovation(database, rid=RID, units=5)
    connection = await asyncpg.connect(owner)
    yield Boxes(database, connection)
    await connection.close()


@given(acts=ACTS, routes=TABLES)
@example(acts=ACCEPTED_THEN_CONTESTED, routes=ROUTE_OF)
@settings(max_examples=examples(150), deadline=None)
async def test_sql_and_rule_agree_on_the_state_of_each_ballot(
    boxes: Boxes, acts: list[Act], routes: Routes
) -> None:
    played = await boxes.play(acts)
    async with boxes.session() as session:
        found = {entry: await states(session, played.box, entry, routes) for entry in ENTRIES}
    assert found == played.states(routes)


@given(acts=ACTS, routes=TABLES)
@settings(max_examples=examples(150), deadline=None)
async def test_who_has_taken_part_is_who_has_a_ballot_that_counts(
    boxes: Boxes, acts: list[Act], routes: Routes
) -> None:
    played = await boxes.play(acts)
    async with boxes.session() as session:
        found = await taken_part(session, played.box, routes)
    rows = await boxes.sql.fetch("SELECT * FROM roll_entry WHERE box_id=$1", played.box)
    areas = {row["entry_id"]: row["area_dm2"] for row in rows if row["excluded_reason"] is None}
    there = played.counted(routes)
    assert found[:4] == (3, sum(areas.values()), len(there), sum(areas[entry] for entry in there))


@given(acts=ACTS, routes=TABLES)
@settings(max_examples=examples(150), deadline=None)
async def test_who_is_reminded_is_who_has_no_ballot_that_counts(
    boxes: Boxes, acts: list[Act], routes: Routes
) -> None:
    played = await boxes.play(acts)
    async with boxes.session() as session:
        found = await not_taken_part(session, played.box, routes)
    silent = {*ENTRIES} - {EXCLUDED} - played.counted(routes)
    assert found == tuple(sorted(silent | ({SECOND_UNIT} if TWO_UNITS in silent else set())))


@given(acts=ACTS, routes=TABLES)
@settings(max_examples=examples(150), deadline=None)
async def test_the_list_of_contested_ballots_is_what_the_rule_contests(
    boxes: Boxes, acts: list[Act], routes: Routes
) -> None:
    played = await boxes.play(acts)
    async with boxes.session() as session:
        found = await contested(session, played.box, routes)
    assert [(each.entry_id, each.ballot_id) for each in found] == [
        (entry, ballot)
        for entry, by_ballot in played.states(routes).items()
        for ballot, state in by_ballot.items()
        if state == "contested"
    ]
    assert all(each.rulings == len(played.rulings[each.entry_id]) for each in found)


@given(acts=ACTS)
@settings(max_examples=examples(150), deadline=None)
async def test_the_count_takes_the_ballots_that_the_rule_counts(
    boxes: Boxes, acts: list[Act]
) -> None:
    played = await boxes.play(acts)
    counted = await boxes.count(played.box)
    becomes: Counter[str] = Counter()
    said: Counter[str] = Counter()
    for entry, by_ballot in played.states().items():
        for ballot, state in by_ballot.items():
            becomes["broken" if entry == EXCLUDED else state] += 1
            if state == "counted" and entry != EXCLUDED:
                said[played.choices[ballot]] += 1
    assert {name: number for name, number in counted.states.items() if number} == becomes
    assert {
        json.loads(words)["works"]: weight.heads for words, weight in counted.weights.items()
    } == said


async def test_every_entry_that_cast_by_two_ways_is_reminded_until_somebody_rules(
    boxes: Boxes,
) -> None:
    both: list[Act] = [Cast("1-201", "web", "yes"), Cast("1-201", "paper", "no")]
    for acts, reminded in (
        (both, True),
        ([*both, Ruled("1-201", "accepted", 0)], False),
        ([*both, Ruled("1-201", "set_aside", 0)], True),
        ([*both, Ruled("1-201", "set_aside", 0), Cast("1-201", "web", "yes")], False),
    ):
        played = await boxes.play(acts)
        async with boxes.session() as session:
            assert ("1-201" in await not_taken_part(session, played.box)) is reminded


def test_the_yielding_route_is_one_of_the_table() -> None:
    assert YIELDS in ROUTE_OF.values()
    assert set(ROUTE_OF) == set(CHANNELS)


@pytest.mark.parametrize(("query", "lists"), [(PARTICIPATION, 1), (NOT_TAKEN_PART, 2)])
async def test_who_took_part_is_no_join_that_stale_statistics_could_plan_badly(
    boxes: Boxes, query: str, lists: int
) -> None:
    """20,000 ballots right after their rush: 37 s with a join, 16 ms with a hashed list."""
    rows = await boxes.sql.fetch(f"EXPLAIN {query}", *arguments(f"{RID}.1"))
    plan = [row[0] for row in rows]
    outer = plan[: next(number for number, line in enumerate(plan) if "SubPlan " in line.strip())]
    assert not any("Join" in line or "Nested Loop" in line for line in outer), plan
    assert "\n".join(plan).count("hashed SubPlan") >= lists, plan
