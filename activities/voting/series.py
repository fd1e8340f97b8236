"""The votes on one matter: those that failed since the owners last adopted something (E1)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from activities.recording import Case
from models.messages.cost_sharing import CostSharingResult
from models.messages.voting import VotingResult
from models.tables import BallotBox, Event

GO_ON = frozenset({VotingResult.RUN_OFF.value, VotingResult.SECOND_VOTE.value})
"""These end with another vote on the same: they have neither failed nor adopted."""


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
    outcomes = {str(told["box_id"]): str(told["outcome"]) for _, told in declared}
    since = max(
        (seq for seq, told in declared if told["outcome"] == VotingResult.ADOPTED.value), default=0
    )
    boxes = (
        await case.session.scalars(
            select(BallotBox)
            .where(BallotBox.renovation_id == case.renovation.id)
            .order_by(BallotBox.attempt)
        )
    ).all()
    votes = {box.attempt: outcomes.get(box.id, "") for box in boxes if box.id in outcomes}
    adopted = max(
        (at for at, word in votes.items() if word == VotingResult.ADOPTED.value), default=0
    )
    failed = [box for box in boxes if box.attempt > adopted and votes.get(box.attempt) not in GO_ON]
    first_at = await case.session.scalar(
        select(func.min(Event.happened_at)).where(
            Event.renovation_id == case.renovation.id,
            Event.kind == "voting.box_announced",
            Event.seq > since,
        )
    )
    return FailedVotes(
        count=len({box.attempt for box in failed}),
        first_at=first_at,
        # An official result closes a box before its time.
        closed_at=max(
            (min(box.closed_at or box.closes_at, box.closes_at) for box in failed), default=None
        ),
    )


async def adopted_at(case: Case) -> datetime | None:
    """When the owners last adopted something, in case time; None before that."""
    moment: datetime | None = await case.session.scalar(
        select(func.max(Event.happened_at)).where(
            Event.renovation_id == case.renovation.id,
            Event.kind == "voting.result_declared",
            Event.details["outcome"].as_string() == VotingResult.ADOPTED.value,
        )
    )
    return moment


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
