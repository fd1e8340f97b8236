"""The tender of the demo: eleven sealed bids, one low and explained, the contract on its terms."""

from pydantic import JsonValue

from cli.demo.driver import Driver, Reaction
from cli.demo.town import figures, people
from cli.words import number_of, said
from service.views import RenovationView

NOTICE_DAYS = 6
"""Bidders read the documents before they bid."""
SIGNING_DAYS = 12
"""From the award notice to the signature; the law allows 30."""


async def publish_tender(driver: Driver, _view: RenovationView) -> None:
    """The notice; bids close after the legal preparation time."""
    await driver.act("publish_tender", people.COMMITTEE, "tender")
    driver.say(said("demo.line.tender"))


async def bid(driver: Driver, _view: RenovationView) -> None:
    """The contractors hand in their sealed bids, one after the other."""
    await driver.days(NOTICE_DAYS)
    given = figures.bids(driver.seed, driver.figures)
    for each in given:
        body: dict[str, JsonValue] = {
            "price_fen": each.price_fen,
            "bond_fen": each.bond_fen,
            "bond_account": each.bond_account,
        }
        credential = driver.client.official(each.bidder_id)
        await driver.post("/bids", credential, f"bid-{each.bidder_id}", body)
    driver.say(number_of("sealed_bids", len(given)))


async def evaluate(driver: Driver, view: RenovationView) -> None:
    """The evaluation committee reports: it asked about the low price, and looked into what is alike."""
    asked: list[JsonValue] = [
        {
            "bidder_id": each.bidder_id,
            "question": "报价明显低于其他投标，请书面说明报价构成。",
            "answer": "材料为自有库存，附采购发票及工时测算。",
            "accepted": True,
            "reason": "发票与测算可以核实。",
        }
        for each in figures.bids(driver.seed, driver.figures)
        if each.justified
    ]
    cleared: list[JsonValue] = [
        {"kind": flag.kind, "bidders": list(flag.bidders), "reason": "经核对，单价分析互不相同。"}
        for flag in (view.tender.red_flags if view.tender else ())
    ]
    await driver.act(
        "record_evaluation",
        people.EVALUATOR,
        "evaluation",
        report="最低评标价法；第一名已书面说明报价构成。",
        low_prices=asked,
        cleared=cleared,
    )
    driver.say(said("demo.line.evaluated"))


async def award(driver: Driver, _view: RenovationView) -> None:
    """Nobody objected: the first candidate wins."""
    winner = figures.winner(driver.seed, driver.figures)
    await driver.act("award_contract", people.COMMITTEE, "award", bidder_id=winner)
    driver.say(said("demo.line.awarded"))


async def sign(driver: Driver, _view: RenovationView) -> None:
    """The contract, on the terms of the bid."""
    await driver.days(SIGNING_DAYS)
    value = driver.figures.winner_fen
    await driver.act("sign_contract", people.COMMITTEE, "contract", value_fen=value)
    driver.say(said("demo.line.signed", yuan=f"{value // figures.YUAN:,}"))


REACTIONS: dict[str, Reaction] = {
    "publish_tender": publish_tender,
    "bids": bid,
    "record_evaluation": evaluate,
    "award_contract": award,
    "sign_contract": sign,
}
