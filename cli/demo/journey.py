"""The loop of the demo: read what the renovation waits for, do what a person would do about it."""

from datetime import datetime

from cli.demo.driver import Driver, Reaction
from cli.demo.stages import bidding, cost_sharing, feedback, inspection, voting, warranty
from cli.words import named, said, wait_named
from models.values.states import OPEN_STATES
from service.views import RenovationView

REACTIONS: dict[str, Reaction] = {
    **voting.REACTIONS,
    **cost_sharing.REACTIONS,
    **bidding.REACTIONS,
    **inspection.REACTIONS,
    **feedback.REACTIONS,
    **warranty.REACTIONS,
}
"""What a person does about each `waiting_for`; for every other one the clock goes on."""
PAYMENTS = "payments"
"""What is called beside another wait is a later instalment."""


async def travel(driver: Driver) -> RenovationView:
    """React, or move the clock to the next deadline, until the renovation has ended.

    Raises:
        Refused: what looking, moving or a reaction raises.
    """
    done: set[str] = set()
    paid: set[datetime] = set()
    while True:
        view = await driver.look()
        if view.state not in OPEN_STATES:
            return view
        stage, what = named("stage", view.stage), wait_named(view.waiting_for)
        day = driver.today.isoformat()
        driver.show.waiting(said("demo.line.waiting", day=day, stage=stage, what=what))
        if view.waiting_for != PAYMENTS and (called := driver.awaited(PAYMENTS) - paid):
            paid |= called
            await driver.morning()
            await cost_sharing.pay_later(driver, len(paid))
            continue
        # Once for each thing that is waited for in a stage.
        key = f"{view.stage}/{view.waiting_for}"
        reaction = REACTIONS.get(view.waiting_for)
        if reaction is None or key in done or not driver.has_begun(view.waiting_for):
            await driver.next()
        elif driver.before_hours:
            await driver.morning()
        else:
            done.add(key)
            await reaction(driver, view)
