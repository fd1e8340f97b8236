"""A dearer award (E12): nobody signs what the owners did not agree to carry; they are asked by a new vote."""

from collections.abc import Awaitable, Callable

import pytest

from models.messages import acts as a
from models.values.scheme import SchemeContent
from runtime.database import Database
from tests.support.estate import scheme_content
from tests.support.journey import (
    COMMITTEE,
    STREET,
    JourneyDriver,
    first_candidate,
    open_when_allowed,
)
from tests.workflows.works.test_default import refused
from tests.workflows.works.test_settling import settled

Begin = Callable[..., Awaitable[JourneyDriver]]
LIMIT_FEN, DEARER_FEN = 12_600_000, 15_750_000
CEILING_FEN = 15_000_000
pytestmark = pytest.mark.slow


def at_most(limit_fen: int) -> SchemeContent:
    """The estimate of the sample scheme, a ceiling that is far above it, and what the owners carry at most."""
    content = scheme_content()
    tender = content.tender.model_copy(update={"ceiling_fen": CEILING_FEN})
    return content.model_copy(update={"tender": tender, "owners_limit_fen": limit_fen})


def dearer() -> SchemeContent:
    """A quarter more of everything."""
    content = at_most(DEARER_FEN)
    items = tuple(
        each.model_copy(update={"cost_fen": each.cost_fen * 5 // 4}) for each in content.items
    )
    works = tuple(
        each.model_copy(update={"value_fen": each.value_fen * 5 // 4}) for each in content.works
    )
    tender = content.tender.model_copy(update={"estimate_fen": CEILING_FEN})
    return content.model_copy(update={"items": items, "works": works, "tender": tender})


async def struck_out(j: JourneyDriver) -> None:
    """The candidate that stands first leaves as too dear."""
    bidder = await first_candidate(j)
    fields = {"bidder_id": bidder, "ground": "too_dear", "reason": "above what was agreed"}
    await j.act(a.WithdrawCandidate, STREET, **fields)


async def all_too_dear(j: JourneyDriver) -> None:
    """One candidate after the other leaves: the owners are asked."""
    for _ in range(3):
        await j.until("award_contract")
        await struck_out(j)
    await j.until("revise_scheme")


# carries E12, E42
async def test_what_was_paid_goes_back_where_nothing_is_adopted_after_a_dearer_award(
    journey: Begin, database: Database
) -> None:
    """It is shelved in a vote, as one in which nothing was paid yet; the money came in before."""
    j = await journey(content=at_most(LIMIT_FEN))
    await all_too_dear(j)
    paid = await j.value("SELECT sum(amount_fen) FROM payment WHERE renovation_id = $1")
    assert paid > 0
    j.on("ballots", everyone_says_no)
    j.on("open_vote", open_when_allowed)
    j.on("revise_scheme", revise_as_before)
    await settled(j, database, "shelved")
    (closed,) = await j.details("renovation.closed")
    assert closed["reason"] == "vote_limit_reached"
    assert await j.value("SELECT sum(amount_fen) FROM refund WHERE renovation_id = $1") == paid
    assert (await j.events()).count("settlement.refunds_paid") == 1


async def everyone_says_no(j: JourneyDriver) -> None:
    await j.cast("no")


async def revise_as_before(j: JourneyDriver) -> None:
    """The dearer one, as often as votes are allowed."""
    revised = {"scheme": dearer(), "budget_fen": DEARER_FEN, "reason": "prices have risen"}
    await j.act(a.ReviseScheme, COMMITTEE, **revised)


# carries E12
async def test_a_dearer_award_is_put_to_the_owners_and_built_when_they_agree(
    journey: Begin, database: Database
) -> None:
    j = await journey(content=at_most(LIMIT_FEN))
    await j.until("sign_contract")
    price = await j.value(
        "SELECT a.price_fen FROM award a JOIN tender t ON t.id = a.tender_id"
        " WHERE t.renovation_id = $1 AND a.state = 'awarded'"
    )
    signing = j.act(a.SignContract, STREET, value_fen=price)
    assert await refused(signing) == ["cost_sharing.award_above_limit"]
    await struck_out(j)
    for _ in range(2):
        await j.until("award_contract")
        await struck_out(j)
    row = await j.until("revise_scheme")
    assert row["state"] == "running"
    (failed,) = await j.details("bidding.failed")
    assert failed["outcome"] == "new_vote"
    left = await j.details("bidding.candidate_withdrawn")
    assert [each["ground"] for each in left] == ["too_dear"] * 3
    assert {each["bond_forfeited_fen"] for each in left} == {0}, "nobody is to blame"
    revised = {"scheme": dearer(), "budget_fen": DEARER_FEN, "reason": "prices have risen"}
    await j.act(a.ReviseScheme, COMMITTEE, **revised)
    await j.until("award_contract")
    (once, again) = await j.details("voting.result_declared")
    assert once["outcome"] == again["outcome"] == "adopted"
    fields = {"bidder_id": await first_candidate(j), "ground": "too_dear", "reason": "still?"}
    assert await refused(j.act(a.WithdrawCandidate, STREET, **fields)) == ["bidding.not_too_dear"]
    await settled(j, database, "completed", "prices have risen", "above what was agreed")
    (signed,) = await j.details("bidding.contract_signed")
    assert signed["value_fen"] == CEILING_FEN * 90 // 100
    assert (await j.events()).count("cost_sharing.shares_computed") == 2
