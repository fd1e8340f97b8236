"""The rows of bidding as the rules read them: tenders and bids under lock, candidates in order."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from fractions import Fraction

from pydantic import JsonValue
from sqlalchemy import func, select

from activities.recording import Case
from models.tables import Award, Bid, Event, Publication, ShareTotal, Tender
from models.values.actor import Actor
from models.values.bidding import (
    BidFinding,
    Criteria,
    Party,
    RedFlag,
    Rejection,
    SealedBid,
)
from models.values.refusal import refusal
from models.values.scheme import SchemeContent
from models.values.states import BidState, TenderState
from rules import cost_sharing
from rules.bidding import evaluation as judging
from runtime.record.firms import contractor_as

STANDING = ("candidate", "awarded")
_MICROSECOND = timedelta(microseconds=1)


async def tender_locked(case: Case, tender_id: str) -> Tender:
    """The tender, locked, so that no bid comes in or goes out meanwhile."""
    row = await case.session.get(Tender, tender_id, with_for_update=True)
    if row is None or row.renovation_id != case.renovation.id:
        raise refusal("bidding.tender_unknown", where=tender_id)
    return row


async def last_tender(case: Case) -> Tender:
    """The latest round of the renovation, locked."""
    row = await case.session.scalar(
        select(Tender)
        .where(Tender.renovation_id == case.renovation.id)
        .order_by(Tender.round.desc())
        .limit(1)
        .with_for_update()
    )
    if row is None:
        raise refusal("bidding.tender_unknown", where=case.renovation.id)
    return row


async def count_tenders(case: Case, *states: TenderState) -> int:
    """How many rounds the renovation has had, in one of the `states` if any are named."""
    query = select(func.count()).select_from(Tender)
    query = query.where(Tender.renovation_id == case.renovation.id)
    if states:
        query = query.where(Tender.state.in_(states))
    return await case.session.scalar(query) or 0


async def load_bids(case: Case, tender: Tender, *states: BidState) -> list[Bid]:
    """The bids of a tender in one of the `states`, in the order in which they came in.

    In a told case many come in at one moment; once they are opened, their order is then the bidders', on
    any machine (`envelopes.in_order`).
    """
    rows = await case.session.scalars(
        select(Bid)
        .where(Bid.tender_id == tender.id, Bid.state.in_(states))
        .order_by(Bid.submitted_at, Bid.bidder_id, Bid.id)
    )
    return list(rows)


async def standing(case: Case, tender: Tender) -> list[Award]:
    """The candidates that are left, in the order of the report."""
    rows = await case.session.scalars(
        select(Award)
        .where(Award.tender_id == tender.id, Award.state.in_(STANDING))
        .order_by(Award.rank)
    )
    return list(rows)


async def count_awards(case: Case, tender: Tender) -> int:
    """How many candidates the tender has ever named."""
    query = select(func.count()).select_from(Award).where(Award.tender_id == tender.id)
    return await case.session.scalar(query) or 0


async def load_bond(case: Case, tender: Tender, bidder_id: str) -> int:
    """The bid bond that lies with a bidder's valid bid, in fen; 0 without one."""
    bond = await case.session.scalar(
        select(Bid.bond_fen).where(
            Bid.tender_id == tender.id, Bid.bidder_id == bidder_id, Bid.state != BidState.WITHDRAWN
        )
    )
    return bond or 0


async def published_first(case: Case) -> str | None:
    """The bidder that the latest publication of candidates named first."""
    content = await case.session.scalar(
        select(Publication.content)
        .where(Publication.renovation_id == case.renovation.id, Publication.subject == "candidates")
        .order_by(Publication.opens_at.desc(), Publication.id.desc())
        .limit(1)
    )
    named = content.get("candidates") if content else None
    first = named[0] if isinstance(named, list) and named else None
    return str(first["bidder"]) if isinstance(first, dict) else None


async def awarded_at(case: Case) -> datetime:
    """When the latest award notice went out, in case time."""
    moment = await case.session.scalar(
        select(Event.happened_at)
        .where(Event.renovation_id == case.renovation.id, Event.kind == "bidding.contract_awarded")
        .order_by(Event.seq.desc())
        .limit(1)
    )
    if moment is None:
        raise refusal("bidding.not_awarded", where=case.renovation.id)
    return moment


