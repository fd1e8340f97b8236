"""What a terminated contract has left (E36): the terms on which it is tendered again."""

from collections.abc import Sequence

from pydantic import JsonValue
from sqlalchemy import func, select

from activities import settlement
from activities.bidding import rows
from activities.cost_sharing import rows as share_rows
from activities.recording import Case, who_does
from activities.voting.series import adopted_at
from models.tables import Tender, WorkItem
from models.values.inspection import ItemState
from models.values.scheme import SchemeContent, TenderPlan
from models.values.states import ContractState, TenderState
from rules import cost_sharing
from rules.termination import highest_price_fen


async def works_round(case: Case) -> int:
    """1 for the works as planned, one more for each contract that was terminated."""
    states = [contract.state for contract in await settlement.contracts(case)]
    return 1 + states.count(ContractState.TERMINATED)


async def round_of(case: Case, tender: Tender) -> int:
    """The number of a tender that has not failed yet: one more than those that have (rules B-7, B-20)."""
    return 1 + await failed_rounds(case, tender.works_round)


async def failed_rounds(case: Case, works_round: int) -> int:
    """How many tenders for these works have failed since the owners last adopted something.

    One that was cancelled with an annulled vote has not failed (ADR 27), and a scheme that was adopted anew
    is tendered for the first time.
    """
    query = select(func.count()).select_from(Tender)
    of_scheme = [
        Tender.renovation_id == case.renovation.id,
        Tender.works_round == works_round,
        Tender.state == TenderState.FAILED,
    ]
    since = await adopted_at(case)
    if since is not None:
        of_scheme.append(Tender.notice_at >= since)
    return await case.session.scalar(query.where(*of_scheme)) or 0


async def terms(case: Case, content: SchemeContent) -> tuple[TenderPlan, tuple[int, int]]:
    """The tender's terms, and the money behind it: of the owners, and of everybody else; in fen.

    What is left costs at most what the last award has left of its money, with its contingency.
    """
    if await works_round(case) == 1:
        return content.tender, await rows.money(case, content)
    plan = content.tender
    *earlier, last = await settlement.contracts(case)
    before = await settlement.costs(case, *earlier)
    items = cost_sharing.award_items(content, last.value_fen, before.net_fen)
    owners = sum(total.amount_fen for total in await share_rows.charges(case))
    gap = cost_sharing.gap_fen(cost_sharing.waterfall(items, content.funding))
    others = sum(item.cost_fen for item in items) - gap
    spent = (await settlement.earlier_costs(case)).net_fen
    price = highest_price_fen(owners + others - spent, plan.contingency_permille)
    bond = plan.bid_bond_fen * price // plan.estimate_fen
    rest = {
        "estimate_fen": price,
        "ceiling_fen": price,
        "bid_bond_fen": min(bond, plan.bid_bond_fen),
        "benchmark": plan.benchmark and plan.benchmark.in_proportion(price, plan.estimate_fen),
    }
    return plan.model_copy(update=rest), (owners - spent, others)


def too_dear(case: Case, tender: Tender, prices: Sequence[int]) -> dict[str, JsonValue]:
    """Whose turn it is where every price for what is left is above the money that is left (E12, E36).

    The owners have agreed to no more; so the office that organises the case finds other money and has
    a price within the rest approved (B-20), or ends it. Empty where it is not so.
    """
    lowest = min(prices, default=0)
    if tender.works_round == 1 or lowest <= tender.ceiling_fen:
        return {}
    turn = who_does("cancel_renovation")
    due_at = case.ends(case.now, case.timetable.collection_decision)
    case.await_too(case.wait("rest_money", due_at, subject=tender.id, who=turn))
    missing = lowest - tender.ceiling_fen
    for audience in ("all_owners", "committee"):
        case.notify(audience, "rest_too_dear", missing_fen=missing, until=due_at)
    left = {"left_fen": tender.ceiling_fen, "lowest_fen": lowest, "missing_fen": missing}
    return {"rest_money": {**left, "turn": turn, "due_at": due_at.isoformat()}}


async def left_items(case: Case) -> list[str]:
    """The planned ids of the works that are to be built, once something was accepted or given up."""
    found = await case.session.scalars(
        select(WorkItem.id)
        .where(
            WorkItem.renovation_id == case.renovation.id,
            WorkItem.contract_id.is_(None),
            WorkItem.state == ItemState.PLANNED,
        )
        .order_by(WorkItem.id)
    )
    return [item.removeprefix(f"{case.renovation.id}.") for item in found]
