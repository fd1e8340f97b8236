"""When the box of a second vote (bridge, second call) is open: in the time that the law gives it."""

from datetime import datetime, timedelta

from sqlalchemy import select

from activities.recording import Case
from models.messages.journey import StageInput
from models.tables import Event
from models.values.refusal import refusal
from models.values.voting import FollowUpTerms
from rules import voting as law
from runtime.ballots.boxes import load_boxes


async def opens_by_itself(case: Case) -> bool:
    """Whether the next vote is a second one that opens when the law says, whoever does or does not act."""
    last = await case.session.scalar(
        select(Event.details["follow_up"])
        .where(
            Event.renovation_id == case.renovation.id,
            Event.kind == "voting.result_declared",
        )
        .order_by(Event.seq.desc())
        .limit(1)
    )
    return last is not None and FollowUpTerms.model_validate(last).by_law


async def second_time(case: Case, given: StageInput) -> tuple[datetime, datetime]:
    """The opening and the close of the box, counted from the close of the vote before.

    Raises:
        Refused: `voting.second_vote_late` when nothing is left of the time that the law gives.
    """
    terms = given.follow_up
    before = await load_boxes(case.session, case.renovation.id, given.attempt - 1)
    if terms is None or not before:
        raise refusal("voting.box_unknown", where=f"{case.renovation.id}.{given.attempt - 1}")
    limits = case.timetable
    open_for = timedelta(days=limits.vote_open.days)
    if terms.at_once:
        open_for = timedelta(hours=limits.second_vote_hours)
    ended, zone = max(box.closed_at or box.closes_at for box in before), limits.zone
    opens, closes = law.second_period(terms, ended, case.now, open_for, zone)
    if closes <= opens:
        raise refusal("voting.second_vote_late", article=terms.article)
    return opens, closes
