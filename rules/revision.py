"""After a failed vote: whether the matter may be voted on again, and the revised scheme (E1)."""

from datetime import datetime, timedelta
from fractions import Fraction

from models.messages.acts import ReviseScheme
from models.values.decisions.decision import Check, Decision
from models.values.scheme import SchemeContent
from models.values.timetable import Timetable
from rules.checks import check, decide
from rules.cost_sharing import without_items

DAY = timedelta(days=1)


def another_vote(
    held: int, first_at: datetime | None, now: datetime, ends_at: datetime | None, limits: Timetable
) -> Decision:
    """Whether the matter may be put to another vote: fewer than the limit so far, within the time for it.

    `held` counts the votes on the matter, `first_at` is when the first was announced and `ends_at`
    when the time for all of them is over (both None before there was one).
    """
    checks = [
        check("renovation.votes_held", "rules 8, E1", held, "<", limits.re_vote_limit, "votes")
    ]
    if first_at is not None and ends_at is not None:
        checks.append(
            Check(
                code="renovation.vote_span",
                article="rules 8, E1",
                have=Fraction((now - first_at) // DAY),
                op="<",
                need=Fraction((ends_at - first_at) // DAY),
                unit="days",
                passed=now < ends_at,
            )
        )
    return decide(*checks)


def revised(content: SchemeContent, act: ReviseScheme) -> SchemeContent:
    """The scheme without the items that the act leaves out, and without their works and funding.

    Raises:
        Refused: an unknown item, or all of them, as `cost_sharing.without_items` says.
    """
    return without_items(content, act.drop_items) if act.drop_items else content


def revised_budget_fen(budget_fen: int, before: SchemeContent, after: SchemeContent) -> int:
    """The budget less the cost of what was left out; never below what is still to be built."""
    cost = sum(item.cost_fen for item in before.items)
    left = sum(item.cost_fen for item in after.items)
    return max(budget_fen - (cost - left), left)
