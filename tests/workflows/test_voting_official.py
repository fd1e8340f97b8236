"""An official result through the workflow: it ends the vote early, and publication goes on as usual."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from models.messages import acts as a
from models.values.refusal import Refused
from tests.support.journey import DAY, STREET, JourneyDriver, codes

Begin = Callable[..., Awaitable[JourneyDriver]]


async def report(j: JourneyDriver, yes: int = 12) -> dict[str, Any]:
    """Everybody took part and so many, from the smallest on, said yes to every motion."""
    box = await j.box_id()
    areas = [
        row["area_dm2"]
        for row in await j.db.fetch(
            "SELECT area_dm2 FROM roll_entry WHERE box_id=$1 ORDER BY area_dm2", box
        )
    ]
    numbers = {
        "roll_heads": len(areas),
        "participating_heads": len(areas),
        "roll_area_dm2": sum(areas),
        "participating_area_dm2": sum(areas),
        "yes_heads": yes,
        "yes_area_dm2": sum(areas[:yes]),
        "no_heads": len(areas) - yes,
        "no_area_dm2": sum(areas[yes:]),
        "abstain_heads": 0,
        "abstain_area_dm2": 0,
    }
    return {
        "system": "city e-voting",
        "certificate": "WF-2026-17",
        "file_sha256": "ab" * 32,
        "results": {"works": numbers, "costs": numbers},
    }


async def open_for_ballots(j: JourneyDriver) -> None:
    """Wait until the notice period is over."""
    await j.until("ballots")
    opens_at = await j.db.fetchval("SELECT opens_at FROM ballot_box WHERE id=$1", await j.box_id())
    await j.move("to", to=(opens_at + DAY).isoformat())


async def test_an_official_result_ends_the_vote_and_is_published(journey: Begin) -> None:
    j = await journey()
    await open_for_ballots(j)
    done = await j.act(a.ImportOfficialResult, STREET, **await report(j))
    assert done.kind == "voting.box_closed"
    await j.until("objections.vote_result")
    (closed,) = await j.details("voting.box_closed")
    assert (closed["source"], closed["adopted"]) == ("official", True)
    assert await j.details("voting.turnout_checked") == []
    await j.until("objections.share_table")
    assert (await j.details("voting.result_declared"))[0]["outcome"] == "adopted"


async def test_a_result_that_fails_goes_back_to_the_scheme(journey: Begin) -> None:
    j = await journey()
    await open_for_ballots(j)
    await j.act(a.ImportOfficialResult, STREET, **await report(j, yes=6))
    await j.until("revise_scheme")
    assert (await j.details("voting.result_declared"))[0]["outcome"] == "rejected"


async def test_a_second_result_and_one_before_the_vote_are_refused(journey: Begin) -> None:
    j = await journey()
    await j.until("open_vote")
    nothing = {"system": "x", "certificate": "x", "file_sha256": "0" * 64, "results": {"works": {}}}
    with pytest.raises(Refused) as refused:
        await j.act(a.ImportOfficialResult, STREET, **nothing)
    assert codes(refused.value) == ["voting.not_open"]
    await open_for_ballots(j)
    with pytest.raises(Refused) as refused:
        await j.act(a.ImportOfficialResult, STREET, **nothing)
    assert codes(refused.value) == ["official.motion_missing"]
    given = a.ImportOfficialResult(command_id=f"{j.rid}-o", actor=STREET, **await report(j))
    assert await j.send(given) == await j.send(given)
    with pytest.raises(Refused) as refused:
        await j.act(a.ImportOfficialResult, STREET, **await report(j))
    assert codes(refused.value) == ["voting.closed"]
