"""An official result through the workflow: it ends the vote early, and publication goes on as usual."""

from collections.abc import Awaitable, Callable

import pytest

from models.messages import acts as a
from models.values.refusal import Refused
from tests.support.breaks.branches import open_for_ballots, report
from tests.support.journey import STREET, JourneyDriver, codes

Begin = Callable[..., Awaitable[JourneyDriver]]


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


@pytest.mark.slow
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
