"""The candidates of a tender (中标候选人): named, withdrawn, struck out, awarded, in their order."""

from pydantic import JsonValue

from activities.bidding import rows
from activities.recording import Case
from models.messages.bidding import Candidates
from models.tables import Award, Tender
from models.values.bidding import CandidateGround, NextCandidate
from models.values.refusal import refusal
from models.values.states import AwardState, TenderState
from rules import bidding as law

DEAR = "Civil Code art. 278; rules E12"
"""On what a candidate leaves with whose price the owners would carry more than they agreed to."""
RANKING = 1
"""A tender is ranked once; who leaves it makes room, and the others keep the rank of the report."""


def award_row(tender: Tender, rank: int, bidder_id: str, price_fen: int) -> Award:
    """A candidate as a row."""
    return Award(
        id=f"{tender.id}.{rank}.{RANKING}",
        tender_id=tender.id,
        rank=rank,
        bidder_id=bidder_id,
        price_fen=price_fen,
        state=AwardState.CANDIDATE,
    )


async def candidates(case: Case, tender: Tender) -> Candidates:
    """Who stands now; `round` counts how often the list has changed, from 1."""
    await case.session.flush()
    left = await rows.standing(case, tender)
    gone = await rows.count_awards(case, tender) - len(left)
    return Candidates(bidder_ids=tuple(award.bidder_id for award in left), round=gone + 1)


async def first(case: Case, tender: Tender, bidder_id: str) -> Award:
    """The first candidate that stands, which must be this bidder (B-15)."""
    left = await rows.standing(case, tender)
    if not left or left[0].bidder_id != bidder_id:
        raise refusal(
            "bidding.not_first",
            where=tender.id,
            bidder=bidder_id,
            first=left[0].bidder_id if left else "—",
        )
    return left[0]


async def awarded(case: Case, tender: Tender) -> Award:
    """The candidate that has the award notice."""
    for award in await rows.standing(case, tender):
        if award.state is AwardState.AWARDED:
            return award
    raise refusal("bidding.not_awarded", where=tender.id)


async def leave(
    case: Case, tender: Tender, award: Award, state: AwardState, ground: CandidateGround
) -> dict[str, JsonValue]:
    """A candidate leaves as `withdrawn` or `cancelled`, and what becomes of its bond (E24)."""
    following = await make_room(case, tender, award, state, ground)
    bond_fen = await rows.load_bond(case, tender, award.bidder_id)
    return {
        **left_by(tender, award, following),
        "ground": ground.value,
        "bond_forfeited_fen": bond_fen if following.bond_forfeited else 0,
        "article": DEAR if ground is CandidateGround.TOO_DEAR else "Tendering Regs art. 55",
    }


async def make_room(
    case: Case, tender: Tender, award: Award, state: AwardState, ground: CandidateGround
) -> NextCandidate:
    """A candidate is gone, and the next one moves up; the engine publishes those who are left."""
    award.state = state
    if tender.state is TenderState.AWARDED:
        tender.state = TenderState.CLOSED
    await case.session.flush()
    left = await rows.standing(case, tender)
    following = law.next_candidate([each.bidder_id for each in left], ground)
    if case.renovation.waiting_for in ("award_contract", "sign_contract"):
        case.goes_on()
    case.notify("bidders", "candidate_left", bidder=award.bidder_id)
    return following


def left_by(tender: Tender, award: Award, following: NextCandidate) -> dict[str, JsonValue]:
    """Who has left and who follows, for an event's details."""
    return {
        "tender": tender.id,
        "award": award.id,
        "bidder": award.bidder_id,
        "next": following.bidder_id,
    }
