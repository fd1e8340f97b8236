"""Journeys that together take every step of the engine and every official act at least once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from models.messages import acts as a
from models.values.actor import Actor, Role
from models.values.cost_sharing import Funding, FundingSource, PayerSet
from models.values.refusal import Refused
from models.values.scheme import SchemeContent
from models.values.voting import Motion
from tests.support.estate import scheme_content
from tests.support.journey import (
    BUREAU,
    CHIEF,
    COMMITTEE,
    DAY,
    OTHER_SUPERVISOR,
    STREET,
    JourneyDriver,
    actor,
    builder,
    codes,
    complain,
    first_candidate,
    inspect,
    open_when_allowed,
    planned,
    works,
)

Scenario = Callable[[JourneyDriver], Awaitable[None]]
RESIDENT = actor(Role.OWNER, "unit:101")
GRID = actor(Role.GRID_WORKER)
GAP_FEN = 500
LATE_DAYS = 40
TAKEN_S, LOOK_S = 120, 0.2
"""By then whoever opens a vote has been reminded."""


def too_dear() -> SchemeContent:
    """The owners may carry less than the works cost, and nothing can be left out."""
    content = scheme_content()
    cost = sum(item.cost_fen for item in content.items)
    return content.model_copy(update={"funding": (), "owners_limit_fen": cost - GAP_FEN})


async def report(j: JourneyDriver, yes: int = 12) -> dict[str, Any]:
    """Everybody took part and so many, from the smallest on, said yes to every motion."""
    box = await j.box_id()
    areas = [
        row["area_dm2"]
        for row in await j.db.fetch(
            "SELECT area_dm2 FROM roll_entry WHERE box_id=$1 ORDER BY area_dm2", box
        )
    ]
    numbers = {
        "roll_heads": len(areas),
        "participating_heads": len(areas),
        "roll_area_dm2": sum(areas),
        "participating_area_dm2": sum(areas),
        "yes_heads": yes,
        "yes_area_dm2": sum(areas[:yes]),
        "no_heads": len(areas) - yes,
        "no_area_dm2": sum(areas[yes:]),
        "abstain_heads": 0,
        "abstain_area_dm2": 0,
    }
    return {
        "system": "city e-voting",
        "certificate": "WF-2026-17",
        "file_sha256": "ab" * 32,
        "results": {"works": numbers, "costs": numbers},
    }


async def open_for_ballots(j: JourneyDriver) -> None:
    """Wait until the notice period is over."""
    await j.until("ballots")
    opens_at = await j.db.fetchval("SELECT opens_at FROM ballot_box WHERE id=$1", await j.box_id())
    await j.move("to", to=(opens_at + DAY).isoformat())


async def taken(j: JourneyDriver, kind: type[a.Act], who: Actor, /, **fields: Any) -> None:
    """Do an act as soon as it is its turn: a step that broke after its commit is taken up a little later."""
    async with asyncio.timeout(TAKEN_S):
        while True:
            try:
                await j.act(kind, who, **fields)
            except Refused as refused:
                if codes(refused) != ["act.not_now"]:
                    raise
                await asyncio.sleep(LOOK_S)
            else:
                return


async def straight_on(j: JourneyDriver) -> None:
    """All stages, with a committee that is late, a complaint, an objection, a household in need and a
    crack.
    """
    await j.until("open_vote")
    await j.days(LATE_DAYS)
    await complaint_reopened(j)
    await j.until("objections.vote_result")
    await objection_answered(j, "vote_result", upheld=False)
    await j.until("payments")
    await relief(j)
    await j.until("works")
    await taken(j, a.ReportProgress, await builder(j), report="the scaffold stands")
    wages = {"amount_fen": 7 * GAP_FEN, "document": "payroll 3"}
    await taken(j, a.PayWages, STREET, worked_until=(await j.now()).date(), **wages)
    await put_right(j)
    await j.until("nothing")


async def round_about(j: JourneyDriver) -> None:
    """Whatever can be short or late is, and in the end the renovation is cancelled at the works, which are measured.

    Needs a scheme that is `too_dear`.
    """
    j.on("open_vote", open_when_allowed)
    j.on("payments", nobody_pays)
    j.on("bids", one_bid)
    await complaint_ignored(j)
    await official_vote(j, yes=6)
    await j.until("revise_scheme")
    await j.act(a.ReviseScheme, COMMITTEE, title="once more", reason="asked for")
    await official_vote(j)
    await j.until("subsidy")
    await j.act(a.GrantSubsidy, STREET, amount_fen=GAP_FEN, reason="district budget")
    await j.until("decide_collection")
    await j.act(a.DecideCollection, COMMITTEE, decision="start", reason="the street guarantees")
    await j.until("approve_direct_award")
    price = await j.value("SELECT max(ceiling_fen) FROM tender WHERE renovation_id=$1") * 9 // 10
    await j.act(
        a.ApproveDirectAward, STREET, bidder_id="b1", price_fen=price, reason="two tenders failed"
    )
    await j.until("works")
    await overdue(j)
    await j.act(a.CancelRenovation, STREET, reason="the estate will be rebuilt")
    await j.until("measure_works")
    await taken(j, a.MeasureWorks, CHIEF, measured_fen={"roof": GAP_FEN})
    await j.until("nothing")


async def in_default(j: JourneyDriver) -> None:
    """The contractor's default is not cured: the rest is built by another firm."""
    await not_cured(j)
    await j.until("nothing")


