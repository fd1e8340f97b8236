"""The vote of the demo: a first wave short of the quorum, the extension, a second wave, an objection."""

from collections.abc import Sequence

from cli.demo.client import at_once
from cli.demo.driver import Driver, Reaction
from cli.demo.stages.ballots import DemoBallot
from cli.demo.town import people
from cli.demo.view import BoxView, View
from cli.shown import ZONE
from models.values.refusal import Refused, refusal


async def open_vote(hand: Driver, _view: View) -> None:
    """The committee announces the vote."""
    await hand.act("open_vote", people.COMMITTEE, "open-vote")
    hand.say("vote announced; the notice period runs")


async def cast_ballots(hand: Driver, _view: View) -> None:
    """The first wave falls short; the second one comes when the vote has been extended."""
    plan = hand.plan
    before = await _box(hand)
    await send(hand, plan.first)
    await send(hand, (*plan.again, *plan.changed, *plan.forged, *plan.strange))
    hand.say(f"{len(plan.first):,} ballots from 64 clients at once: short of the quorum")
    # The next thing that falls due is the look at the turnout, before the close.
    await hand.next()
    await hand.morning()
    after = await _box(hand)
    if after.closes_at <= before.closes_at:
        raise _not_extended("ballots")
    until = after.closes_at.astimezone(ZONE)
    hand.say(f"the one extension, decided before the close: until {until:%Y-%m-%d %H:%M}")
    await send(hand, plan.second)
    hand.say(f"{len(plan.second):,} more ballots within the extension")


async def object_to_result(hand: Driver, view: View) -> None:
    """Late ballots are refused; a neighbour objects and gets an answer."""
    await send(hand, hand.plan.late)
    hand.say(f"{len(hand.plan.late)} late ballots refused")
    unit = hand.plan.first[0].unit_number
    publication = view.publication
    if publication is None:
        raise hand.stands_still()
    filed = await hand.post(
        "/objections",
        hand.doors.voter(unit),
        "objection",
        {
            "publication_id": publication.id,
            "unit_number": unit,
            "text": "一号楼没有收到选票通知。",
        },
    )
    await hand.act(
        "answer_objection",
        people.COMMITTEE,
        "answer-objection",
        publication_id=publication.id,
        objection_id=filed.text("id"),
        upheld=False,
        answer="送达记录显示一号楼已张贴并逐户送达，异议不成立。",
    )
    hand.say("an objection to the result: answered, not upheld")


async def _box(hand: Driver) -> BoxView:
    """The box while the vote lasts; a vote that was over without an extension cannot go on."""
    view = await hand.look()
    if view.box is None or view.waiting_for != "ballots":
        raise _not_extended(view.waiting_for)
    return view.box


async def send(hand: Driver, casts: Sequence[DemoBallot]) -> None:
    """Count by receipt, so that an answer that was lost and asked for again counts as one."""

    async def cast(ballot: DemoBallot) -> None:
        credential = hand.doors.voter(ballot.credential_of)
        answer = await hand.doors.post("/ballots", credential, ballot.body())
        if not answer.accepted:
            hand.refused[answer.code] += 1
        elif ballot.command_id in hand.acknowledged:
            hand.repeated += 1
        else:
            hand.acknowledged.add(ballot.command_id)

    await at_once(casts, cast)


def _not_extended(now: str) -> Refused:
    return refusal("demo.not_extended", now=now)


REACTIONS: dict[str, Reaction] = {
    "open_vote": open_vote,
    "ballots": cast_ballots,
    "objections.vote_result": object_to_result,
}
