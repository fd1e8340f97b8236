"""What has to stand before bids come in, and what keeps one from being received: rules B-1 to B-6, B-17.

Moments are case time, money is in fen.
"""

from datetime import datetime

from models.values.actor import Role
from models.values.cost_sharing import PERMILLE
from models.values.decisions.decision import Decision
from models.values.refusal import Problem, problem
from models.values.timetable import Timetable
from rules.checks import check, decide

RELATED = frozenset(
    {
        *(Role.OWNERS_COMMITTEE, Role.RESIDENTS_COMMITTEE, Role.STREET_OFFICE),
        *(Role.DISTRICT_BUREAU, Role.SUPERVISOR, Role.CHIEF_SUPERVISOR, Role.EVALUATOR),
    }
)
"""A firm does not bid where one of its people is any of these: who tenders (Tendering Regs art. 34),
evaluates (Tendering Law art. 37), or supervises the works (Construction Law art. 34) has no part in it."""


def funds_secured(
    owners_fen: int, other_fen: int, estimate_fen: int, contingency_fen: int = 0
) -> Decision:
    """The money is there or its source is settled before the tender (B-1).

    `owners_fen` is what the owners' shares come to, `other_fen` what everybody else has promised.
    """
    return decide(
        check(
            "bidding.funds_secured",
            "Tendering Law art. 9",
            owners_fen + other_fen,
            ">=",
            estimate_fen + contingency_fen,
            "fen",
        )
    )


def bond_limit_fen(estimate_fen: int, timetable: Timetable) -> int:
    """The highest bid bond that tender documents may ask for, broken fen left out (B-17)."""
    return estimate_fen * timetable.bid_bond_permille // PERMILLE


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
    or a refusal would tell which prices are in. Moments are case time; a bid must come before
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
