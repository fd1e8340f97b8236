"""The vote of the demo: a first wave short of the quorum, the extension, a second wave, an objection."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from cli.demo import people
from cli.demo.ballots import Cast
from cli.demo.doors import at_once
from cli.demo.hand import Hand, Reaction
from cli.demo.view import BoxView, View
from models.values.refusal import Problem, Refused

CREATED = 201


async def open_vote(hand: Hand, _view: View) -> None:
    """The committee announces the vote."""
    await hand.act("open_vote", people.COMMITTEE, "open-vote")
    hand.show.say("vote announced; the notice period runs")


async def cast_ballots(hand: Hand, _view: View) -> None:
    """The first wave falls short; the second one comes when the vote has been extended."""
    plan = hand.plan
    box = await _opened(hand)
    await _send(hand, plan.first)
    await _send(hand, (*plan.again, *plan.changed, *plan.forged, *plan.strange))
    hand.show.say(f"{len(plan.first):,} ballots from 64 clients at once: short of the quorum")
    while (await _box(hand)).closes_at == box.closes_at:  # noqa: ASYNC110 - a service, no event
        await asyncio.sleep(hand.poll_s)
    hand.show.say("the one extension, decided before the close")
    await _send(hand, plan.second)
    hand.show.say(f"{len(plan.second):,} more ballots within the extension")


async def object_to_result(hand: Hand, view: View) -> None:
    """Late ballots are refused; a neighbour objects and gets an answer."""
    await _send(hand, hand.plan.late)
    hand.show.say(f"{len(hand.plan.late)} late ballots refused")
    unit = hand.plan.first[0].unit_number
    publication = view.publication
    if publication is None:
        raise Refused(Problem(code="demo.stands_still", params=_standing(view)))
    filed = await hand.post(
        "/objections",
        hand.doors.voter(unit),
        "objection",
        {
            "publication_id": publication.id,
            "unit_number": unit,
            "text": "三号楼没有收到选票通知。",
        },
    )
    await hand.act(
        "answer_objection",
        people.COMMITTEE,
        "answer-objection",
        publication_id=publication.id,
        objection_id=filed.text("id"),
        upheld=False,
        answer="送达记录显示三号楼已张贴并逐户送达，异议不成立。",
    )
    hand.show.say("an objection to the result: answered, not upheld")


async def _opened(hand: Hand) -> BoxView:
    """The box once its notice period is over: it opens by the real clock."""
    box = await _box(hand)
    left = (box.opens_at - datetime.now(box.opens_at.tzinfo)).total_seconds()
    await asyncio.sleep(max(0.0, left))
    return box


async def _box(hand: Hand) -> BoxView:
    """The box while the vote lasts; a vote that was over without an extension cannot go on."""
    view = await hand.look()
    if view.box is None or view.waiting_for != "ballots":
        raise Refused(Problem(code="demo.not_extended", params={"now": view.waiting_for}))
    return view.box


async def _send(hand: Hand, casts: Sequence[Cast]) -> None:
    async def cast(ballot: Cast) -> None:
        credential = hand.doors.voter(ballot.credential_of)
        answer = await hand.doors.post("/ballots", credential, ballot.body())
        if answer.status == CREATED:
            hand.accepted += 1
        elif answer.accepted:
            hand.repeated += 1
        else:
            hand.refused[answer.code] += 1

    await at_once(casts, cast)


def _standing(view: View) -> dict[str, str | int]:
    return {"waiting_for": view.waiting_for, "stage": view.stage, "seconds": 0}


REACTIONS: dict[str, Reaction] = {
    "open_vote": open_vote,
    "ballots": cast_ballots,
    "objections.vote_result": object_to_result,
}
