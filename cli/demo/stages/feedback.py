"""Feedback in the demo: a complaint that escalates to the street office, and a survey."""

from pydantic import JsonValue

from cli.demo.client import at_once
from cli.demo.driver import Driver, Reaction
from cli.demo.town import people
from cli.demo.town.estate import DemoUnit
from cli.words import named, number_of, said
from service.open_matters import TicketView
from service.views import RenovationView

SURVEY_MOST = 120
"""Enough households for a figure; the demo's time goes to the ballots."""
SURVEY_DAYS = 5
"""After so many days of the survey's fourteen."""
SCORES = (5, 5, 4, 5, 4, 5, 4, 5, 3, 5)
LOW_LEVELS = frozenset({"grid", "community"})


async def complain(driver: Driver) -> None:
    """Grid and community leave a complaint lying: it escalates to the street office."""
    unit = driver.plan.first[0].unit_number
    credential = await driver.residents.ticket(unit)
    await driver.monday()
    opened = await driver.post(
        "/tickets",
        credential,
        "ticket",
        {"unit_number": unit, "kind": "noise", "text": "夜间施工噪声。", "confidential": False},
    )
    ticket = opened.text("id")
    driver.say(said("demo.line.noise"))
    level = (await _ticket(driver, ticket)).level
    while level in LOW_LEVELS:
        await driver.next()
        level = (await _ticket(driver, ticket)).level
    await driver.morning()
    driver.say(said("demo.line.unanswered", level=named("level", level)))
    await driver.act(
        "resolve_ticket",
        people.STREET_OFFICE,
        "resolve-ticket",
        ticket_id=ticket,
        answer="已责令施工单位22时后停工。",
    )
    path = f"/tickets/{ticket}/confirmation"
    await driver.post(path, credential, "confirm-ticket", {"satisfied": True})
    driver.say(said("demo.line.street_answered"))


async def answer_survey(driver: Driver, _view: RenovationView) -> None:
    """Some hundred households score the works, those first that have come in before."""
    await driver.days(SURVEY_DAYS)
    units = sorted(driver.units, key=lambda unit: not driver.residents.has_entered(unit.number))
    units = units[:SURVEY_MOST]

    async def score(numbered: tuple[int, DemoUnit]) -> None:
        place, unit = numbered
        body: dict[str, JsonValue] = {
            "unit_number": unit.number,
            "score": SCORES[place % len(SCORES)],
        }
        credential = await driver.residents.ticket(unit.number)
        await driver.post("/survey-answers", credential, f"survey-{unit.number}", body)

    await at_once(enumerate(units), score, clients=16)
    driver.say(number_of("answers", len(units)))


async def _ticket(driver: Driver, ticket_id: str) -> TicketView:
    """The complaint as it stands."""
    view = await driver.look()
    found = next((each for each in view.tickets if each.id == ticket_id), None)
    if found is None:
        raise driver.stands_still()
    return found


REACTIONS: dict[str, Reaction] = {"survey": answer_survey}
