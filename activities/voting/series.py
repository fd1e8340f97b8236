"""The votes on one matter: those that failed since the owners last adopted something (E1)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from activities.recording import Case
from models.messages.cost_sharing import CostSharingResult
from models.messages.voting import VotingResult
from models.tables import BallotBox, Event

FAILED = frozenset({VotingResult.REJECTED.value, VotingResult.ANNULLED.value})


@dataclass(frozen=True)
class FailedVotes:
    """How many failed, when the first vote of the series was announced, and when the last one closed."""

    count: int
    first_at: datetime | None
    closed_at: datetime | None


async def failed_votes(case: Case) -> FailedVotes:
    """The series of votes that is under way. A vote that was adopted is no failed vote, and ends it."""
    declared = (
        await case.session.execute(
            select(Event.seq, Event.details)
            .where(
                Event.renovation_id == case.renovation.id, Event.kind == "voting.result_declared"
            )
            .order_by(Event.seq)
        )
    ).all()
    adopted = [seq for seq, told in declared if told["outcome"] == VotingResult.ADOPTED.value]
    since = max(adopted, default=0)
    boxes = [
        str(told["box_id"]) for seq, told in declared if seq > since and told["outcome"] in FAILED
    ]
    first_at = await case.session.scalar(
        select(func.min(Event.happened_at)).where(
            Event.renovation_id == case.renovation.id,
            Event.kind == "voting.box_announced",
            Event.seq > since,
        )
    )
    votes = select(BallotBox.attempt).where(BallotBox.id.in_(boxes))
    closed_at = await case.session.scalar(
        select(func.max(BallotBox.closes_at)).where(
            BallotBox.renovation_id == case.renovation.id, BallotBox.attempt.in_(votes)
        )
    )
    return FailedVotes(count=len(boxes), first_at=first_at, closed_at=closed_at)


async def gap_was_left(case: Case) -> bool:
    """Whether no money was found for a gap once: the owners have to be asked about it (E12)."""
    return await _left_at(case) is not None


async def levy_may_be_asked(case: Case) -> bool:
    """Whether the scheme is the adopted one whose gap was left: nothing but a levy was put since."""
    left_at = await _left_at(case)
    if left_at is None:
        return False
    others = await case.session.scalar(
        select(func.count())
        .select_from(Event)
        .where(
            Event.renovation_id == case.renovation.id,
            Event.kind == "voting.scheme_revised",
            Event.seq > left_at,
            Event.details["levy"].as_boolean().is_not(True),
        )
    )
    return not others


async def _left_at(case: Case) -> int | None:
    found: int | None = await case.session.scalar(
        select(func.max(Event.seq)).where(
            Event.renovation_id == case.renovation.id,
            Event.kind == "cost_sharing.finished",
            Event.details["outcome"].as_string() == CostSharingResult.NEW_VOTE.value,
        )
    )
    return found
