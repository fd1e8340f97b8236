"""The driver of the demo: looks at what the renovation waits for and does what a person would do."""

import asyncio

from cli.demo import bidding, cost_sharing, feedback, inspection, voting
from cli.demo.hand import Hand, Reaction
from cli.demo.view import View

REACTIONS: dict[str, Reaction] = {
    **voting.REACTIONS,
    **cost_sharing.REACTIONS,
    **bidding.REACTIONS,
    **inspection.REACTIONS,
    **feedback.REACTIONS,
}
"""What a person does about each `waiting_for`; every other one is the engine's or the clock's."""


async def travel(hand: Hand) -> View:
    """React until the renovation has ended.

    Raises:
        Refused: what looking or a reaction raises.
    """
    done: set[str] = set()
    try:
        while True:
            view = await hand.look()
            if view.state != "running":
                return view
            hand.show.waiting(f"{view.stage}: waiting for {view.waiting_for}")
            await _react(hand, view, done)
            await asyncio.sleep(hand.poll_s)
    finally:
        for task in hand.background:
            task.cancel()


async def _react(hand: Hand, view: View, done: set[str]) -> None:
    """Once for each thing that is waited for in a stage."""
    reaction = REACTIONS.get(view.waiting_for)
    key = f"{view.stage}/{view.waiting_for}"
    if reaction is not None and key not in done:
        done.add(key)
        await reaction(hand, view)
