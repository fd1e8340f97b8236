"""The ways through the procedure whose histories `make test` replays, beside the ordinary one.

Each is thin: of a way only the workflows are kept that do something on it which no other history has.
`test_paths.py` says which update, signal or step of the engine is in none.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from models.messages import acts as a
from models.values.bidding import CandidateGround
from tests.support.breaks import branches
from tests.support.breaks.branches import OPTIONS, Scenario, open_for_ballots, put_right
from tests.support.journey import BANK, BUREAU, COMMITTEE, STREET, JourneyDriver, first_candidate

STILL_DAYS = 20
"""Longer than any window that is open has left."""
WINDOWS = ("objections.vote_result", "payments", "bids", "objections.candidates")
"""What stands still after the vote, one window a stage."""
ANNULLED: Mapping[str, str] = {
    "annulled_by": "judgment",
    "document": "no. 9",
    "reason": "the notice was too short",
}
JOINS: Mapping[str, str] = {
    "item": "pipes",
    "document": "application 7",
    "reason": "the home wants to be connected",
}


class Way(NamedTuple):
    """A way through the procedure, and the types of workflows that are kept of it."""

    name: str
    carry: Scenario
    kept: frozenset[str]
    options: Mapping[str, Any]


async def pay_but_one_later(j: JourneyDriver) -> None:
    """Everybody pays the first instalment, and all but one home the others; once."""
    rows = await j.db.fetch(
        "SELECT unit_number, sum(amount_fen)::bigint AS amount_fen FROM instalment WHERE renovation_id = $1"
        " AND (number = 1 OR unit_number <> $2) AND NOT EXISTS (SELECT FROM payment WHERE renovation_id = $1)"
        " GROUP BY unit_number",
        *(j.rid, (await j.units())[0]),
    )
    if rows:
        bank = await j.official(BANK)
        await j.told("/payments", bank, payments=[dict(row) for row in rows])


async def stand_still(j: JourneyDriver) -> None:
    """The case stands still, longer than what is open has left, and goes on."""
    await j.act(a.SuspendRenovation, STREET, ground="court", reason="a suit was filed")
    await j.days(STILL_DAYS)
    await j.act(a.ResumeRenovation, BUREAU, reason="the suit was withdrawn")
    await j.parts.clocks.settle(j.rid)


async def rested(j: JourneyDriver) -> None:
    """Each stage stands still once: the vote, what is posted, money, the tender, a defect; one home pays no later instalment.

    A candidate is struck out as unlawful. It is left when its works are done.
    """
    j.on("payments", pay_but_one_later)
    await branches.overseen(j)
    await open_for_ballots(j)
    await stand_still(j)
    for word in WINDOWS:
        await j.until(word)
        await stand_still(j)
    await j.until("award_contract")
    struck = {"bidder_id": await first_candidate(j), "ground": CandidateGround.UNLAWFUL}
    await j.act(a.WithdrawCandidate, STREET, **struck, reason="the award was against the law")
    await j.until("works")
    await put_right(j, stand_still)
    await j.until("accept_works")


async def rolled_back(j: JourneyDriver) -> None:
    """One vote is annulled before money has come in, the next one after it: the case ends and the money goes back."""
    await j.until("objections.share_table")
    await j.act(a.AnnulVote, BUREAU, **ANNULLED)
    await j.until("revise_scheme")
    await j.act(a.ReviseScheme, COMMITTEE, title="With a longer notice", reason="as it was ruled")
    await j.until("bids")
    await j.act(a.AnnulVote, BUREAU, **ANNULLED)
    await j.until("nothing")


async def joined(j: JourneyDriver) -> None:
    """Two homes join the risers later, one while the shares are collected, one at the works; one home is in arrears.

    Needs `upper_floors_pay`.
    """
    j.on("payments", pay_but_one_later)
    for word, unit in zip(("payments", "works"), (await j.units())[:2], strict=True):
        await j.until(word)
        await j.act(a.JoinLate, COMMITTEE, unit_number=unit, **JOINS)
    await j.until("nothing")


def way(carry: Scenario, *kept: str, **options: Any) -> Way:
    """A way of this name, of which these are kept."""
    given = options or OPTIONS.get(carry, {})
    return Way(carry.__name__, carry, frozenset(f"{each}Workflow" for each in kept), given)


WAYS = (
    way(rested, "Renovation", "Voting", "Publication", "Bidding", "Inspection", "Collection"),
    way(rolled_back, "Renovation", "CostSharing"),
    way(joined, "Renovation", "Collection", content=branches.upper_floors_pay()),
    way(branches.straight_on, "Publication", "CostSharing", "Inspection", "Ticket"),
    way(branches.round_about, "Renovation", "Voting", "CostSharing", "Bidding", "Ticket"),
    way(branches.in_default, "Inspection", "Renovation"),
    way(branches.cut_short, "Renovation"),
    way(branches.reconvened, "Voting"),
    way(branches.without_contractor, "Renovation", "CostSharing", "Bidding"),
    way(branches.never_revised, "Renovation"),
)
