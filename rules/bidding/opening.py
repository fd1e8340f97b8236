"""Whether the bids are opened (开标), and where a tender without a result goes: rules B-7, B-19, B-20."""

from models.values.bidding import OpeningDecision, OpeningRoute
from models.values.decisions.decision import Decision
from models.values.timetable import Timetable
from rules.checks import check, decide

MIN_BIDS = 3
"""Fewer bidders are not opened [V, Law art. 28, Regs art. 44]."""


def may_open(bids_in_time: int, round_number: int, timetable: Timetable) -> OpeningDecision:
    """Whether the bids are opened: fewer than three are not; tender again, or ask for approval.

    Rules B-7 and B-20. `round_number` counts the tenders of what the owners adopted from 1;
    one that was cancelled is none of them.
    """
    decision = decide(
        check(
            "bidding.bids_at_deadline",
            "Tendering Law art. 28; Tendering Regs art. 44",
            bids_in_time,
            ">=",
            MIN_BIDS,
            "bids",
        )
    )
    route: OpeningRoute = "open" if decision.passed else failed_route(round_number, timetable)
    return OpeningDecision(route=route, decision=decision)


def failed_route(round_number: int, timetable: Timetable) -> OpeningRoute:
    """Where a tender without a result goes (B-19, B-20)."""
    return "retender" if round_number < timetable.tender_rounds else "approval"


def direct_award(
    *,
    failed_rounds: int,
    price_fen: int,
    ceiling_fen: int,
    timetable: Timetable,
) -> Decision:
    """The approval route is open after the last failed round, within the budget (B-20)."""
    return decide(
        check(
            "bidding.failed_rounds",
            "rules B-20",
            failed_rounds,
            ">=",
            timetable.tender_rounds,
            "tenders",
        ),
        check("bidding.ceiling", "Tendering Regs art. 27", price_fen, "<=", ceiling_fen, "fen"),
    )
