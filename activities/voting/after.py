"""After the close: owners may object for a time, silence counts then; what failed may be put again."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import JsonValue

from activities.recording import Case, Writer, writes
from activities.voting.count import CountedBox, count_again
from activities.voting.scopes import adopted_so_far, locked_boxes
from models.messages.voting import VotePeriod, VoteResult, VotingOutcome, VotingResult
from models.tables import BallotBox
from models.values.refusal import refusal
from models.values.waits import Consequence
from rules import voting as law
from rules.time.deadlines import end_of_natural_day
from runtime.ballots.said import of_boxes
from runtime.record.journal import Recorded


class AfterVote(Writer):
    """Writes what comes between the close of a vote and its result."""

    @writes(
        "AfterVote.count_objections",
        event="voting.objections_counted",
        into=VoteResult,
        bulk=True,
    )
    async def count_objections(self, case: Case, period: VotePeriod) -> Recorded[VoteResult]:
        """The time to object is over: whoever was absent and silent counts as the law says (LPH art. 17.8)."""
        boxes = await _counted_boxes(case, period.box_id)
        until = boxes[0].objections_until
        if until is None:
            raise refusal("voting.not_counted", box=period.box_id)
        case.not_before(until)
        case.goes_on()
        pack, counts = law.pack_for(case.renovation.rule_pack), list[CountedBox]()
        for box in boxes:
            counts.append(await count_again(case.session, box, pack))
            box.tally = dict(counts[-1].record)
        await case.session.flush()
        result = await result_of(case, boxes, counts, None)
        said: list[dict[str, JsonValue]] = [
            {
                "box": box.id,
                "adopted": counted.adopted,
                "run_off": counted.run_off,
                "motions": dict(counted.record),
                "checks": counted.checks,
            }
            for box, counted in zip(boxes, counts, strict=True)
        ]
        return Recorded(result, {**of_boxes(said), **said_afterwards(result)})

    @writes("AfterVote.put_again", event="voting.result_declared", into=VotingOutcome)
    async def put_again(self, case: Case, result: VoteResult) -> Recorded[VotingOutcome]:
        """What failed is put again under a lower bar (France 25-1, 26-1; second calls).

        Nothing is published yet: what owners may object to is the result of the second vote.
        """
        await _counted_boxes(case, result.box_id)
        if result.follow_up is None:
            raise refusal("voting.not_counted", box=result.box_id)
        outcome = VotingOutcome(
            outcome=VotingResult.SECOND_VOTE, box_id=result.box_id, follow_up=result.follow_up
        )
        case.goes_on()
        case.is_last_word()
        case.notify("all_owners", "vote_declared", outcome=outcome.outcome)
        return Recorded(outcome, outcome.model_dump(mode="json", exclude={"seq"}))


def await_objections(case: Case, boxes: Sequence[BallotBox], days: int) -> datetime | None:
    """Let the owners object for so many natural days, if any; who was absent is told what silence means."""
    if days == 0:
        return None
    until = end_of_natural_day(case.now, days, case.timetable.zone)
    for box in boxes:
        box.objections_until = until
        case.notify("non_voters", "vote_silence", box=box.id, until=until.isoformat())
    case.wait_for("vote_objections", until, who="owners", then=Consequence.OBJECTIONS_COUNTED)
    return until


async def result_of(
    case: Case, boxes: Sequence[BallotBox], counts: Sequence[CountedBox], until: datetime | None
) -> VoteResult:
    """What the counted boxes of a vote come to together; nothing yet while owners may object `until` then.

    A second vote whose time went by while silence was waited for is not held: its motion has failed.
    """
    terms = law.terms_of(second for counted in counts for second in counted.seconds)
    ended = max(box.closed_at or box.closes_at for box in boxes)
    late = terms is not None and law.is_late(terms, ended, case.now, case.timetable.zone)
    return VoteResult(
        box_id=boxes[0].id,
        adopted=bool(await adopted_so_far(case, boxes)),
        run_off=not late and any(counted.run_off for counted in counts),
        follow_up=None if late or until is not None else terms,
        objections_until=until,
    )


def said_afterwards(result: VoteResult) -> dict[str, JsonValue]:
    """What the event says of what follows: a second vote, a time to object."""
    fields = {"follow_up", "objections_until"}
    return result.model_dump(mode="json", include=fields, exclude_none=True)


async def _counted_boxes(case: Case, box_id: str) -> Sequence[BallotBox]:
    boxes = await locked_boxes(case, box_id)
    for box in boxes:
        if box.tally is None:
            raise refusal("voting.not_counted", box=box.id)
    return boxes
