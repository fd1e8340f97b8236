"""The collection of the demo: two reminders bring in 96 of 100 households; one is relieved."""

from collections.abc import Sequence

from pydantic import JsonValue

from cli.demo.client import at_once
from cli.demo.driver import Charge, Driver, Reaction
from cli.demo.town import people
from cli.words import said
from service.views import RenovationView

BATCH = 300
"""Payments in one request, which stays below the 65,536 bytes that the service reads."""
PAID_PERCENT = (81, 92, 96)
"""So many households have paid after the call, the first and the second reminder; invented."""


async def relieve(driver: Driver, _view: RenovationView) -> None:
    """One household in hardship: the neighbours' fund pays its first instalment."""
    charge = (await driver.due_list.charges(driver.renovation_id))[-1]
    await driver.act(
        "approve_relief",
        people.STREET_OFFICE,
        "relief",
        unit_number=charge.unit_number,
        kind="reduction",
        amount_fen=charge.amount_fen,
        funded_by="邻里互助金",
    )
    driver.say(said("demo.line.share_table"))


async def pay(driver: Driver, _view: RenovationView) -> None:
    """The bank reports what comes in after the call, and after each reminder."""
    charges = await driver.due_list.charges(driver.renovation_id)
    paid = 0
    for reminder, percent in enumerate(PAID_PERCENT):
        if reminder:
            await driver.next()
            await driver.morning()
        now = len(charges) * percent // 100
        await _report(driver, charges[paid:now], reminder)
        paid = now
        driver.say(said("demo.line.paid", paid=f"{paid:,}", all=f"{len(charges):,}"))


async def pay_later(driver: Driver, number: int) -> None:
    """The homes that paid their first instalment pay the later one of this number when it is called."""
    charges = await driver.due_list.charges(driver.renovation_id)
    paying = {each.unit_number for each in charges[: len(charges) * PAID_PERCENT[-1] // 100]}
    due = await driver.due_list.due(driver.renovation_id, driver.clock.now)
    owed = [each for each in due if each.unit_number in paying]
    await _report(driver, owed, len(PAID_PERCENT) + number)
    driver.say(said("demo.line.paid", paid=f"{len(owed):,}", all=f"{len(due):,}"))


async def start_anyway(driver: Driver, _view: RenovationView) -> None:
    """Below the threshold at the deadline: two committees decide to start with what is there."""
    made = await driver.act(
        "decide_collection",
        people.COMMITTEE,
        "collection",
        decision="start",
        reason="已收款项足以开工。",
    )
    line: dict[str, JsonValue] = {name: made.text(name) for name in ("id", "content_sha256")}
    credential = driver.client.official(people.COMMUNITY.id)
    sheet: dict[str, JsonValue] = {"proposals": [line]}
    await driver.post("/proposals/confirmations", credential, "collection-confirmed", sheet)
    driver.say(said("demo.line.below"))


async def _report(driver: Driver, paying: Sequence[Charge], reminder: int) -> None:
    """In batches, as a bank sends them."""
    batches = [paying[start : start + BATCH] for start in range(0, len(paying), BATCH)]
    credential = driver.client.official(people.BANK.id)

    async def report(numbered: tuple[int, Sequence[Charge]]) -> None:
        number, batch = numbered
        body: dict[str, JsonValue] = {"payments": _payments(batch, reminder), "source": "owner"}
        await driver.post("/payments", credential, f"payments-{reminder}-{number}", body)

    await at_once(enumerate(batches, 1), report, clients=4)


def _payments(charges: Sequence[Charge], reminder: int) -> list[JsonValue]:
    later = f"{reminder}-" if reminder >= len(PAID_PERCENT) else ""
    return [
        {
            "unit_number": charge.unit_number,
            "amount_fen": charge.amount_fen,
            "reference": f"demo-{later}{charge.unit_number}",
        }
        for charge in charges
    ]


REACTIONS: dict[str, Reaction] = {
    "objections.share_table": relieve,
    "payments": pay,
    "decide_collection": start_anyway,
}
