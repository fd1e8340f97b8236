"""The works of the demo: eight blocks, of which one fails, is put right and inspected by another."""

from cli.demo import figures, people
from cli.demo.bidding import winner
from cli.demo.estate import BLOCKS, CONCEALED_BLOCK
from cli.demo.feedback import complain
from cli.demo.hand import Hand, Reaction
from cli.demo.people import Official
from cli.demo.view import View

CONCEALED_NOTICE_DAYS = 3
"""Concealed works are looked at 48 hours after the contractor's notice, or later."""
FAILING = 3
CONCEALED = f"block-{CONCEALED_BLOCK}"


async def build(hand: Hand, _view: View) -> None:
    """Every block is reported and inspected."""
    hand.do_meanwhile(complain(hand))
    contractor = people.official(winner(hand.seed))
    for number in range(1, BLOCKS + 1):
        item = f"block-{number}"
        await hand.act("report_item", contractor, f"{item}-report", item_id=item)
    await hand.case_days(CONCEALED_NOTICE_DAYS)
    for number in range(1, BLOCKS + 1):
        await _inspect(hand, number, contractor)
    hand.show.say(f"{BLOCKS} blocks inspected; block {FAILING} failed, was put right and passed")


async def accept(hand: Hand, _view: View) -> None:
    """The chief supervising engineer signs the completion acceptance."""
    await hand.act("accept_works", people.CHIEF_SUPERVISOR, "accept")
    hand.show.say("works accepted by the chief supervising engineer")


async def release_money(hand: Hand, _view: View) -> None:
    """The committee releases the money, less the two omissions and the retention."""
    omitted = sum(omission.credit_fen for omission in figures.OMISSIONS)
    note = "；".join(
        f"{omission.title} {omission.credit_fen // figures.YUAN:,} 元"
        for omission in figures.OMISSIONS
    )
    await hand.act("approve_payment", people.COMMITTEE, "payment", omissions_fen=omitted, note=note)
    hand.show.say(f"payment released; omissions of {omitted // figures.YUAN:,} yuan credited")


async def _inspect(hand: Hand, number: int, contractor: Official) -> None:
    item = f"block-{number}"
    fails = number == FAILING
    if item == CONCEALED:
        await _record(hand, item, people.SUPERVISOR, "concealed", fails=False)
    await _record(hand, item, people.SUPERVISOR, "inspect", fails=fails)
    if fails:
        await hand.act("report_rectified", contractor, f"{item}-rectified", item_id=item)
        await _record(hand, item, people.SECOND_SUPERVISOR, "again", fails=False)


async def _record(hand: Hand, item: str, who: Official, step: str, *, fails: bool) -> None:
    await hand.act(
        "record_inspection",
        who,
        f"{item}-{step}",
        item_id=item,
        kind="concealed" if step == "concealed" else "stage",
        outcome="FAIL" if fails else "PASS",
        defects=["七层东侧外墙空鼓"] if fails else [],
    )


REACTIONS: dict[str, Reaction] = {
    "works": build,
    "accept_works": accept,
    "approve_payment": release_money,
}
