"""Tendering (招标投标) of works: money and steps of rules B-1 to B-20.

The clocks are in `rules.bidding.clocks`, how bids are judged and ranked in
`rules.bidding.evaluation`. Moments are case time; every result has its checks with both numbers
and the article.
"""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction

from models.values.bidding import NextCandidate, OpeningDecision, OpeningRoute, PriceBuildUp
from models.values.cost_sharing import PERMILLE
from models.values.decisions.decision import Decision
from models.values.refusal import Problem, problem
from models.values.timetable import Timetable, WorkCalendar
from rules.bidding.clocks import (
    check,
    clarification,
    clarify_until,
    decide,
    object_until,
    tender_clocks,
    within,
)

__all__ = [
    "MIN_BIDS",
    "bid_bond",
    "bond_limit_fen",
    "clarification",
    "clarify_until",
    "decide",
    "direct_award",
    "failed_route",
    "funds_secured",
    "next_candidate",
    "object_until",
    "opening",
    "price_build_up",
    "signature",
    "submission_problems",
    "tender_clocks",
]

MIN_BIDS = 3
"""Fewer bidders are not opened [V, Law art. 28, Regs art. 44]."""


def funds_secured(
    owners_fen: int, other_fen: int, estimate_fen: int, contingency_fen: int = 0
) -> Decision:
    """The money is there or its source is settled before the tender (B-1).

    `owners_fen` is what the owners' shares come to, `other_fen` what everybody else has promised.
    """
    return decide(
        check(
            "funds_secured",
            "Tendering Law art. 9",
            owners_fen + other_fen,
            ">=",
            estimate_fen + contingency_fen,
            "fen",
        )
    )


# Submission and opening


def submission_problems(
    *,
    price_fen: int,
    bond_fen: int,
    ceiling_fen: int,
    estimate_fen: int,
    now: datetime,
    notice_at: datetime,
    deadline_at: datetime,
    timetable: Timetable,
) -> tuple[Problem, ...]:
    """What keeps a bid from being received (B-6); empty when it is taken in.

    The bid is sealed: its price is compared with the ceiling at the opening (B-11) and not here,
    or the door would say which prices are in. Moments are case time; a bid must come before
    the deadline (Law art. 28), and no bond is taken above 2 % of the estimate (Regs art. 26).
    """
    problems: list[Problem] = []
    if ceiling_fen <= 0 or price_fen <= 0:
        problems.append(problem("bidding.price_missing", price_fen=price_fen))
    if now < notice_at:
        problems.append(
            problem("bidding.before_notice", now=now.isoformat(), notice_at=notice_at.isoformat())
        )
    if now >= deadline_at:
        problems.append(
            problem("bidding.late", now=now.isoformat(), deadline_at=deadline_at.isoformat())
        )
    limit = bond_limit_fen(estimate_fen, timetable)
    if not 0 <= bond_fen <= limit:
        problems.append(problem("bidding.bond_above_limit", bond_fen=bond_fen, most_fen=limit))
    return tuple(problems)


def bond_limit_fen(estimate_fen: int, timetable: Timetable) -> int:
    """The highest bid bond that tender documents may ask for, broken fen left out (B-17)."""
    return estimate_fen * timetable.bid_bond_permille // PERMILLE


def bid_bond(bond_fen: int, estimate_fen: int, timetable: Timetable) -> Decision:
    """The bond that the documents ask for is at most 2 % of the estimate (B-17).

    More is a fault of the documents, not of a bid: it stops the tender, and rejects nobody.
    """
    return decide(
        check(
            "bid_bond",
            "Tendering Regs art. 26",
            bond_fen,
            "<=",
            Fraction(estimate_fen * timetable.bid_bond_permille, PERMILLE),
            "fen",
        )
    )


def opening(bids_in_time: int, round_number: int, timetable: Timetable) -> OpeningDecision:
    """Fewer than three bids are not opened: tender again, or after the last round ask for approval.

    Rules B-7 and B-20. `round_number` counts the tenders of the renovation from 1.
    """
    decision = decide(
        check(
            "bids_at_deadline",
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
            "failed_rounds", "rules B-20", failed_rounds, ">=", timetable.tender_rounds, "tenders"
        ),
        check("ceiling", "Tendering Regs art. 27", price_fen, "<=", ceiling_fen, "fen"),
    )


# Candidates, award, contract


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
        "contract_signing",
        "Tendering Law art. 46",
        (awarded_at, signed_at),
        period,
        calendar,
        timetable.zone,
    )
    return decide(
        check("contract_value", "Tendering Law art. 46", value_fen, "==", bid_fen, "fen"),
        *in_time.checks,
        check(
            "performance_bond",
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
