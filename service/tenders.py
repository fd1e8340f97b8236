"""What is shown of a tender: its terms, and the bids that were read out, with what was found of them."""

from datetime import datetime

from pydantic import JsonValue, TypeAdapter
from sqlalchemy import String, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Award, Bid, Event, RoleGrant, Tender
from models.values.actor import Role
from models.values.base import Carried
from models.values.bidding import RedFlag
from models.values.states import AwardState, BidState, TenderState
from runtime.calendars import is_provisional


class BidView(Carried):
    """A bid that was read out at the opening, and what was found of it; money in fen.

    `grounds` are those of its rejection, each with its reason; `rank` is its place as a candidate.
    """

    bidder_id: str
    bidder: str = ""
    """The firm's name, as it registered."""
    price_fen: int
    state: BidState
    technical_milli: int
    grounds: JsonValue
    rank: int | None = None


class CandidateView(Carried):
    """A ranked candidate (中标候选人), its price in fen, and what became of it; rank counts from 1."""

    id: str
    rank: int
    bidder_id: str
    price_fen: int
    state: AwardState


class TenderView(Carried):
    """A tender, its published terms, and its bids once they are opened; case time."""

    id: str
    round: int
    works_round: int = 1
    """1 is for the works as planned, each later one for what was left of them."""
    state: TenderState
    method: str = ""
    notice_at: datetime
    deadline_at: datetime
    provisional: bool = False
    """A holiday that is not announced yet may still move the deadline."""
    ceiling_fen: int
    estimate_fen: int
    criteria: JsonValue
    bids: tuple[BidView, ...] = ()
    candidates: tuple[CandidateView, ...] = ()
    red_flags: tuple[RedFlag, ...] = ()
    """Patterns that the opening found: each needs a finding of the committee before candidates are named."""


_TENDER = bindparam("tender", type_=String)
LATEST = (
    select(Tender)
    .where(Tender.renovation_id == bindparam("renovation"))
    .order_by(Tender.round.desc())
    .limit(1)
)
RANKED = select(Award).where(Award.tender_id == _TENDER).order_by(Award.rank)
_PLACE = select(Award.rank).where(Award.tender_id == _TENDER, Award.bidder_id == Bid.bidder_id)
_FIRM = select(func.min(RoleGrant.label)).where(
    RoleGrant.actor_id == Bid.bidder_id, RoleGrant.role == Role.CONTRACTOR
)
READ_OUT = (
    select(Bid, _PLACE.limit(1).scalar_subquery(), _FIRM.scalar_subquery())
    .where(
        Bid.tender_id == _TENDER,
        Bid.state.in_((BidState.OPENED, BidState.REJECTED, BidState.EVALUATED)),
        Bid.submitted_at < bindparam("deadline"),
    )
    .order_by(Bid.bidder_id)
)
OPENED = (
    select(Event.details)
    .where(
        Event.renovation_id == bindparam("renovation"),
        Event.kind == "bidding.bids_opened",
        Event.details["tender"].astext == _TENDER,
    )
    .limit(1)
)
"""Made once: whoever looks at a case asks them."""
FLAGS = TypeAdapter(tuple[RedFlag, ...])


async def load_tender(session: AsyncSession, renovation_id: str, zone: str) -> TenderView | None:
    """The latest tender of a renovation in that zone; None before there is one."""
    row = await session.scalar(LATEST, {"renovation": renovation_id})
    if row is None:
        return None
    return await _view(session, row, zone)


async def list_tenders(
    session: AsyncSession, renovation_id: str, zone: str
) -> tuple[TenderView, ...]:
    """Every tender of a renovation, round by round."""
    query = select(Tender).where(Tender.renovation_id == renovation_id)
    rows = (await session.scalars(query.order_by(Tender.round))).all()
    return tuple([await _view(session, row, zone) for row in rows])


async def _view(session: AsyncSession, row: Tender, zone: str) -> TenderView:
    view = TenderView.model_validate(row, from_attributes=True)
    ranked = await session.scalars(RANKED, {"tender": row.id})
    update = {
        "provisional": is_provisional(row.deadline_at, zone),
        "bids": await _bids(session, row),
        "candidates": tuple(
            CandidateView.model_validate(each, from_attributes=True) for each in ranked
        ),
        "red_flags": await _red_flags(session, row),
    }
    return view.model_copy(update=update)


async def _bids(session: AsyncSession, tender: Tender) -> tuple[BidView, ...]:
    """What was read out: never a bid that is still sealed, or was returned unopened."""
    given = {"tender": tender.id, "deadline": tender.deadline_at}
    rows = await session.execute(READ_OUT, given)
    return tuple(
        BidView.model_validate(bid, from_attributes=True).model_copy(
            update={"rank": rank, "bidder": firm or ""}
        )
        for bid, rank, firm in rows
    )


async def _red_flags(session: AsyncSession, tender: Tender) -> tuple[RedFlag, ...]:
    """As the record of the opening has them."""
    given = {"renovation": tender.renovation_id, "tender": tender.id}
    details = await session.scalar(OPENED, given)
    return FLAGS.validate_python((details or {}).get("red_flags", ()))
