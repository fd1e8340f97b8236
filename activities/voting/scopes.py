"""The boxes of a vote as their scopes: what they put, and what they have adopted."""

from collections.abc import Sequence
from itertools import groupby

from pydantic import JsonValue
from sqlalchemy import func, select

from activities.recording import Case
from models.messages.journey_progress import AGAIN
from models.messages.voting import VotingResult
from models.tables import BallotBox, Event, VoteOpinion
from models.values.refusal import refusal
from models.values.voting import Motion, MotionScope
from rules.adopted import MotionOutcome
from rules.ballots.scopes import CountedScope, adopted_outcomes
from rules.voting.live.follow_ups import Standing
from runtime.ballots.boxes import annulled_votes, load_boxes, select_boxes


def motions_of(box: BallotBox) -> tuple[Motion, ...]:
    """The motions of a box, in order."""
    return tuple(Motion.model_validate(motion) for motion in box.motions)


def standings(box: BallotBox) -> dict[str, Standing]:
    """What became of each motion of a counted box."""
    return {name: Standing.model_validate(each) for name, each in (box.tally or {}).items()}


async def said_opinions(case: Case, box: BallotBox) -> dict[str, JsonValue]:
    """How many units left an opinion that no count reads, where only the official system takes ballots."""
    if not box.official_by:
        return {}
    units = select(func.count(VoteOpinion.unit_number.distinct()))
    found = await case.session.scalar(units.where(VoteOpinion.box_id == box.id))
    return {"opinions_not_counted": found or 0, "official_system_only": box.official_by}


async def locked_boxes(case: Case, box_id: str) -> Sequence[BallotBox]:
    """All boxes of the vote that this one is the first of, locked in their order.

    Raises:
        Refused: `voting.box_unknown`.
    """
    first = await case.session.get(BallotBox, box_id)
    if first is None:
        raise refusal("voting.box_unknown", where=box_id)
    query = select_boxes(first.renovation_id, first.attempt).with_for_update(key_share=True)
    found = await case.session.scalars(query.execution_options(populate_existing=True))
    return found.all()


async def adopted_so_far(case: Case, boxes: Sequence[BallotBox]) -> dict[str, MotionOutcome]:
    """What the scopes of these counted boxes have adopted, and those of the votes they follow."""
    votes: list[Sequence[BallotBox]] = [boxes]
    settled, attempt = await run_off_votes(case), boxes[0].attempt - 1
    while attempt in settled:
        votes.insert(0, await load_boxes(case.session, case.renovation.id, attempt))
        attempt -= 1
    return adopted_outcomes([[_counted(box) for box in vote] for vote in votes])


async def adopted_ever(case: Case) -> dict[str, MotionOutcome]:
    """What stands adopted by the last vote of each scope; votes that were annulled are none."""
    rows = await counted_boxes(case)
    votes = [list(vote) for _, vote in groupby(rows, key=lambda box: box.attempt)]
    return adopted_outcomes([[_counted(box) for box in vote] for vote in votes])


async def counted_boxes(case: Case) -> Sequence[BallotBox]:
    """The boxes of every vote that was counted and not annulled, the oldest first."""
    annulled = await annulled_votes(case.session, case.renovation.id)
    query = select(BallotBox).where(
        BallotBox.renovation_id == case.renovation.id,
        BallotBox.tally.is_not(None),
        BallotBox.attempt.not_in(annulled),
    )
    return (await case.session.scalars(query.order_by(BallotBox.attempt))).all()


async def run_off_votes(case: Case) -> frozenset[int]:
    """The attempts that ended with a run-off or a second vote: the next one follows them."""
    return await _declared(case, *AGAIN)


async def _declared(case: Case, *outcomes: VotingResult) -> frozenset[int]:
    rows = await case.session.scalars(
        select(BallotBox.attempt)
        .join(Event, Event.details["box_id"].as_string() == BallotBox.id)
        .where(
            BallotBox.renovation_id == case.renovation.id,
            Event.renovation_id == case.renovation.id,
            Event.kind == "voting.result_declared",
            Event.details["outcome"].as_string().in_([word.value for word in outcomes]),
        )
    )
    return frozenset(rows)


def _counted(box: BallotBox) -> CountedScope:
    return CountedScope(
        scope=scope_of(box),
        motions=motions_of(box),
        outcomes={
            name: MotionOutcome.model_validate(result) for name, result in (box.tally or {}).items()
        },
    )


def scope_of(box: BallotBox) -> MotionScope:
    """The part whose owners vote in a box."""
    if box.entrance:
        return MotionScope(kind="entrance", building=box.building, entrance=box.entrance)
    return MotionScope(kind="building", building=box.building) if box.building else MotionScope()
