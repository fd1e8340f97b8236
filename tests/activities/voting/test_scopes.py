"""A vote with a box for the estate and one for each of two stairwells, on a real PostgreSQL."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import select
from temporalio.exceptions import ApplicationError

from activities.voting.box import Ballots
from activities.voting.official import OfficialResults
from models.messages.acts import ImportOfficialResult
from models.messages.command import Command
from models.messages.journey import StageInput
from models.messages.publication import PublicationClosing
from models.messages.voting import VotePeriod
from models.tables import Event
from models.values.refusal import Refused
from models.values.scheme import SchemeContent
from models.values.voting import MotionOption
from proof.verifier.main import check
from runtime.ballots.evidence import export_voting
from runtime.database import Database
from runtime.record.audit import audit
from tests.support.agenda import too_early
from tests.support.box import BOX_KEYS, put_ballots
from tests.support.journey import STREET
from tests.support.told import move_clock
from tests.support.votes.scopes import roof_and_lifts
from tests.support.votes.vote import LiveVote

UNITS = 24
NAMES = ("roof", "lift-1", "lift-2")
"""The motions of the three boxes, in their order."""


@pytest.fixture
async def sql(owner: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(owner)
    yield connection
    await connection.close()


async def opened(database: Database, **options: Any) -> LiveVote:
    options = {"content": roof_and_lifts("1", "2"), "units": UNITS, **options}
    return await LiveVote(database, f"r{uuid.uuid4().hex[:10]}", **options).open()


def boxes_of(vote: LiveVote, attempt: int = 1) -> tuple[str, str, str]:
    first = f"{vote.rid}.{attempt}"
    return first, f"{first}.1", f"{first}.2"


async def everyone(sql: asyncpg.Connection, box: str, motion: str, *choices: str) -> None:
    """The entries of a box in turn, as many as there are choices; with one, all of them say it."""
    rows = await sql.fetch("SELECT entry_id FROM roll_entry WHERE box_id=$1 ORDER BY 1", box)
    said = choices * len(rows) if len(choices) == 1 else choices
    await put_ballots(
        sql, box, [(row["entry_id"], {motion: word}) for row, word in zip(rows, said, strict=False)]
    )


async def all_say(sql: asyncpg.Connection, vote: LiveVote, *choices: str) -> None:
    for box, name, choice in zip(boxes_of(vote), NAMES, choices, strict=True):
        if choice:
            await everyone(sql, box, name, choice)


async def details(vote: LiveVote, kind: str) -> list[dict[str, Any]]:
    """What the last event of a kind says of each box, in order."""
    async with vote.database.session() as session:
        query = select(Event.details).where(Event.renovation_id == vote.rid, Event.kind == kind)
        found = (await session.scalars(query.order_by(Event.seq.desc()).limit(1))).one()
    others: Any = found.get("others", [])
    return [{name: said for name, said in found.items() if name != "others"}, *others]


async def declare(vote: LiveVote, number: int, result: Any, upheld: int = 0) -> str:
    closing = PublicationClosing(closed=True, closes_at=vote.period.closes_at, upheld=upheld)
    command = Command(command_id=f"{vote.rid}#declare-{number}", renovation_id=vote.rid)
    outcome = await Ballots(vote.recorder).declare_result(command, result, closing)
    return str(outcome.outcome)


async def test_a_part_has_its_own_roll_of_its_own_heads(
    database: Database, sql: asyncpg.Connection
) -> None:
    # One owner of a flat in each stairwell, one of two flats in the second; all others have one.
    owners = [f"o{number}" for number in range(UNITS)]
    owners[0] = owners[12] = "both"
    owners[13] = owners[14] = "two"
    vote = await opened(database, owner_keys=owners)
    rows = await sql.fetch(
        "SELECT box_id, count(*) AS heads, sum(area_dm2)::bigint AS area_dm2,"
        " (SELECT count(*) FROM roll_unit u WHERE u.box_id = e.box_id) AS units"
        " FROM roll_entry e WHERE box_id LIKE $1 || '%' GROUP BY 1 ORDER BY 1",
        vote.box_id,
    )
    assert [(row["heads"], row["units"]) for row in rows] == [(22, 24), (12, 12), (11, 12)]
    assert rows[0]["area_dm2"] == rows[1]["area_dm2"] + rows[2]["area_dm2"]
    assert [row["box_id"] for row in rows] == list(boxes_of(vote))


async def test_only_the_box_that_is_short_is_extended_and_all_are_counted_at_its_close(
    database: Database, sql: asyncpg.Connection
) -> None:
    vote = await opened(database)
    announced = vote.period.closes_at
    await all_say(sql, vote, "yes", "yes", "")
    period = await vote.look_at_turnout()
    assert [said["extended"] for said in await details(vote, "voting.turnout_checked")] == [
        False,
        False,
        True,
    ]
    closes = await sql.fetch(
        "SELECT closes_at FROM ballot_box WHERE renovation_id=$1 ORDER BY id", vote.rid
    )
    assert [row["closes_at"] for row in closes] == [announced, announced, period.closes_at]
    assert period.extended
    assert period.closes_at > announced
    await move_clock(database, vote.rid, announced)
    early = Command(command_id=f"{vote.rid}#early", renovation_id=vote.rid)
    await too_early(database, vote.rid, lambda: Ballots(vote.recorder).close_box(early, period))
    await everyone(sql, boxes_of(vote)[2], "lift-2", "yes")
    assert (await vote.close()).adopted
    assert [said["adopted"] for said in await details(vote, "voting.box_closed")] == [True] * 3


async def test_a_vote_without_the_extension_a_part_needs_adopts_the_other_parts(
    database: Database, sql: asyncpg.Connection
) -> None:
    vote = await opened(database)
    await all_say(sql, vote, "no", "yes", "")
    result = await vote.close()
    assert result == result.model_copy(update={"box_id": vote.box_id, "adopted": True})
    assert await declare(vote, 1, result) == "adopted"
    (said,) = await details(vote, "voting.result_declared")
    assert said["motions"] == {"roof": "failed", "lift-1": "passed", "lift-2": "failed"}
    assert said["scheme"]["left_out"] == {
        "items": ["roof", "lift-2"],
        "works": ["roof", "lift-2"],
        "motions": ["roof", "lift-2"],
    }


async def test_the_audit_knows_every_box_of_a_vote(
    database: Database, sql: asyncpg.Connection
) -> None:
    vote = await opened(database)
    await all_say(sql, vote, "yes", "yes", "")
    await vote.look_at_turnout()
    assert (await audit(database, vote.rid)).ok
    await vote.close()
    assert (await audit(database, vote.rid)).ok
    # The other stairwell's owners would have been asked.
    await sql.execute("UPDATE ballot_box SET building='9' WHERE id=$1", boxes_of(vote)[1])
    found = await audit(database, vote.rid)
    assert [(bad.box_id, bad.reason) for bad in found.bad_ballots] == [(boxes_of(vote)[1], "box")]


async def test_a_stopped_renovation_closes_every_box_uncounted(
    database: Database, sql: asyncpg.Connection
) -> None:
    vote = await opened(database)
    await all_say(sql, vote, "yes", "yes", "yes")
    await vote.void()
    rows = await sql.fetch(
        "SELECT state, tally FROM ballot_box WHERE renovation_id=$1 ORDER BY id", vote.rid
    )
    assert [tuple(row) for row in rows] == [("closed", None)] * 3
    assert (await audit(database, vote.rid)).ok


async def numbers(sql: asyncpg.Connection, box: str, choice: str) -> dict[str, int]:
    """Of a report in which everybody on the roll of a box took part and said the same."""
    heads, area = await sql.fetchrow(
        "SELECT count(*), sum(area_dm2)::bigint FROM roll_entry WHERE box_id=$1", box
    )
    given = {"roll_heads": heads, "roll_area_dm2": area}
    for word in ("participating", choice):
        given |= {f"{word}_heads": heads, f"{word}_area_dm2": area}
    none = [word for word in ("yes", "no", "abstain") if word != choice]
    return given | {f"{word}_{unit}": 0 for word in none for unit in ("heads", "area_dm2")}


async def imported(vote: LiveVote, results: dict[str, dict[str, int]]) -> Any:
    act = ImportOfficialResult.model_validate(
        {
            "command_id": f"{vote.rid}-{'-'.join(results)}",
            "actor": STREET,
            "system": "city e-voting",
            "certificate": "1",
            "file_sha256": "ab" * 32,
            "results": results,
        }
    )
    command = Command(command_id=act.command_id, renovation_id=vote.rid, actor=STREET)
    return await OfficialResults(vote.recorder).import_one(command, vote.period, act)


async def test_one_official_report_closes_all_boxes_each_by_its_own_roll(
    database: Database, sql: asyncpg.Connection
) -> None:
    vote = await opened(database)
    report = {
        name: await numbers(sql, box, choice)
        for box, name, choice in zip(boxes_of(vote), NAMES, ("yes", "yes", "no"), strict=True)
    }
    # What is of no motion, of another roll, or missing, is said at once for all boxes.
    with pytest.raises(ApplicationError) as refused:
        await imported(vote, {"roof": report["roof"], "lift-1": report["roof"], "pool": {}})
    (problems,) = refused.value.details
    assert {each["code"] for each in problems} == {
        "voting.motion_unknown",
        "official.other_roll",
        "official.motion_missing",
    }
    result = await imported(vote, report)
    assert result.adopted
    assert [said["adopted"] for said in await details(vote, "voting.box_closed")] == [
        True,
        True,
        False,
    ]
    rows = await sql.fetch(
        "SELECT results FROM official_result WHERE box_id LIKE $1 || '%' ORDER BY box_id",
        vote.box_id,
    )
    assert len(rows) == len(NAMES)
    assert (await audit(database, vote.rid)).ok


def with_colours(content: SchemeContent) -> SchemeContent:
    """The second lift is a choice of three."""
    options = tuple(MotionOption(id=name, title=name) for name in ("red", "green", "blue"))
    motions = [
        motion.model_copy(update={"options": options}) if motion.id == "lift-2" else motion
        for motion in content.motions
    ]
    return content.model_copy(update={"motions": tuple(motions)})


@pytest.mark.parametrize(
    ("second", "left"), [("red", ["roof", "lift-1", "lift-2"]), ("", ["roof", "lift-1"])]
)
async def test_a_run_off_puts_one_part_alone_and_what_passed_before_goes_on(
    database: Database, sql: asyncpg.Connection, second: str, left: list[str]
) -> None:
    vote = await opened(database, content=with_colours(roof_and_lifts("1", "2")))
    await all_say(sql, vote, "yes", "yes", "")
    box = boxes_of(vote)[2]
    await everyone(sql, box, "lift-2", *["red"] * 5, *["green"] * 4, *["blue"] * 3)
    result = await vote.close()
    assert (result.adopted, result.run_off) == (True, True)
    assert await declare(vote, 1, result) == "run_off"

    command = Command(command_id=f"{vote.rid}#open-2", renovation_id=vote.rid)
    given = StageInput(renovation_id=vote.rid, attempt=2, run_off=True)
    vote.period = await Ballots(vote.recorder).open_box(command, given)
    assert isinstance(vote.period, VotePeriod)
    (announced,) = await details(vote, "voting.box_announced")
    assert (announced["box"], announced["entrance"]) == (f"{vote.rid}.2.1", "1")
    assert announced["motions"] == ["lift-2"]
    opens_at = await sql.fetchval("SELECT opens_at FROM ballot_box WHERE id=$1", announced["box"])
    await move_clock(database, vote.rid, opens_at)
    if second:
        await everyone(sql, announced["box"], "lift-2", second)
    await move_clock(database, vote.rid, vote.period.closes_at)
    close = Command(command_id=f"{vote.rid}#close-2", renovation_id=vote.rid)
    result = await Ballots(vote.recorder).close_box(close, vote.period)
    assert result.adopted
    assert await declare(vote, 2, result) == "adopted"
    content = await sql.fetchval(
        "SELECT content FROM scheme WHERE renovation_id=$1 ORDER BY version DESC LIMIT 1", vote.rid
    )
    assert [item.id for item in SchemeContent.model_validate_json(content).items] == left


async def test_each_box_has_a_bundle_that_verifies(
    database: Database, sql: asyncpg.Connection, tmp_path: Path
) -> None:
    vote = await opened(database)
    await all_say(sql, vote, "yes", "yes", "no")
    await vote.close()
    with pytest.raises(Refused) as refused:
        await export_voting(sql, vote.rid, tmp_path / "all.zip", BOX_KEYS.signer)
    assert refused.value.problems[0].code == "voting.which_box"
    found = []
    for box in boxes_of(vote):
        out = tmp_path / f"{box}.zip"
        await export_voting(sql, vote.rid, out, BOX_KEYS.signer, None, box)
        found.append(check(str(out)))
    assert [each["scope"] for each in found] == ["", "1/1", "2/1"]
    assert [each["outcomes"] for each in found] == [
        {"roof": "passed"},
        {"lift-1": "passed"},
        {"lift-2": "failed"},
    ]
    assert [each["roll"]["entries"] for each in found] == [24, 12, 12]  # type: ignore[index]
