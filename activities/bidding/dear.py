"""An award that is dearer than the owners agreed to carry (E12): the candidate leaves unharmed, and they are asked anew."""

from sqlalchemy import select

from activities import settlement
from activities.recording import Case
from models.tables import Award, Event, Tender
from models.values.bidding import CandidateGround
from models.values.refusal import refusal
from rules import cost_sharing as law

LEFT = "bidding.candidate_withdrawn"


async def refuse_affordable(case: Case, award: Award) -> None:
    """Nobody is struck out as too dear whose award the owners have agreed to carry.

    Raises:
        Refused: `bidding.not_too_dear`.
    """
    _, content = await case.scheme()
    earlier = await settlement.earlier_costs(case)
    items = law.award_items(content, award.price_fen, earlier.net_fen)
    gap = law.gap_fen(law.waterfall(items, content.funding))
    if law.within_limit(gap, content.owners_limit_fen).passed:
        most = content.owners_limit_fen or 0
        raise refusal("bidding.not_too_dear", where="ground", have=gap, most=most)


async def was_too_dear(case: Case, tender: Tender) -> bool:
    """Whether a candidate has left this tender because it was, and no contract came before: then the owners decide."""
    if await settlement.contracts(case):
        return False
    found = select(Event.seq).where(
        Event.renovation_id == case.renovation.id,
        Event.kind == LEFT,
        Event.details["tender"].as_string() == tender.id,
        Event.details["ground"].as_string() == CandidateGround.TOO_DEAR.value,
    )
    return await case.session.scalar(found.limit(1)) is not None
