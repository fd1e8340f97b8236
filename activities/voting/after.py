"""After the close: owners may object for a time, silence counts then; what failed may be put again."""

from collections.abc import Sequence
from datetime import datetime

from activities.recording import Case, Writer, writes
from activities.voting.count import count_again
from models.messages.voting import VotePeriod, VoteResult, VotingOutcome, VotingResult
from models.tables import BallotBox
from models.values.refusal import refusal
from models.values.waits import Consequence
from rules import voting as law
from rules.time.deadlines import end_of_natural_day
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
        box = await _closed(case, period.box_id)
        if box.objections_until is None:
            raise refusal("voting.not_counted", box=box.id)
        case.not_before(box.objections_until)
        case.goes_on()
        counted = await count_again(case.session, box, law.pack_for(case.renovation.rule_pack))
        box.tally = dict(counted.record)
        return Recorded(
            VoteResult(
                box_id=box.id,
                adopted=counted.adopted,
                run_off=counted.run_off,
                follow_up=counted.follow_up,
            ),
            {
                "box": box.id,
                "adopted": counted.adopted,
                "run_off": counted.run_off,
                **counted.afterwards(None),
                "motions": dict(counted.record),
                "checks": counted.checks,
            },
        )

    @writes("AfterVote.put_again", event="voting.result_declared", into=VotingOutcome)
    async def put_again(self, case: Case, result: VoteResult) -> Recorded[VotingOutcome]:
        """What failed is put again under a lower bar (France 25-1, 26-1; second calls).

        Nothing is published yet: what owners may object to is the result of the second vote.
        """
        box = await _closed(case, result.box_id)
        if result.follow_up is None:
            raise refusal("voting.not_counted", box=box.id)
        outcome = VotingOutcome(
            outcome=VotingResult.SECOND_VOTE, box_id=box.id, follow_up=result.follow_up
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


async def _closed(case: Case, box_id: str) -> BallotBox:
    box = await case.session.get(BallotBox, box_id, with_for_update={"key_share": True})
    if box is None:
        raise refusal("voting.box_unknown", where=box_id)
    if box.tally is None:
        raise refusal("voting.not_counted", box=box.id)
    return box
