"""The vote of the demo: a first wave short of the quorum, the extension, a second wave, an objection."""

from collections.abc import Sequence

from cli.demo.client import at_once
from cli.demo.driver import Driver, Reaction
from cli.demo.residents import NotLetIn
from cli.demo.stages.ballots import DemoBallot
from cli.demo.stages.suggestions import suggest
from cli.demo.town import people
from cli.words import number_of, said
from models.values.refusal import Refused, refusal
from service.views import BoxView, RenovationView


async def open_vote(driver: Driver, _view: RenovationView) -> None:
    """What residents suggest is answered first; then the vote is announced, and letters are printed."""
    await suggest(driver)
    await driver.act("open_vote", people.COMMITTEE, "open-vote")
    driver.say(said("demo.line.announced"))
    plan = driver.plan
    motions = sorted(plan.first[0].choices)
    await driver.residents.give_mandates(plan.by_agent, motions, driver.clock.now)
    driver.say(said("demo.line.mandates", mandates=number_of("mandates", len(plan.by_agent))))
    letters = await driver.residents.print_letters()
    driver.say(said("demo.line.letters", letters=number_of("letters", letters)))


async def cast_ballots(driver: Driver, _view: RenovationView) -> None:
    """The first wave falls short; the second one comes when the vote has been extended."""
    plan = driver.plan
    before = await _box(driver)
    await send(driver, plan.first)
    await send(driver, (*plan.again, *plan.changed, *plan.forged, *plan.strange))
    driver.say(said("demo.line.first_wave", ballots=number_of("ballots", len(plan.first))))
    # The next thing that falls due is the look at the turnout, before the close.
    await driver.next()
    await driver.morning()
    after = await _box(driver)
    if after.closes_at <= before.closes_at:
        raise _not_extended("ballots")
    until = driver.at_the_place(after.closes_at)
    driver.say(said("demo.line.extended", until=f"{until:%Y-%m-%d %H:%M}"))
    await send(driver, plan.second)
    driver.say(said("demo.line.second_wave", ballots=number_of("more_ballots", len(plan.second))))


async def object_to_result(driver: Driver, view: RenovationView) -> None:
    """Late ballots are refused; a neighbour objects and gets an answer."""
    await send(driver, driver.plan.late)
    driver.say(number_of("late_ballots", len(driver.plan.late)))
    unit = driver.plan.first[0].unit_number
    publication = view.publication
    if publication is None:
        raise driver.stands_still()
    filed = await driver.post(
        "/objections",
        await driver.residents.ticket(unit),
        "objection",
        {
            "publication_id": publication.id,
            "unit_number": unit,
            "text": "一号楼没有收到选票通知。",
        },
    )
    await driver.act(
        "answer_objection",
        people.COMMITTEE,
        "answer-objection",
        publication_id=publication.id,
        objection_id=filed.text("id"),
        upheld=False,
        answer="送达记录显示一号楼已张贴并逐户送达，异议不成立。",
    )
    driver.say(said("demo.line.objection"))


async def _box(driver: Driver) -> BoxView:
    """The box while the vote lasts; a vote that was over without an extension cannot go on."""
    view = await driver.look()
    if view.box is None or view.waiting_for != "ballots":
        raise _not_extended(view.waiting_for)
    return view.box


async def send(driver: Driver, casts: Sequence[DemoBallot]) -> None:
    """Count by receipt, so that an answer that was lost and asked for again counts as one."""

    async def cast(ballot: DemoBallot) -> None:
        try:
            answer = await driver.residents.vote(ballot.credential_of, ballot.body())
        except NotLetIn as no:
            driver.refused[no.code] += 1
            return
        if not answer.accepted:
            driver.refused[answer.code] += 1
        elif ballot.command_id in driver.acknowledged:
            driver.repeated += 1
        else:
            driver.acknowledged.add(ballot.command_id)

    await at_once(casts, cast)


def _not_extended(now: str) -> Refused:
    return refusal("demo.not_extended", now=now)


REACTIONS: dict[str, Reaction] = {
    "open_vote": open_vote,
    "ballots": cast_ballots,
    "objections.vote_result": object_to_result,
}
