"""An official result closes the box: decided here, ballots cast here kept sealed and not counted."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest
from temporalio.exceptions import ApplicationError

from activities.voting.box import Ballots
from activities.voting.official import OfficialResults
from models.messages.acts import ImportOfficialResult
from models.messages.command import Command
from models.messages.voting import VoteResult
from models.tables import BallotBox
from models.values.actor import Actor, Role
from runtime.ballots.audit import head_holds
from runtime.database import Database
from runtime.record.audit import audit
from tests.support.box import BOX_KEYS, put_ballots
from tests.support.told import move_clock
from tests.support.votes.vote import LiveVote

STREET = Actor(id="street", role=Role.STREET_OFFICE, label="street", place="d")
SHA = "ab" * 32


@pytest.fixture
async def vote(database: Database) -> LiveVote:
    return await LiveVote(database, f"r{uuid.uuid4().hex[:10]}").open()


@pytest.fixture
async def sql(owner: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(owner)
    yield connection
    await connection.close()


def numbers(yes: int, no: int = 0, **more: int | None) -> dict[str, int | None]:
    area = yes * 100, no * 100
    fields: dict[str, int | None] = {"yes_heads": yes, "no_heads": no, "roll_heads": 12}
    fields |= {"participating_heads": yes + no, "abstain_heads": 0, "abstain_area_dm2": 0}
    fields |= {"yes_area_dm2": area[0], "no_area_dm2": area[1]}
    return {**fields, "participating_area_dm2": sum(area), **more}


def act(
    vote: LiveVote, name: str = "import", **results: dict[str, int | None]
) -> ImportOfficialResult:
    return ImportOfficialResult.model_validate(
        {
            "command_id": f"{vote.rid}-{name}",
            "actor": STREET,
            "system": "city e-voting",
            "certificate": "WF-2026-17",
            "file_sha256": SHA,
            "results": results or {"works": numbers(12), "costs": numbers(12)},
        }
    )


async def imported(vote: LiveVote, given: ImportOfficialResult) -> VoteResult:
    command = Command(command_id=given.command_id, renovation_id=vote.rid, actor=STREET)
    return await OfficialResults(vote.recorder).import_one(command, vote.period, given)


async def box_of(vote: LiveVote) -> BallotBox:
    async with vote.database.session() as session:
        return await session.get_one(BallotBox, vote.box_id)


def codes(error: pytest.ExceptionInfo[ApplicationError]) -> list[str]:
    return [problem["code"] for problem in error.value.details[0]]


async def all_area(sql: asyncpg.Connection, vote: LiveVote) -> int:
    return int(
        await sql.fetchval("SELECT sum(area_dm2) FROM roll_entry WHERE box_id=$1", vote.box_id)
    )


async def test_a_result_closes_the_box_once_and_is_decided_here(
    vote: LiveVote, sql: asyncpg.Connection
) -> None:
    roll = await all_area(sql, vote)
    whole = {
        "roll_area_dm2": roll,
        "yes_area_dm2": roll,
        "participating_area_dm2": roll,
    }
    given = act(vote, works=numbers(12, **whole), costs=numbers(12, **whole))
    first = await imported(vote, given)
    assert first == await imported(vote, given)
    assert first.adopted
    box = await box_of(vote)
    assert (box.state, box.opened_key) == ("closed", None)
    row = await sql.fetchrow("SELECT * FROM official_result WHERE box_id=$1", vote.box_id)
    assert (row["certificate"], row["file_sha256"]) == ("WF-2026-17", SHA)
    kinds = await sql.fetch("SELECT kind FROM event WHERE renovation_id=$1 ORDER BY seq", vote.rid)
    assert [each["kind"] for each in kinds] == [
        "voting.box_announced",
        "clock.advanced",
        "voting.box_closed",
    ]


async def test_what_the_certificate_does_not_say_is_not_adopted(vote: LiveVote) -> None:
    result = await imported(vote, act(vote))
    assert not result.adopted
    works = (await box_of(vote)).tally["works"]  # type: ignore[index]
    assert works["decision"]["verdict"] == "INDETERMINATE"  # type: ignore[index,call-overload]


async def test_ballots_cast_here_are_kept_reported_and_bound_by_the_signed_head(
    vote: LiveVote, sql: asyncpg.Connection
) -> None:
    await put_ballots(sql, vote.box_id, [(unit, {"works": "no"}) for unit in vote.units[:3]])
    await imported(vote, act(vote))
    head = (await box_of(vote)).tree_head or {}
    assert head["tree_size"] == 3
    assert head_holds(head, BOX_KEYS.signer.public_key)
    details = await sql.fetchval(
        "SELECT details->'ballots' FROM event WHERE renovation_id=$1 AND kind='voting.box_closed'",
        vote.rid,
    )
    assert '"not_counted": 3' in details
    assert (await audit(vote.database, vote.rid)).ok


async def test_a_report_with_faults_closes_nothing_and_names_them_all(vote: LiveVote) -> None:
    wrong = act(vote, works=numbers(12, roll_heads=13), moon=numbers(1))
    with pytest.raises(ApplicationError) as error:
        await imported(vote, wrong)
    assert codes(error) == [
        "voting.motion_unknown",
        "official.other_roll",
        "official.motion_missing",
    ]
    assert (await box_of(vote)).state == "open"


async def test_no_result_is_imported_in_the_notice_period(database: Database) -> None:
    vote = LiveVote(database, f"r{uuid.uuid4().hex[:10]}")
    await vote.announce()
    with pytest.raises(ApplicationError) as error:
        await imported(vote, act(vote))
    assert codes(error) == ["official.too_early"]
    await move_clock(vote.database, vote.rid, (await box_of(vote)).opens_at)
    assert (await imported(vote, act(vote))).box_id == vote.box_id


async def test_after_the_close_nothing_is_imported_and_after_the_import_nothing_counted(
    vote: LiveVote, database: Database
) -> None:
    await vote.close()
    with pytest.raises(ApplicationError) as error:
        await imported(vote, act(vote))
    assert codes(error) == ["official.box_closed"]
    other = await LiveVote(database, f"{vote.rid}b").open()
    await imported(other, act(other))
    with pytest.raises(ApplicationError) as error:
        await other.close()
    assert codes(error) == ["voting.box_closed"]


async def test_of_an_import_and_a_closing_at_once_one_closes_the_box(vote: LiveVote) -> None:
    await move_clock(vote.database, vote.rid, vote.period.closes_at)
    close = Command(command_id=f"{vote.rid}#c", renovation_id=vote.rid)
    answers = await asyncio.gather(
        imported(vote, act(vote)),
        Ballots(vote.recorder).close_box(close, vote.period),
        return_exceptions=True,
    )
    assert sorted(isinstance(answer, VoteResult) for answer in answers) == [False, True]
