"""Candidates, contract and its price (中标, 签约): rules B-15 to B-17. Money is in fen."""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction

from models.values.bidding import NextCandidate, PriceBuildUp
from models.values.cost_sharing import PERMILLE
from models.values.decisions.decision import Decision
from models.values.timetable import Timetable, WorkCalendar
from rules.checks import check, decide
from rules.time.spans import within


def next_candidate(standing: Sequence[str]) -> NextCandidate:
    """Who follows a first candidate that withdrew or was struck out (B-15, E24).

    `standing` are the candidates that are left, in the order of the report.
    """
    return NextCandidate(
        bidder_id=standing[0] if standing else None,
        retender=not standing,
        bond_forfeited=True,
    )


def signature(
    *,
    value_fen: int,
    bid_fen: int,
    performance_bond_fen: int,
    awarded_at: datetime,
    signed_at: datetime,
    timetable: Timetable,
    calendar: WorkCalendar,
) -> Decision:
    """The contract is signed on the terms of the bid, in time, with a lawful bond (B-16, B-17)."""
    period = timetable.contract_signing
    in_time = within(
        "bidding.contract_signing",
        "Tendering Law art. 46",
        (awarded_at, signed_at),
        period,
        calendar,
        timetable.zone,
    )
    return decide(
        check("bidding.contract_value", "Tendering Law art. 46", value_fen, "==", bid_fen, "fen"),
        *in_time.checks,
        check(
            "bidding.performance_bond",
            "Tendering Regs art. 58",
            performance_bond_fen,
            "<=",
            Fraction(bid_fen * timetable.performance_bond_permille, PERMILLE),
            "fen",
        ),
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
