"""A told clock through the HTTP API: what it does, and what it refuses."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from models.messages import acts as a
from models.values.refusal import Refused
from models.values.waits import at_work
from runtime.record.audit import audit
from service.clock import waking
from service.clock.bodies import MoveClock
from tests.support.estate import make_renovation
from tests.support.journey import COMMITTEE, CONTRACTOR, STREET, JourneyDriver, codes

Begin = Callable[..., Awaitable[JourneyDriver]]
DAY = timedelta(days=1)


async def tell(j: JourneyDriver, command_id: str, move: str, **fields: Any) -> httpx.Response:
    """Tell the clock over HTTP, as the committee."""
    credential = await j.official(COMMITTEE)
    return await j.post("/clock", credential, command_id=command_id, move=move, **fields)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["code"])


async def look(j: JourneyDriver) -> dict[str, Any]:
    answer = await j.http.get(f"/v1/renovations/{j.rid}/clock", params={"settled": "true"})
    found: dict[str, Any] = answer.json()
    return found


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_the_agenda_says_what_falls_due_when_and_what_happens_then(journey: Begin) -> None:
    j = await journey()
    await j.until("ballots")
    seen = await look(j)
    assert (seen["clock"], seen["settled"], seen["holds"]) == ("told", True, [])
    by_what = {wait["what"]: wait for wait in seen["waits"]}
    assert set(by_what) == {"ballots", "turnout", "stage"}
    box = await j.box()
    ballots = by_what["ballots"]
    assert (ballots["who"], ballots["consequence"]) == ("owners", "box_closed")
    assert (moment(ballots["since"]), moment(ballots["due_at"])) == (
        box["opens_at"],
        box["closes_at"],
    )


async def test_next_goes_to_each_deadline_and_says_what_fell_due(journey: Begin) -> None:
    j = await journey()
    await j.until("ballots")
    box = await j.box()
    opened = (await tell(j, f"{j.rid}-1", "next")).json()
    assert moment(opened["to"]) == moment(opened["now"]) == box["opens_at"]
    assert [wait["what"] for wait in opened["moves"][0]["due"]] == ["ballots"]
    turnout = (await tell(j, f"{j.rid}-2", "next")).json()
    assert [wait["what"] for wait in turnout["moves"][0]["due"]] == ["turnout"]
    assert (await j.events())[-1] == "voting.turnout_checked"
    (checked,) = await j.details("voting.turnout_checked")
    assert checked["extended"] is True


@pytest.mark.slow
async def test_a_date_passes_no_deadline_unseen(journey: Begin) -> None:
    j = await journey()
    await j.until("ballots")
    box = await j.box()
    target = box["closes_at"] + DAY
    moved = (await tell(j, f"{j.rid}-to", "to", to=target.isoformat())).json()
    passed = [wait["what"] for step in moved["moves"] for wait in step["due"]]
    assert passed[:3] == ["ballots", "turnout", "ballots"] or passed[:2] == ["ballots", "turnout"]
    assert moment(moved["now"]) == target
    closing = await j.db.fetchrow(
        "SELECT happened_at FROM event WHERE renovation_id=$1 AND kind='voting.turnout_checked'",
        j.rid,
    )
    (turnout,) = [
        step["to"] for step in moved["moves"] if "turnout" in {w["what"] for w in step["due"]}
    ]
    assert closing["happened_at"] == moment(turnout), "the engine acted at the deadline, not later"


async def test_days_go_on_and_the_same_command_moves_once(journey: Begin) -> None:
    j = await journey()
    await j.until("open_vote")
    before = await j.now()
    first = await tell(j, f"{j.rid}-days", "days", days=3)
    second = await tell(j, f"{j.rid}-days", "days", days=3)
    assert moment(first.json()["now"]) == before + 3 * DAY
    assert second.json() == first.json()
    other = await tell(j, f"{j.rid}-days", "days", days=4)
    assert code_of(other) == (409, "journal.command_reused")
    assert await j.now() == before + 3 * DAY


async def test_auto_stops_where_somebody_is_awaited(journey: Begin) -> None:
    j = await journey()
    await j.until("ballots")
    moved = (await tell(j, f"{j.rid}-auto", "auto")).json()
    assert (moved["stopped"], moved["stopped_by"]) == ("person", "ballots: owners")
    assert moment(moved["now"]) == (await j.box())["opens_at"], "past the notice, not past the vote"
    again = (await tell(j, f"{j.rid}-auto", "auto")).json()
    assert again["moves"] == moved["moves"]


async def test_what_is_no_date_and_what_lies_behind_are_refused(journey: Begin) -> None:
    j = await journey()
    await j.until("open_vote")
    before = await j.seq()
    assert code_of(await tell(j, f"{j.rid}-a", "to", to="soon")) == (422, "clock.date_invalid")
    assert code_of(await tell(j, f"{j.rid}-b", "to", to="2020-01-01")) == (422, "clock.backwards")
    assert code_of(await tell(j, f"{j.rid}-c", "days", days=2**70))[0] == 422
    assert code_of(await tell(j, f"{j.rid}-d", "days", days=-1))[0] == 422
    assert code_of(await tell(j, f"{j.rid}-e", "to"))[0] == 422
    assert code_of(await tell(j, f"{j.rid}-f", "next", to="2030-01-01"))[0] == 422
    assert code_of(await tell(j, "x\u0000y", "next"))[0] == 422
    nul = await tell(j, f"{j.rid}-nul", "to", to="2026-01-01\u0000")
    assert code_of(nul)[0] == 422
    assert await j.seq() == before, "nothing was written"


async def test_when_everybody_was_told_of_whoever_is_late_nothing_falls_due_any_more(
    journey: Begin,
) -> None:
    j = await journey()
    await j.until("open_vote")
    await tell(j, f"{j.rid}-far", "days", days=400)
    before = await j.seq()
    assert code_of(await tell(j, f"{j.rid}-g", "next")) == (409, "clock.nothing_due")
    assert await j.seq() == before, "nothing was written"


async def test_a_resident_and_a_stranger_do_not_tell_the_clock(journey: Begin) -> None:
    j = await journey()
    await j.until("open_vote")
    unit = (await j.units())[0]
    by_voter = await j.post("/clock", j.voter(unit), move="days", days=1)
    assert by_voter.status_code == 401
    contractor = await j.official(CONTRACTOR)
    by_contractor = await j.post("/clock", contractor, move="days", days=1)
    assert code_of(by_contractor) == (403, "credential.no_role")
    nobody = await j.http.post(f"/v1/renovations/{j.rid}/clock", json={})
    assert nobody.status_code in (401, 422)


async def test_a_wall_case_is_looked_at_and_never_moved(journey: Begin, database: Any) -> None:
    j = await journey()
    rid = await make_renovation(database, rid=f"{j.rid}w")
    seen = (await j.http.get(f"/v1/renovations/{rid}/clock")).json()
    assert seen["clock"] == "wall"
    credential = await j.official(COMMITTEE)
    answer = await j.http.post(
        f"/v1/renovations/{rid}/clock",
        json={"command_id": f"{rid}-1", "move": "days", "days": 1},
        headers={"Authorization": f"Bearer {credential}"},
    )
    assert code_of(answer) == (409, "clock.wall")


async def test_a_hold_stops_the_clock_until_it_is_released(journey: Begin) -> None:
    j = await journey()
    await j.until("ballots")
    credential = await j.official(COMMITTEE)
    name = "纸质选票未录入"
    held = await j.post("/clock/holds", credential, command_id=f"{j.rid}-h", name=name)
    assert held.status_code == 201
    twice = await j.post("/clock/holds", credential, command_id=f"{j.rid}-h2", name=name)
    assert code_of(twice) == (409, "clock.hold_known")
    before = await j.now()
    refused = await tell(j, f"{j.rid}-n", "next")
    assert code_of(refused) == (409, "clock.held")
    assert name in refused.json()["detail"]
    assert await j.now() == before
    past = (await tell(j, f"{j.rid}-p", "next", past_holds=True)).json()
    assert moment(past["now"]) > before
    assert (await j.details("clock.advanced"))[-1]["past_holds"] == [name]
    gone = await j.post(f"/clock/holds/{name}/release", credential, command_id=f"{j.rid}-r")
    assert gone.status_code == 200
    unknown = await j.post(f"/clock/holds/{name}/release", credential, command_id=f"{j.rid}-r2")
    assert code_of(unknown) == (404, "clock.hold_unknown")
    for odd in ("a%00b", "x" * 300):
        answer = await j.post(f"/clock/holds/{odd}/release", credential)
        assert code_of(answer) == (422, "service.field_wrong")
    answer = await j.post("/clock/holds/%F0%9F%94%92/release", credential)
    assert code_of(answer) == (404, "clock.hold_unknown")
    assert (await tell(j, f"{j.rid}-n2", "next")).is_success


@pytest.mark.slow
async def test_ballots_under_way_are_waited_for_and_then_nothing_is_moved(
    journey: Begin, owner: str
) -> None:
    j = await journey()
    await j.until("ballots")
    before = await j.now()
    async with locked(owner, "SELECT id FROM ballot_box WHERE renovation_id=$1 FOR SHARE", j.rid):
        assert code_of(await tell(j, f"{j.rid}-n", "next")) == (503, "clock.busy")
        assert await j.now() == before
    async with locked(owner, "SELECT id FROM renovation WHERE id=$1 FOR UPDATE", j.rid):
        assert code_of(await tell(j, f"{j.rid}-n", "next")) == (503, "clock.busy")
    moved = await tell(j, f"{j.rid}-n", "next")
    assert moment(moved.json()["now"]) > before, "the same command again moves it now"


async def test_a_command_that_died_before_its_wake_up_is_finished_by_sending_it_again(
    journey: Begin,
) -> None:
    j = await journey()
    await j.until("ballots")
    await tell(j, f"{j.rid}-open", "next")
    # As if the service had died between the move and the signal: the row has moved, nobody was told.
    box = await j.box()
    due = await j.value("SELECT min(due_at) FROM case_wait WHERE renovation_id=$1")

    async def silent(_self: object, *_args: object) -> None:
        raise asyncio.CancelledError

    wake, waking.Waking._wake = waking.Waking._wake, silent  # type: ignore[method-assign,assignment]
    try:
        with pytest.raises(asyncio.CancelledError):
            await j.parts.clocks.move(
                j.rid, COMMITTEE, move_of(f"{j.rid}-dies", to=box["closes_at"])
            )
    finally:
        waking.Waking._wake = wake  # type: ignore[method-assign]
    assert await j.now() == due, "it moved to the first deadline"
    assert "voting.turnout_checked" not in await j.events()
    moved = await j.parts.clocks.move(
        j.rid, COMMITTEE, move_of(f"{j.rid}-dies", to=box["closes_at"])
    )
    assert moved.now == box["closes_at"]
    assert [event for event in await j.events() if event == "voting.turnout_checked"] == [
        "voting.turnout_checked"
    ]


def move_of(command_id: str, to: datetime) -> Any:
    return MoveClock(command_id=command_id, move="to", to=to.isoformat())


async def test_a_case_that_is_over_keeps_its_time(journey: Begin) -> None:
    j = await journey()
    await j.until("open_vote")
    await j.act(a.CancelRenovation, STREET, reason="the estate will be rebuilt")
    await j.until("nothing")
    assert code_of(await tell(j, f"{j.rid}-late", "days", days=1)) == (409, "clock.case_over")


@pytest.mark.slow
async def test_work_that_nobody_does_is_named_after_the_patience(
    journey: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    j = await journey()
    await j.until("open_vote")
    monkeypatch.setattr(waking, "PATIENCE_S", 0.2)
    lost = at_work("engine", await j.now())
    await j.db.execute(
        "INSERT INTO case_wait (workflow_id, what, subject, renovation_id, due_at, since, who,"
        " consequence) VALUES ('renovation/x/nobody', $2, '', $1, $3, $3, '', $4)",
        j.rid,
        lost.what,
        lost.due_at,
        lost.consequence,
    )
    answer = await tell(j, f"{j.rid}-n", "days", days=1)
    assert code_of(answer) == (503, "clock.not_settled")
    assert "renovation/x/nobody" in answer.json()["detail"]


async def test_the_database_does_not_let_a_clock_go_back(journey: Begin) -> None:
    j = await journey()
    with pytest.raises(asyncpg.RaiseError, match="only goes forward"):
        await j.db.execute(
            "UPDATE case_clock SET now = now - interval '1 day', moved_seq = moved_seq + 1"
            " WHERE renovation_id=$1",
            j.rid,
        )


@pytest.mark.slow
async def test_two_who_tell_the_clock_at_once_move_it_one_after_the_other(journey: Begin) -> None:
    j = await journey()
    await j.until("open_vote")
    before = await j.now()
    command: dict[str, Any] = {"move": "days", "days": 2}
    moves_ = [MoveClock(command_id=f"{j.rid}-both-{number}", **command) for number in range(2)]
    await asyncio.gather(*(j.parts.clocks.move(j.rid, COMMITTEE, each) for each in moves_))
    assert await j.now() == before + 4 * DAY
    moves = await j.details("clock.advanced")
    assert [move["to"] for move in moves[:-1]] == [move["from"] for move in moves[1:]]


async def test_the_record_of_a_told_case_is_clean(journey: Begin, database: Any) -> None:
    j = await journey()
    await j.until("objections.share_table")
    report = await audit(database, j.rid)
    assert report.ok, report


async def test_a_refusal_says_which_person_is_missing_at_the_terminal(journey: Begin) -> None:
    j = await journey()
    with pytest.raises(Refused) as refused:
        await j.parts.clocks.move("r-unknown", COMMITTEE, move_of("x", await j.now()))
    assert codes(refused.value) == ["renovation.unknown"]


@asynccontextmanager
async def locked(owner: str, query: str, *args: object) -> AsyncIterator[None]:
    connection = await asyncpg.connect(owner)
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.fetch(query, *args)
        yield
    finally:
        await transaction.rollback()
        await connection.close()
