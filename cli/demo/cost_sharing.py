"""The collection of the demo: 97 of 100 households pay, one is relieved, the rest is reminded."""

from collections.abc import Sequence

from pydantic import JsonValue

from cli.demo import people
from cli.demo.doors import at_once
from cli.demo.hand import Charge, Hand, Reaction
from cli.demo.view import View

BATCH = 300
"""Payments in one request, which stays below the 65,536 bytes that the service reads."""
COLLECTED_PERCENT = 97
"""As collected in the model within a year (S30)."""


async def relieve(hand: Hand, _view: View) -> None:
    """One household in hardship: the neighbours' fund pays its first instalment."""
    charge = (await hand.ledger.charges(hand.renovation_id))[-1]
    await hand.act(
        "approve_relief",
        people.STREET_OFFICE,
        "relief",
        unit_number=charge.unit_number,
        kind="reduction",
        amount_fen=charge.amount_fen,
        funded_by="邻里互助金",
    )
    hand.show.say("share table published; one household relieved by the mutual-aid fund")


async def pay(hand: Hand, _view: View) -> None:
    """The bank reports the payments in batches."""
    charges = await hand.ledger.charges(hand.renovation_id)
    paying = charges[: len(charges) * COLLECTED_PERCENT // 100]
    batches = [paying[start : start + BATCH] for start in range(0, len(paying), BATCH)]
    credential = hand.doors.official(people.BANK.id)

    async def report(numbered: tuple[int, Sequence[Charge]]) -> None:
        number, batch = numbered
        body: dict[str, JsonValue] = {"payments": _payments(batch), "source": "owner"}
        await hand.post("/payments", credential, f"payments-{number}", body)

    await at_once(enumerate(batches, 1), report, clients=4)
    hand.show.say(f"{len(paying):,} of {len(charges):,} households paid; the rest is reminded")


async def start_anyway(hand: Hand, _view: View) -> None:
    """Below the threshold at the deadline: the committee starts with what is there."""
    await hand.act(
        "decide_collection",
        people.COMMITTEE,
        "collection",
        decision="start",
        reason="已收款项足以开工。",
    )
    hand.show.say("collection below the threshold: decided to start")


def _payments(charges: Sequence[Charge]) -> list[JsonValue]:
    return [
        {
            "unit_number": charge.unit_number,
            "amount_fen": charge.amount_fen,
            "reference": f"demo-{charge.unit_number}",
        }
        for charge in charges
    ]


REACTIONS: dict[str, Reaction] = {
    "objections.share_table": relieve,
    "payments": pay,
    "decide_collection": start_anyway,
}
