"""Candidates, contract and its price (中标, 签约): rules B-15 to B-17. Money is in fen."""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction

from models.values.bidding import (
    BondOutcome,
    CandidateGround,
    NextCandidate,
    Party,
    PriceBuildUp,
)
from models.values.cost_sharing import PERMILLE
from models.values.decisions.decision import Decision
from models.values.timetable import Timetable, WorkCalendar
from rules.bidding.clocks import seconds_between
from rules.bidding.documents import retention
from rules.checks import check, decide
from rules.time.spans import within

BLAMELESS = (CandidateGround.FORCE_MAJEURE, CandidateGround.TOO_DEAR)
"""On these grounds nobody loses a bid bond."""


def next_candidate(
    standing: Sequence[str], ground: CandidateGround = CandidateGround.WITHDREW
) -> NextCandidate:
    """Who follows a first candidate that is gone, on a ground of Regs art. 55 (B-15, E24).

    `standing` are the candidates that are left, in the order of the report. Force majeure costs
    nobody the bond (Civil Code art. 180), nor does a price that the owners do not carry.
    """
    return NextCandidate(
        bidder_id=standing[0] if standing else None,
        retender=not standing,
        bond_forfeited=ground not in BLAMELESS,
    )


def unsigned_bond(bond_fen: int, at_fault: Party | None, timetable: Timetable) -> BondOutcome:
    """What becomes of the bid bond where the contract was not signed in time (B-16, E27).

    The candidate's fault forfeits it (Regs art. 74), the tenderer's brings it back double [M]; it
    stays where it is while nobody was found responsible, because only a party without a proper
    reason pays (Regs art. 73, 74).
    """
    if at_fault is Party.CANDIDATE:
        return BondOutcome(forfeited_fen=bond_fen)
    if at_fault is Party.TENDERER:
        return BondOutcome(back_fen=bond_fen * timetable.unsigned_bond_permille // PERMILLE)
    return BondOutcome(held_fen=bond_fen)


def signature(
    *,
    value_fen: int,
    bid_fen: int,
    performance_bond_fen: int,
    retention_permille: int,
    awarded_at: datetime,
    signed_at: datetime,
    timetable: Timetable,
    calendar: WorkCalendar,
    sign_until: datetime | None = None,
) -> Decision:
    """The contract is signed on the terms of the bid, after the award and in time (B-16, B-17).

    In time is what comes by `sign_until`, which was announced; without one the period counts from the award.
    Its bond and its retention are within their limits, or the term that is not is named.
    """
    period = timetable.contract_signing
    in_time = within(
        "bidding.contract_signing",
        "Tendering Law art. 46",
        (awarded_at, signed_at),
        period,
        calendar,
        timetable.zone,
        until=sign_until,
    )
    return decide(
        check("bidding.contract_value", "Tendering Law art. 46", value_fen, "==", bid_fen, "fen"),
        check(
            "bidding.signed_after_award",
            "Tendering Law art. 45, 46",
            seconds_between(awarded_at, signed_at),
            ">=",
            0,
            "seconds",
        ),
        *in_time.checks,
        check(
            "bidding.performance_bond",
            "Tendering Regs art. 58",
            performance_bond_fen,
            "<=",
            Fraction(bid_fen * timetable.performance_bond_permille, PERMILLE),
            "fen",
        ),
        *retention(retention_permille, timetable).checks,
    )


# waits for tenders on a basket of options
def price_build_up(
    *, base_fen: int, options_fen: int, new_fen: int, old_fen: int, contingency_permille: int
) -> PriceBuildUp:
    """A bid on the basket that the owners chose: base + options + (new - old), then contingency.

    The contingency is rounded half up to the unit of the input (published case of source S30).
    """
    total = base_fen + options_fen + new_fen - old_fen
    contingency = (2 * total * contingency_permille + PERMILLE) // (2 * PERMILLE)
    return PriceBuildUp(total_fen=total, contingency_fen=contingency, grand_fen=total + contingency)
