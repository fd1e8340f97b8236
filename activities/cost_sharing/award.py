"""What the works cost fixes the base of the shares: the award (design principle 7, E16), and in the end the
certificates (E47).
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from activities.cost_sharing import refunding
from activities.cost_sharing import rows as share_rows
from activities.cost_sharing.billed import billed_scheme
from activities.recording import Case
from models.values import cost_sharing as values
from models.values.refusal import refusal
from models.values.scheme import SchemeContent
from rules import cost_sharing as law
from runtime.ledger.fees import load_fees

Plan = list[tuple[values.Instalment, datetime]]


async def fix_shares_by_award(
    case: Case, contract_value_fen: int, spent_fen: int = 0
) -> values.AwardShares:
    """Compute every share anew on contract value plus contingency and adjust what is to be paid.

    `spent_fen` is what contracts that were terminated before have cost: a later award changes what
    an earlier one has fixed.

    Writes the totals on the basis "award". A unit that owes more gets it on its next instalment; a
    unit that owes less is credited on what it has not paid, and the rest becomes a refund due
    within the refund period (E16). Refused: an award above what the owners agreed to carry.
    """
    _, content = await billed_scheme(case)
    units = await share_rows.share_units(case)
    kinds = share_rows.counted_kinds(case)
    items = law.award_items(content, contract_value_fen, spent_fen)
    table = law.award_totals(content, units, contract_value_fen, kinds, spent_fen)
    if not law.within_limit(table.total_fen, content.owners_limit_fen).passed:
        raise refusal(
            "cost_sharing.award_above_limit",
            where=case.renovation.id,
            have=table.total_fen,
            most=content.owners_limit_fen or 0,
        )
    fixed = await _fix(case, "award", content, items, table)
    debts, credits_ = fixed.debts_fen, fixed.credits_fen
    if debts or credits_:
        case.notify("all_owners", "shares_fixed_by_award", debts=debts, credits=credits_)
    return fixed


async def fix_shares_by_estimate(
    case: Case, content: SchemeContent, table: values.ShareTable
) -> values.AwardShares:
    """Every share by another plan of the money, before there is an award; what was called for is adjusted (E15)."""
    return await _fix(case, "estimate", content, content.items, table)


async def fix_shares_at_the_end(case: Case, cost_fen: int) -> values.AwardShares:
    """Every share by what the works have cost in the end, on the basis "final" (E47).

    A unit that has paid more gets the rest back, one that has paid less still owes.
    """
    _, content = await billed_scheme(case)
    items = law.items_at(content, cost_fen)
    units, kinds = await share_rows.share_units(case), share_rows.counted_kinds(case)
    return await _fix(case, "final", content, items, law.totals_at(content, items, units, kinds))


async def _fix(
    case: Case,
    basis: str,
    content: SchemeContent,
    items: Sequence[values.CostItem],
    table: values.ShareTable,
) -> values.AwardShares:
    parts = await share_rows.load_instalments(case)
    before = _asked(parts) or await share_rows.charges(case)
    changes = law.adjustments(before, table.totals)
    await share_rows.replace_totals(case, basis, table.totals)
    await share_rows.promise(case, law.waterfall(items, content.funding))
    refunds = await adjust(case, parts, changes)
    debts = sum(max(change.difference_fen, 0) for change in changes)
    credits_ = sum(max(-change.difference_fen, 0) for change in changes)
    return values.AwardShares(
        total_fen=table.total_fen,
        before_fen=sum(total.amount_fen for total in before),
        debts_fen=debts,
        credits_fen=credits_,
        refunds_fen=refunds,
    )


def _asked(parts: Plan) -> tuple[values.ShareTotal, ...]:
    """What every unit is asked for: its instalments, from which an earlier award took off what it could."""
    asked: dict[str, int] = defaultdict(int)
    for part, _ in parts:
        asked[part.unit_number] += part.amount_fen
    return tuple(
        values.ShareTotal(unit_number=unit, amount_fen=amount) for unit, amount in asked.items()
    )


async def adjust(case: Case, parts: Plan, changes: tuple[values.Adjustment, ...]) -> int:
    """Rewrite the instalments, which are now `parts`, and the refunds; the sum of the refunds to households.

    Instalments are no more than the charge: what was paid above it goes back, and is not asked again.
    """
    money = await share_rows.load_money(case)
    fees = await load_fees(case.session, case.renovation.id)
    plans: dict[str, Plan] = defaultdict(list)
    for part, due_at in parts:
        plans[part.unit_number].append((part, due_at))
    after: Plan = []
    refunds: dict[str, int] = {}
    sources: dict[str, int] = {}
    for change in changes:
        paid, own = money.get(change.unit_number, (0, 0))
        fee = fees.get(change.unit_number, 0)
        plan = _replanned(case, plans.pop(change.unit_number, []), change, paid)
        after += _at_most(plan, change.after_fen)
        back = law.paid_back(
            values.Refund(
                unit_number=change.unit_number,
                paid_fen=paid,
                charge_fen=change.after_fen,
                amount_fen=paid - change.after_fen - fee,
                fee_fen=fee,
            ),
            own,
        )
        if back.household_fen:
            refunds[change.unit_number] = back.household_fen
        sources[change.unit_number] = back.sources_fen
    await share_rows.replace_instalments(case, after)
    await refunding.owe(case, refunds)
    await refunding.give_back(case, sources)
    return sum(refunds.values())


def _at_most(plan: Plan, charge_fen: int) -> Plan:
    kept = law.paid_in_order([part for part, _ in plan], charge_fen)
    return [
        (part.model_copy(update={"amount_fen": fen}), due_at)
        for (part, due_at), fen in zip(plan, kept, strict=True)
    ]


def _replanned(case: Case, plan: Plan, change: values.Adjustment, paid_fen: int) -> Plan:
    difference = change.difference_fen
    if difference <= 0:
        due = {part.number: due_at for part, due_at in plan}
        smaller = law.with_credit([part for part, _ in plan], paid_fen, -difference)
        return [(part, due[part.number]) for part in smaller]
    later = [(part, due_at) for part, due_at in plan if due_at > case.now]
    if not later:
        part = values.Instalment(
            unit_number=change.unit_number, number=len(plan) + 1, amount_fen=difference
        )
        return [*plan, (part, case.ends(case.now, case.timetable.instalment_interval))]
    following = later[0][0]
    return [
        (
            part.model_copy(update={"amount_fen": part.amount_fen + difference})
            if part is following
            else part,
            due_at,
        )
        for part, due_at in plan
    ]
