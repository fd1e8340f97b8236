"""The tender of the demo: 57 sealed bids, the published winner, the contract on its terms."""

from pydantic import JsonValue

from cli.demo import figures, people
from cli.demo.doors import at_once
from cli.demo.hand import Hand, Reaction
from cli.demo.view import View

NOTICE_DAYS = 6
"""Bidders read the documents before they bid."""


async def publish_tender(hand: Hand, _view: View) -> None:
    """The notice; bids close after the legal preparation time."""
    await hand.act("publish_tender", people.COMMITTEE, "tender")
    hand.show.say("tender published")


async def bid(hand: Hand, _view: View) -> None:
    """57 contractors hand in their sealed bids."""
    await hand.case_days(NOTICE_DAYS)
    bids = figures.bids(hand.seed)

    async def submit(given: figures.DemoBid) -> None:
        body: dict[str, JsonValue] = {
            "price_fen": given.price_fen,
            "bond_fen": given.bond_fen,
            "bond_account": given.bond_account,
            "flags": {"low_price_justified": True} if given.justified else {},
        }
        credential = hand.doors.official(given.bidder_id)
        await hand.post("/bids", credential, f"bid-{given.bidder_id}", body)

    await at_once(bids, submit, clients=8)
    hand.show.say(f"{len(bids)} sealed bids")


async def evaluate(hand: Hand, _view: View) -> None:
    """The evaluation committee reports."""
    await hand.act(
        "record_evaluation",
        people.EVALUATOR,
        "evaluation",
        report="最低评标价法；第一名已书面说明报价构成。",
    )
    hand.show.say("bids opened and evaluated; the candidates are published")


async def award(hand: Hand, _view: View) -> None:
    """Nobody objected: the first candidate wins."""
    await hand.act("award_contract", people.COMMITTEE, "award", bidder_id=winner(hand.seed))


async def sign(hand: Hand, _view: View) -> None:
    """The contract, on the terms of the bid."""
    await hand.act("sign_contract", people.COMMITTEE, "contract", value_fen=figures.WINNER_FEN)
    hand.show.say(f"contract signed: {figures.WINNER_FEN // figures.YUAN:,} yuan")


def winner(seed: int) -> str:
    """Who handed in the published lowest price."""
    return next(
        given.bidder_id for given in figures.bids(seed) if given.price_fen == figures.WINNER_FEN
    )


REACTIONS: dict[str, Reaction] = {
    "publish_tender": publish_tender,
    "bids": bid,
    "record_evaluation": evaluate,
    "award_contract": award,
    "sign_contract": sign,
}
