"""The residents' word in the demo: a complaint that climbs to the street office, and a survey."""

import asyncio

from pydantic import JsonValue

from cli.demo import people
from cli.demo.doors import at_once
from cli.demo.estate import DemoUnit
from cli.demo.hand import Hand, Reaction
from cli.demo.view import View

SURVEY_MOST = 300
"""Enough households for a figure; the demo's time goes to the ballots."""
SCORES = (5, 5, 4, 5, 4, 5, 4, 5, 3, 5)
MONDAY = 1


async def complain(hand: Hand) -> None:
    """Grid and community leave a complaint lying: it escalates to the street office."""
    unit = hand.plan.first[0].unit_number
    credential = hand.doors.voter(unit)
    await _until_monday(hand)
    opened = await hand.post(
        "/tickets",
        credential,
        "ticket",
        {"unit_number": unit, "kind": "noise", "text": "夜间施工噪声。", "confidential": False},
    )
    ticket = opened.text("id")
    level = await _escalated(hand, ticket)
    # Case time runs fast: whoever holds it by now answers.
    holder = people.STREET_OFFICE if level == "street" else people.BUREAU
    await hand.act(
        "resolve_ticket",
        holder,
        "resolve-ticket",
        ticket_id=ticket,
        answer="已责令施工单位22时后停工。",
    )
    path = f"/tickets/{ticket}/confirmation"
    await hand.post(path, credential, "confirm-ticket", {"satisfied": True})
    hand.show.say(f"a complaint escalated to {level}, was answered there and confirmed")


async def answer_survey(hand: Hand, _view: View) -> None:
    """Some hundred households score the works."""
    units = hand.units[:SURVEY_MOST]

    async def score(numbered: tuple[int, DemoUnit]) -> None:
        place, unit = numbered
        body: dict[str, JsonValue] = {
            "unit_number": unit.number,
            "score": SCORES[place % len(SCORES)],
        }
        credential = hand.doors.voter(unit.number)
        await hand.post("/survey-answers", credential, f"survey-{unit.number}", body)

    await at_once(enumerate(units), score, clients=16)
    hand.show.say(f"{len(units)} survey answers")


async def _until_monday(hand: Hand) -> None:
    """Complain on a Monday: the street office's three working days then span a weekend."""
    while (await hand.look()).case_now.isoweekday() != MONDAY:  # noqa: ASYNC110 - a service, no event
        await asyncio.sleep(hand.poll_s)


async def _escalated(hand: Hand, ticket: str) -> str:
    """The level above the community that the ticket has reached."""
    while True:
        for each in (await hand.look()).tickets:
            if each.id == ticket and each.level not in ("grid", "community"):
                return each.level
        await asyncio.sleep(hand.poll_s)


REACTIONS: dict[str, Reaction] = {"survey": answer_survey}
