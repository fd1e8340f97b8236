"""The end of the money in the demo: whoever owes pays, one home is helped, and after its years the retention is returned."""

from collections.abc import Sequence

from pydantic import JsonValue

from cli.demo.client import at_once
from cli.demo.driver import Driver, Owed, Reaction
from cli.demo.stages.cost_sharing import BATCH
from cli.demo.town import people
from cli.words import said
from service.views import RenovationView

HOUSEHOLD = "household"
POOL = "邻里互助金"


async def pay_the_rest(driver: Driver, view: RenovationView) -> None:
    """The later instalments come in, and the money of all who pay beside the households.

    One home cannot pay: the neighbours' fund takes its debt over, and pays it.
    """
    owed = await driver.due_list.owed(driver.renovation_id)
    homes = [each for each in owed if each.kind == HOUSEHOLD]
    paying, helped = homes[:-1], homes[-1:]
    for last in helped:
        await driver.act(
            "approve_relief",
            people.STREET_OFFICE,
            f"relief-{view.waiting_for}",
            unit_number=last.name,
            kind="pool",
            amount_fen=last.amount_fen,
            funded_by=POOL,
        )
    await _report(driver, paying, f"rest-{view.waiting_for}")
    others = await driver.due_list.owed(driver.renovation_id)
    beside = [each for each in others if each.kind != HOUSEHOLD]
    await _report(driver, beside, f"others-{view.waiting_for}")
    driver.say(said("demo.line.all_paid", homes=f"{len(homes):,}"))


async def release_retention(driver: Driver, _view: RenovationView) -> None:
    """After the years of the defect liability the committee returns what was kept back."""
    await driver.act("release_retention", people.COMMITTEE, "retention")
    driver.say(said("demo.line.retention"))


async def _report(driver: Driver, owed: Sequence[Owed], step: str) -> None:
    credential = driver.client.official(people.BANK.id)
    batches = [owed[start : start + BATCH] for start in range(0, len(owed), BATCH)]

    async def report(numbered: tuple[int, Sequence[Owed]]) -> None:
        number, batch = numbered
        body: dict[str, JsonValue] = {"payments": [_payment(each, step) for each in batch]}
        await driver.post("/payments", credential, f"payments-{step}-{number}", body)

    await at_once(enumerate(batches, 1), report, clients=4)


def _payment(owed: Owed, step: str) -> JsonValue:
    reference = f"demo-{step}-{owed.name}"
    if owed.kind == HOUSEHOLD:
        return {"unit_number": owed.name, "amount_fen": owed.amount_fen, "reference": reference}
    payer = f"{owed.kind}/{owed.name}".rstrip("/")
    return {"payer": payer, "amount_fen": owed.amount_fen, "reference": reference}


REACTIONS: dict[str, Reaction] = {
    "retention": pay_the_rest,
    "accounts": pay_the_rest,
    "release_retention": release_retention,
}