async def not_cured(j: JourneyDriver) -> None:
    """The time to cure a default is over, and the client is asked what follows.

    Before that nobody began the works until there was a notice.
    """
    await j.until("works")
    await stood_still(j)
    await overdue(j)
    j.on("works", silence)
    await j.until("terminate_contract")
    j.on("works", works)


async def cut_short(j: JourneyDriver) -> None:
    """While the shares are collected a home joins the risers and a subsidy is cut; the account is blocked for a time, and
    the case is cancelled.

    Needs `with_subsidy`.
    """
    await j.until("payments")
    joins = {"unit_number": (await j.units())[0], "item": "pipes", "document": "application 7"}
    await j.act(a.JoinLate, COMMITTEE, **joins, reason="the home wants to be connected")
    await j.act(a.CutSubsidy, STREET, funding="district", amount_fen=GAP_FEN, reason="the budget")
    await j.act(a.BlockPayments, STREET, ground="frozen", reason="by a court")
    await j.act(a.UnblockPayments, BUREAU, document="bank 7", reason="the court has freed it")
    await j.act(a.CancelRenovation, STREET, reason="the estate will be rebuilt")
    await j.until("nothing")


def with_subsidy(amount_fen: int = 100 * GAP_FEN) -> SchemeContent:
    """The district pays a part, and the risers are paid from the second floor up."""
    district = Funding(id="district", source=FundingSource.SUBSIDY, amount_fen=amount_fen)
    return upper_floors_pay().model_copy(update={"funding": (district,)})


def upper_floors_pay() -> SchemeContent:
    """The risers are paid from the second floor up, in equal parts."""
    content, upper = scheme_content(), PayerSet(scope="building", building="1", exempt_floors=(1,))
    items = tuple(
        each.model_copy(update={"payers": upper}) if each.id == "pipes" else each
        for each in content.items
    )
    return content.model_copy(update={"items": items})


async def reconvened(j: JourneyDriver) -> None:
    """Too few come to the first meeting; what the second one decides stands after its time to object.

    Needs `in_taiwan`. It is cancelled when money is collected.
    """
    j.on("ballots", five_say_yes)
    await j.until("payments")
    await j.act(a.CancelRenovation, STREET, reason="the estate will be rebuilt")
    await j.until("nothing")


def in_taiwan() -> SchemeContent:
    """One motion, whose matter Taiwan's law knows."""
    motion = Motion(id="works", title="Works", matter="repair")
    return scheme_content().model_copy(update={"motions": (motion,)})


async def five_say_yes(j: JourneyDriver) -> None:
    """Of twelve."""
    await j.cast("yes", 5 / 12)


async def without_contractor(j: JourneyDriver) -> None:
    """No subsidy, a vote on an extra levy, late words on the tender, and every candidate goes: shelved.

    The first vote is annulled and held again. One is struck out, one withdraws, with one nobody signs. Needs a scheme that is `too_dear`.
    """
    j.on("open_vote", open_when_allowed)
    j.on("sign_contract", nobody_signs)
    await j.until("subsidy")
    await j.act(a.AnnulVote, STREET, annulled_by="judgment", document="no. 9", reason="unlawful")
    await j.until("revise_scheme")
    await j.act(a.ReviseScheme, COMMITTEE, title="With a longer notice", reason="as it was ruled")
    await j.until("subsidy")
    await j.act(a.DeclineSubsidy, STREET, reason="no money this year")
    await j.until("revise_scheme")
    cost = sum(item.cost_fen for item in scheme_content().items)
    await j.act(a.ReviseScheme, COMMITTEE, owners_limit_fen=cost, reason="no subsidy")
    await j.act(a.CorrectRenovation, STREET, title="With an extra levy", reason="as it is")
    await j.until("bids")
    await j.act(a.ClarifyTender, STREET, change="the pipes are of 110 mm")
    await j.until("objections.candidates")
    await objection_answered(j, "candidates", upheld=True)
    await j.until("award_contract")
    leaves = {"bidder_id": await first_candidate(j), "reason": "no capacity"}
    await j.act(a.WithdrawCandidate, STREET, **leaves)
    await j.until("sign_contract")
    named = {"bidder_id": await first_candidate(j), "at_fault": "candidate", "reason": "it is gone"}
    await j.act(a.RuleOnSignature, BUREAU, **named)
    await j.until("nothing")


async def never_revised(j: JourneyDriver) -> None:
    """It stands still for a time; the scheme is rejected, and nobody ever revises it: shelved."""
    await overseen(j)
    j.on("ballots", everybody_says_no)
    await j.until("nothing")