async def fault_named(case: Case, award: Award) -> Party | None:
    """Who was named last as responsible that this award was not signed; None before that."""
    details = await case.session.scalar(
        select(Event.details)
        .where(
            Event.renovation_id == case.renovation.id,
            Event.kind == "bidding.signature_ruled_on",
            Event.details["award"].astext == award.id,
        )
        .order_by(Event.seq.desc())
        .limit(1)
    )
    return None if details is None else Party(str(details["at_fault"]))


async def missed_award(case: Case, tender: Tender, bidder_id: str) -> Award | None:
    """The award of this bidder that has ended because nobody signed."""
    details = await case.session.scalar(
        select(Event.details)
        .where(
            Event.renovation_id == case.renovation.id,
            Event.kind == "bidding.signature_missed",
            Event.details["tender"].astext == tender.id,
            Event.details["bidder"].astext == bidder_id,
        )
        .limit(1)
    )
    return None if details is None else await case.session.get(Award, str(details["award"]))


async def awarded_by(case: Case, award: Award) -> str | None:
    """Who has given this award."""
    return await case.session.scalar(
        select(Event.actor_id).where(
            Event.renovation_id == case.renovation.id,
            Event.kind == "bidding.contract_awarded",
            Event.details["award"].astext == award.id,
        )
    )


async def money(case: Case, content: SchemeContent) -> tuple[int, int]:
    """What the owners' shares come to, and what everybody else pays after the waterfall; in fen."""
    owners = await case.session.scalar(
        select(func.coalesce(func.sum(ShareTotal.amount_fen), 0)).where(
            ShareTotal.renovation_id == case.renovation.id, ShareTotal.basis == "estimate"
        )
    )
    funded = cost_sharing.waterfall(content.items, content.funding)
    others = sum(item.cost_fen - item.gap_fen for item in funded)
    return int(owners or 0), others


async def refuse_interested(case: Case, actor: Actor, *bidders: str) -> None:
    """Nobody decides on a tender in which they bid, or a firm for which they act or have acted (B-9).

    Raises:
        Refused: `bidding.conflict_of_interest`.
    """
    own = [await contractor_as(case.session, actor, bidder) for bidder in bidders]
    judging.refuse_interested([actor.id], own)


def criteria_of(tender: Tender) -> Criteria:
    """The published terms of a tender."""
    return Criteria.model_validate(tender.criteria)


def sealed(bid: Bid) -> SealedBid:
    """The row of a bid that was read out, as the rules read it."""
    assert bid.price_fen is not None, "its envelope was opened"
    return SealedBid(
        bidder_id=bidder(bid),
        price_fen=bid.price_fen,
        bond_fen=bid.bond_fen or 0,
        bond_account=bid.bond_account or "",
        submitted_at=bid.submitted_at,
        flags=judging.read_flags(bid.flags or {}),
    )


def bidder(bid: Bid) -> str:
    """Who has made a bid whose tender was opened."""
    assert bid.bidder_id is not None, "its envelope was opened"
    return bid.bidder_id


def seconds_early(bid: Bid, tender: Tender) -> Fraction:
    """How long before the deadline the bid came in; not above zero for a late one."""
    return Fraction((tender.deadline_at - bid.submitted_at) // _MICROSECOND, 1_000_000)


def finding(bid: SealedBid, found: BidFinding) -> dict[str, JsonValue]:
    """What was read out of a bid and found of it, for an event's details."""
    return {
        "bidder": bid.bidder_id,
        "price_fen": bid.price_fen,
        "bond_fen": bid.bond_fen,
        "valid": found.decision.passed,
        "checks": found.decision.record(),
    }


def grounds(found: Iterable[Rejection]) -> list[JsonValue]:
    """Why one bid was rejected, as its row keeps it: ground and reason of each."""
    return [{"ground": each.ground.value, "reason": each.reason} for each in found]


def flags(found: tuple[RedFlag, ...]) -> list[JsonValue]:
    """Red flags for an event's details."""
    return [flag.model_dump(mode="json") for flag in found]
