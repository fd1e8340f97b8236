"""What an ordinary committee, its offices, firms and residents do for each thing that is waited for."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from models.messages import acts as a
from models.values.actor import Actor
from models.values.refusal import Refused
from tests.support.journeys.case import ToldCase
from tests.support.journeys.people import (
    BANK,
    BUREAU,
    CHIEF,
    COMMITTEE,
    CONTRACTOR,
    EVALUATOR,
    STREET,
    SUPERVISOR,
)


def codes(refused: Refused) -> list[str]:
    """The codes of a refusal."""
    return [problem.code for problem in refused.problems]


async def open_vote(j: ToldCase) -> None:
    await j.act(a.OpenVote, COMMITTEE)


async def open_when_allowed(j: ToldCase) -> None:
    """The law wants time between two votes: ask again until the vote may be opened."""
    try:
        await j.act(a.OpenVote, COMMITTEE)
    except Refused as error:
        if codes(error) != ["voting.re_vote_too_early"]:
            raise


async def everyone_says_yes(j: ToldCase) -> None:
    await j.cast("yes")


async def everyone_pays(j: ToldCase) -> None:
    await j.pay()


async def publish_tender(j: ToldCase) -> None:
    await j.act(a.PublishTender, STREET, causes="too few bidders; the notice goes to more")


async def three_bids(j: ToldCase) -> None:
    ceiling = await j.value(
        "SELECT ceiling_fen FROM tender WHERE renovation_id=$1 AND state='open'"
    )
    await j.bid(ceiling * 90 // 100, ceiling * 93 // 100, ceiling * 97 // 100)


async def record_evaluation(j: ToldCase) -> None:
    await j.act(a.RecordEvaluation, EVALUATOR, cleared=await cleared_flags(j))


async def cleared_flags(j: ToldCase) -> list[dict[str, Any]]:
    """The committee finds no collusion behind any red flag of the last opening."""
    flags = (await j.details("bidding.bids_opened"))[-1].get("red_flags", [])
    return [
        {"kind": flag["kind"], "bidders": flag["bidders"], "reason": "unit prices differ"}
        for flag in flags
    ]


async def first_candidate(j: ToldCase) -> str:
    return str(
        await j.value(
            "SELECT bidder_id FROM award JOIN tender ON tender.id = award.tender_id"
            " WHERE tender.renovation_id=$1 AND award.state IN ('candidate', 'awarded')"
            " ORDER BY tender.round DESC, rank LIMIT 1"
        )
    )


async def award(j: ToldCase) -> None:
    await j.act(a.AwardContract, STREET, bidder_id=await first_candidate(j))


async def sign(j: ToldCase) -> None:
    price = await j.value(
        "SELECT award.price_fen FROM award JOIN tender ON tender.id = award.tender_id"
        " WHERE tender.renovation_id=$1 AND award.state='awarded' ORDER BY tender.round DESC"
    )
    await j.act(a.SignContract, STREET, value_fen=price)


async def planned(j: ToldCase) -> list[tuple[str, bool]]:
    rows = await j.db.fetch(
        "SELECT id, concealed FROM work_item WHERE renovation_id=$1 ORDER BY id", j.rid
    )
    return [(str(row["id"]).removeprefix(f"{j.rid}."), bool(row["concealed"])) for row in rows]


async def builder(j: ToldCase) -> Actor:
    """Whoever has the latest contract."""
    bidder = await j.value(
        "SELECT bidder_id FROM contract WHERE renovation_id=$1 ORDER BY works_round DESC"
    )
    return CONTRACTOR.model_copy(update={"id": bidder})


async def works(j: ToldCase) -> None:
    """Every item is reported and passes."""
    firm = await builder(j)
    for item, concealed in await planned(j):
        state = await j.value(
            "SELECT state FROM work_item WHERE renovation_id=$1 AND id=$2", f"{j.rid}.{item}"
        )
        if state != "planned":
            continue
        await j.act(a.ReportItem, firm, item_id=item)
        if concealed:
            await inspect(j, item, "PASS", kind="concealed")
        await inspect(j, item, "PASS")


async def inspect(
    j: ToldCase, item: str, outcome: str, who: Actor = SUPERVISOR, kind: str = "stage"
) -> None:
    defects = ("a crack",) if outcome == "FAIL" else ()
    await j.act(a.RecordInspection, who, item_id=item, kind=kind, outcome=outcome, defects=defects)


async def accept(j: ToldCase) -> None:
    await j.act(a.AcceptWorks, CHIEF)


async def approve_payment(j: ToldCase) -> None:
    await j.act(a.ApprovePayment, BUREAU)


async def kept_back(j: ToldCase) -> list[str]:
    """The contracts of whose retention nobody has decided."""
    rows = await j.db.fetch(
        "SELECT a.name FROM ledger_account a WHERE a.renovation_id = $1 AND a.kind = 'retention'"
        " AND a.balance_fen < 0 AND NOT EXISTS (SELECT FROM retention_release r"
        "   WHERE r.contract_id = a.name) ORDER BY a.name",
        j.rid,
    )
    return [str(row["name"]) for row in rows]


async def release_retention(j: ToldCase) -> None:
    """Contract by contract."""
    await j.act(a.ReleaseRetention, BUREAU, contract_id=(await kept_back(j))[0])


async def settle_accounts(j: ToldCase) -> None:
    """Whoever owes pays: households, and those who pay beside them."""
    rows = await j.db.fetch(
        "SELECT kind, name, balance_fen FROM ledger_account WHERE renovation_id = $1"
        " AND balance_fen > 0 AND kind NOT IN ('escrow', 'project') ORDER BY kind, name",
        j.rid,
    )
    payments = [
        {"unit_number": row["name"], "amount_fen": row["balance_fen"]}
        if row["kind"] == "household"
        else {"payer": f"{row['kind']}/{row['name']}".rstrip("/"), "amount_fen": row["balance_fen"]}
        for row in rows
    ]
    await j.told("/payments", await j.official(BANK), payments=payments)


async def terminate(j: ToldCase) -> None:
    await j.act(a.TerminateContract, STREET, reason="the default was not cured")


async def measure(j: ToldCase) -> None:
    await j.act(a.MeasureWorks, CHIEF)


REACTIONS: Mapping[str, Callable[[ToldCase], Awaitable[None]]] = {
    "open_vote": open_vote,
    "ballots": everyone_says_yes,
    "payments": everyone_pays,
    "publish_tender": publish_tender,
    "bids": three_bids,
    "record_evaluation": record_evaluation,
    "award_contract": award,
    "sign_contract": sign,
    "works": works,
    "accept_works": accept,
    "approve_payment": approve_payment,
    "release_retention": release_retention,
    "accounts": settle_accounts,
    "terminate_contract": terminate,
    "measure_works": measure,
}


async def complain(j: ToldCase) -> str:
    """A resident complains; returns the ticket's id."""
    unit = (await j.units())[0]
    opened = await j.told(
        "/tickets",
        j.voter(unit),
        unit_number=unit,
        kind="complaint",
        text="the stairs are dark",
        confidential=False,
    )
    return str(opened["id"])
