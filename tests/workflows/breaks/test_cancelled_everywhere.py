"""Cancelled before and after every activity of a journey: it ends, settled, or the cancellation is refused."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from temporalio.testing import WorkflowEnvironment

from models.messages import acts as a
from models.values.refusal import Refused
from models.values.states import OPEN_STATES
from runtime.database import Database
from service.parts import Parts
from tests.support.breaks.branches import Scenario, put_right, too_dear, without_contractor
from tests.support.breaks.breaking import ended_well
from tests.support.breaks.cancelling import Cancelling, Moment, how_it_stands, outcome_of
from tests.support.journey import COMMITTEE, STREET, JourneyDriver, codes
from tests.support.processes.serving import serving
from tests.support.slow import some_are_slow

Begin = Callable[..., Awaitable[JourneyDriver]]
AT_ONCE = 4
TOO_LATE = {"renovation.ended", "service.target_closed", "settlement.already_ended"}
ENDED = {"completed", "shelved"}
FAULTS = {"service.failed", "clock.not_settled"}


async def straight(j: JourneyDriver) -> None:
    await j.until("works")
    await put_right(j)
    await j.until("nothing")


GIVEN: dict[Scenario, dict[str, Any]] = {straight: {}, without_contractor: {"content": too_dear()}}


@pytest.fixture(scope="module")
def cancelling() -> Cancelling:
    return Cancelling()


@pytest.fixture(scope="module")
async def served(
    env: WorkflowEnvironment, database: Database, cancelling: Cancelling
) -> AsyncIterator[tuple[Parts, httpx.AsyncClient]]:
    async with serving(env, database, [cancelling]) as opened:
        yield opened


async def cancelled_at(
    journey: Begin,
    cancelling: Cancelling,
    database: Database,
    way: Scenario,
    number: int,
    *,
    after: bool,
) -> str:
    """Go that way, cancelled at that moment; "" where the case had ended before it."""
    moments: list[Moment] = []

    def driver(*given: Any) -> JourneyDriver:
        made = JourneyDriver(*given)
        moments.append(Moment(number, after, made))
        cancelling.moments[made.rid] = moments[0]
        return made

    j = await journey(driver, **GIVEN[way])
    await j.official(STREET)
    while (await j.row())["state"] in OPEN_STATES:
        try:
            await way(j)
        except Refused as refused:
            if moments[0].sent is None or FAULTS.intersection(codes(refused)):
                raise AssertionError(f"{moments[0]}: {await how_it_stands(j)}") from refused
        except (AssertionError, TypeError):
            # The case has ended on its way, or what was about to be done is gone.
            if moments[0].sent is None:
                raise
        if moments[0].sent is not None:
            way = to_the_end
    outcome = await outcome_of(moments[0])
    where = f"{number}, {'after' if after else 'before'} {moments[0].at}: {outcome}"
    assert outcome in {"", "cancelled"} | TOO_LATE, where
    expected = {"cancelled"} if outcome == "cancelled" else ENDED
    assert (await j.row())["state"] in expected, where
    await ended_well(j, database, *expected)
    await settled(j, outcome, where)
    return outcome


async def to_the_end(j: JourneyDriver) -> None:
    await j.until("nothing")


async def settled(j: JourneyDriver, outcome: str, where: str) -> None:
    """What was paid goes back as far as nothing is sunk, once; what was posted stands open no longer."""
    kinds = await j.events()
    for once in ("renovation.cancelled", "settlement.refunds_paid", "settlement.vote_voided"):
        assert kinds.count(once) <= 1, (where, kinds)
    assert (outcome == "cancelled") == ("renovation.cancelled" in kinds), where
    if "renovation.stage_entered" in kinds and outcome == "cancelled":
        assert "settlement.vote_voided" in kinds, where
    if (await j.row())["state"] != "completed":
        # What a cheaper award gives back is ordered; what a case that stops gives back is paid.
        assert not await j.value(
            "SELECT count(*) FROM refund WHERE renovation_id=$1 AND ordered_fen < amount_fen"
        )
    assert not await j.value(
        "SELECT count(*) FROM publication WHERE renovation_id=$1 AND state='open'"
    ), where
    assert not await j.value(
        "SELECT count(*) FROM ballot_box WHERE renovation_id=$1 AND state='open'"
    ), where
    signed = await j.value("SELECT count(*) FROM contract WHERE renovation_id=$1")
    if not signed and (await j.row())["state"] != "completed":
        paid = await j.value("SELECT sum(amount_fen) FROM payment WHERE renovation_id=$1")
        back = await j.value("SELECT sum(amount_fen) FROM refund WHERE renovation_id=$1")
        assert paid == back, where


@pytest.mark.parametrize(
    ("number", "after"),
    [(7, True), *some_are_slow((1, True), (16, True))],
)
async def test_a_renovation_is_cancelled_at_any_moment(
    journey: Begin, cancelling: Cancelling, database: Database, number: int, *, after: bool
) -> None:
    assert await cancelled_at(journey, cancelling, database, straight, number, after=after)


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("way", [straight, without_contractor])
async def test_a_renovation_is_cancelled_at_every_moment(
    journey: Begin, cancelling: Cancelling, database: Database, way: Scenario, *, after: bool
) -> None:
    outcomes: list[str] = []
    while not outcomes or outcomes[-1]:
        numbers = range(len(outcomes) + 1, len(outcomes) + 1 + AT_ONCE)
        outcomes += await asyncio.gather(
            *(
                cancelled_at(journey, cancelling, database, way, number, after=after)
                for number in numbers
            )
        )
    assert outcomes.count("cancelled") > 30
    assert TOO_LATE.intersection(outcomes)


@pytest.mark.slow
async def test_a_renovation_that_is_shelved_is_not_cancelled_while_it_is_refunded(
    journey: Begin, cancelling: Cancelling, database: Database
) -> None:
    del cancelling
    j = await journey()
    for _ in range(3):
        await j.until("award_contract")
        bidder = await j.value(
            "SELECT bidder_id FROM award JOIN tender ON tender.id = tender_id"
            " WHERE renovation_id=$1 AND award.state='candidate' ORDER BY rank LIMIT 1"
        )
        await j.act(a.WithdrawCandidate, STREET, bidder_id=bidder, reason="no capacity")
    await j.until("objections.refunds")
    for act, fields in ((a.CancelRenovation, {}), (a.ReviseScheme, {"title": "once more"})):
        with pytest.raises(Refused) as refused:
            await j.act(act, STREET, reason="anyway", **fields)
        assert codes(refused.value)[0] in {
            "renovation.ended",
            "renovation.revision_not_asked",
            "authority.wrong_stage",
        }
    await j.until("nothing")
    await ended_well(j, database, "shelved")
    await settled(j, "", "shelved")


async def test_who_cancels_twice_or_revises_afterwards_is_refused(
    journey: Begin, database: Database
) -> None:
    j = await journey()
    j.on("ballots", says_no)
    await j.until("revise_scheme")
    first, second = await asyncio.gather(
        j.act(a.CancelRenovation, STREET, reason="enough"),
        j.act(a.CancelRenovation, STREET, reason="enough indeed"),
        return_exceptions=True,
    )
    assert sum(isinstance(each, a.Done) for each in (first, second)) == 1, (first, second)
    with pytest.raises(Refused):
        await j.act(a.ReviseScheme, COMMITTEE, title="once more", reason="asked for")
    await j.until("nothing")
    assert "voting.scheme_revised" not in await j.events()
    await ended_well(j, database, "cancelled")
    await settled(j, "cancelled", "twice")


async def says_no(j: JourneyDriver) -> None:
    await j.cast("no")