async def overseen(j: JourneyDriver) -> None:
    """An office stops the case and lets it go on, gives time, turns to another, and orders corrections."""
    await j.until("open_vote")
    await j.act(a.SuspendRenovation, STREET, ground="court", reason="a suit was filed")
    await j.act(a.ResumeRenovation, BUREAU, reason="it was withdrawn")
    await j.act(a.ExtendPeriod, STREET, what="open_vote", days=5, reason="the time was lost")
    await j.act(a.ReassignAct, STREET, act="open_vote", role="street_office", reason="it is late")
    for ends in (a.ReportCorrected, a.LiftCorrection):
        addressed = {"addressee": "owners_committee", "event": 1, "days": 9}
        await j.act(a.OrderCorrection, STREET, **addressed, reason="the notice was too short")
        order = (await j.details("renovation.correction_ordered"))[-1]["order"]
        if ends is a.ReportCorrected:
            await j.act(ends, COMMITTEE, order_id=order, report="it was posted anew")
        else:
            await j.act(ends, BUREAU, order_id=order, reason="it was long enough")


async def everybody_says_no(j: JourneyDriver) -> None:
    """Against every motion."""
    await j.cast("no")


async def nobody_pays(_: JourneyDriver) -> None:
    """Silence at the till."""


async def silence(_: JourneyDriver) -> None:
    """Nobody comes."""


async def nobody_signs(_: JourneyDriver) -> None:
    """Silence after the award."""


async def one_bid(j: JourneyDriver) -> None:
    """Too few to open."""
    ceiling = await j.value(
        "SELECT ceiling_fen FROM tender WHERE renovation_id=$1 AND state='open'"
    )
    await j.bid(ceiling * 95 // 100)


async def official_vote(j: JourneyDriver, yes: int = 12) -> None:
    """The result comes from the city's system."""
    await open_for_ballots(j)
    await j.act(a.ImportOfficialResult, STREET, **await report(j, yes))


async def complaint_reopened(j: JourneyDriver) -> None:
    """Answered, not satisfied, answered again, satisfied."""
    ticket = await complain(j)
    for satisfied in (False, True):
        await j.parts.clocks.settle(j.rid)
        await j.act(a.ResolveTicket, GRID, ticket_id=ticket, answer="a lamp was mounted")
        await j.act(a.ConfirmTicket, RESIDENT, ticket_id=ticket, satisfied=satisfied)


async def complaint_ignored(j: JourneyDriver) -> None:
    """It climbs to the district, is answered there, and nobody says whether that is enough."""
    ticket = await complain(j)
    while await _of_ticket(j, ticket, "level") != "district":
        await j.go_on()
    await j.act(a.ResolveTicket, BUREAU, ticket_id=ticket, answer="a lamp was mounted")
    while await _of_ticket(j, ticket, "state") != "closed":
        await j.go_on()


async def _of_ticket(j: JourneyDriver, ticket: str, column: str) -> str:
    await j.parts.clocks.settle(j.rid)
    return str(await j.db.fetchval(f"SELECT {column} FROM ticket WHERE id=$1", ticket))


async def objection_answered(j: JourneyDriver, subject: str, *, upheld: bool) -> None:
    """An owner objects, and gets an answer."""
    publication, objection = await j.object_to(subject)
    await j.act(
        a.AnswerObjection,
        STREET,
        publication_id=publication,
        objection_id=objection,
        upheld=upheld,
        answer="looked at",
    )


async def relief(j: JourneyDriver) -> None:
    """A fund pays for the first household."""
    unit, due = await j.db.fetchrow(
        "SELECT unit_number, sum(amount_fen)::bigint FROM instalment WHERE renovation_id=$1"
        " GROUP BY 1 ORDER BY 1 LIMIT 1",
        j.rid,
    )
    await j.act(a.ApproveRelief, STREET, unit_number=unit, amount_fen=due, funded_by="pool")


async def failed(j: JourneyDriver) -> str:
    """The first item is reported and has a crack."""
    item, concealed = (await planned(j))[0]
    await j.act(a.ReportItem, await builder(j), item_id=item)
    if concealed:
        await inspect(j, item, "PASS", kind="concealed")
    await inspect(j, item, "FAIL")
    return item


async def put_right(j: JourneyDriver, meanwhile: Scenario | None = None) -> None:
    """The crack is filled, and somebody else looks; before that whatever happens `meanwhile`."""
    item = await failed(j)
    if meanwhile is not None:
        await meanwhile(j)
    await j.act(a.ReportRectified, await builder(j), item_id=item)
    await inspect(j, item, "PASS", OTHER_SUPERVISOR)
    await works(j)


async def stood_still(j: JourneyDriver) -> None:
    """Nobody comes to the site, until the contractor has a notice to begin."""
    while "inspection.standstill_noticed" not in await j.events():
        await j.go_on()


async def overdue(j: JourneyDriver) -> None:
    """The crack stays, and the contractor is in default."""
    await failed(j)
    while "inspection.rectification_overdue" not in await j.events():
        await j.go_on()


OPTIONS: Mapping[Scenario, Mapping[str, Any]] = {
    cut_short: {"content": with_subsidy()},
    round_about: {"content": too_dear()},
    reconvened: {"content": in_taiwan(), "rule_pack": "TW-2003"},
    without_contractor: {"content": too_dear()},
}
"""What the case of a journey is made with, where it is no ordinary one."""
