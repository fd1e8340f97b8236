"""When the end is not the plan: the award, a cancellation (rules.md 2.6, E16)."""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction

from models.values.cost_sharing import (
    PERMILLE,
    Adjustment,
    CostItem,
    FundedItem,
    Funding,
    Instalment,
    Paid,
    PaidBack,
    Refund,
    ShareTable,
    ShareTotal,
    ShareUnit,
)
from models.values.decisions.decision import Decision
from models.values.scheme import SchemeContent
from models.values.voting import UnitKind
from rules.checks import check, decide
from rules.cost_sharing.joining import share_table
from rules.cost_sharing.keys import COUNTED_KINDS
from rules.cost_sharing.money_plan import waterfall
from rules.cost_sharing.rounding import largest_remainder


def contingency_fen(contract_value_fen: int, permille: int) -> int:
    """The contingency on top of a contract's value, rounded down to whole fen."""
    return contract_value_fen * permille // PERMILLE


def award_items(
    content: SchemeContent, contract_value_fen: int, spent_fen: int = 0
) -> tuple[CostItem, ...]:
    """The items at the award's prices: contract value plus contingency, spread by their estimates.

    `spent_fen` is what contracts that were terminated before have cost, below zero where their bonds
    brought more than that.
    """
    total = (
        spent_fen
        + contract_value_fen
        + contingency_fen(contract_value_fen, content.tender.contingency_permille)
    )
    return items_at(content, total)


def items_at(content: SchemeContent, total_fen: int) -> tuple[CostItem, ...]:
    """The items at another price of all together, which is spread by their estimates; never below zero."""
    cost = largest_remainder(max(total_fen, 0), {item.id: item.cost_fen for item in content.items})
    return tuple(item.model_copy(update={"cost_fen": cost[item.id]}) for item in content.items)


def award_totals(
    content: SchemeContent,
    units: Sequence[ShareUnit],
    contract_value_fen: int,
    counted: Sequence[UnitKind] = COUNTED_KINDS,
    spent_fen: int = 0,
) -> ShareTable:
    """The shares once the award has fixed their base: waterfall and keys over the award's prices."""
    items = award_items(content, contract_value_fen, spent_fen)
    return totals_at(content, items, units, counted)


def totals_at(
    content: SchemeContent,
    items: Sequence[CostItem],
    units: Sequence[ShareUnit],
    counted: Sequence[UnitKind] = COUNTED_KINDS,
) -> ShareTable:
    """The shares with the items at these prices: waterfall and keys as the scheme has them."""
    funded = waterfall(items, content.funding)
    return share_table(items, funded, units, counted, content.rounding)


def within_limit(total_fen: int, limit_fen: int | None) -> Decision:
    """Whether the owners' total stays within what they have agreed to carry."""
    if limit_fen is None:
        return decide()
    article = "Civil Code art. 278, the adopted scheme"
    return decide(check("cost_sharing.owners_limit", article, total_fen, "<=", limit_fen, "fen"))


def adjustments(
    before: Sequence[ShareTotal], after: Sequence[ShareTotal]
) -> tuple[Adjustment, ...]:
    """Each unit's change of charge, by unit number; a unit missing on one side owes 0 there."""
    old = {total.unit_number: total.amount_fen for total in before}
    new = {total.unit_number: total.amount_fen for total in after}
    return tuple(
        Adjustment(unit_number=number, before_fen=old.get(number, 0), after_fen=new.get(number, 0))
        for number in sorted(old.keys() | new.keys())
    )


def credited(
    open_instalments: Sequence[Instalment], credit_fen: int
) -> tuple[tuple[Instalment, ...], int]:
    """Take a credit off the next instalments, the earliest first; the rest is refunded (E16)."""
    left = credit_fen
    result = []
    for part in sorted(open_instalments, key=lambda entry: entry.number):
        taken = min(part.amount_fen, left)
        left -= taken
        result.append(part.model_copy(update={"amount_fen": part.amount_fen - taken}))
    return tuple(result), left


def paid_in_order(parts: Sequence[Instalment], paid_fen: int) -> tuple[int, ...]:
    """What of each instalment of one unit is paid, in fen: money covers them as they are given."""
    left, covered = paid_fen, []
    for part in parts:
        covered.append(min(part.amount_fen, left))
        left -= covered[-1]
    return tuple(covered)


def with_credit(
    parts: Sequence[Instalment], paid_fen: int, credit_fen: int
) -> tuple[Instalment, ...]:
    """One unit's instalments after a credit: what is paid stands, the unpaid rest shrinks first.

    `paid_fen` covers the instalments in their order. What the unpaid parts cannot take up has been
    paid already, and is refunded (E16).
    """
    in_order = sorted(parts, key=lambda entry: entry.number)
    covered = zip(in_order, paid_in_order(in_order, paid_fen), strict=True)
    paid = {part.number: fen for part, fen in covered}
    unpaid = [
        part.model_copy(update={"amount_fen": part.amount_fen - paid[part.number]})
        for part in parts
    ]
    smaller, _ = credited(unpaid, credit_fen)
    return tuple(
        part.model_copy(update={"amount_fen": part.amount_fen + paid[part.number]})
        for part in smaller
    )


def paid_later(funding: Sequence[Funding], on: date) -> tuple[Funding, ...]:
    """The sources of which nothing will arrive when the works stop on this day: they were to pay later."""
    return tuple(
        source
        for source in funding
        if source.receivable_on is not None and source.receivable_on > on
    )


def owners_part_fen(
    certified_fen: int, funded: Sequence[FundedItem], funding: Sequence[Funding], on: date
) -> int:
    """What the owners carry of certified work when the works stop: their part of the money plan.

    Others pay their part only as far as their money has come: a sum that is paid after acceptance
    (`receivable_on` after `on`) will not arrive, and the households have bridged it.
    """
    cost = sum(item.cost_fen for item in funded)
    later = {source.id for source in paid_later(funding, on)}
    others = sum(
        part.amount_fen
        for item in funded
        for part in item.contributions
        if part.funding_id not in later
    )
    if cost == 0:
        return certified_fen
    return largest_remainder(certified_fen, {"others": others, "owners": cost - others})["owners"]


def sunk_net_fen(certified_fen: int, committed_fen: int, applied_fen: int) -> int:
    """Certified work of acceptable quality and irrevocable commitments, less what others pay of it.

    Civil Code art. 806: work of acceptable quality is paid for after termination.
    """
    return max(certified_fen + committed_fen - applied_fen, 0)


def refunds(
    paid: Sequence[Paid],
    weights: Mapping[str, int | Fraction],
    sunk_fen: int,
    fees: Mapping[str, int] | None = None,
) -> tuple[Refund, ...]:
    """The refund sheet: what each unit paid less its part of the sunk cost; below zero is a debt.

    `weights` are the units' shares (by award, else by estimate), so that whoever is in arrears
    carries a full part. The refunds sum to what was paid less the sunk cost and the late fees, by unit in
    `fees`: whoever has paid late owes them all the same.
    """
    money = {entry.unit_number: entry.amount_fen for entry in paid}
    charge, late = largest_remainder(sunk_fen, weights), fees or {}
    return tuple(
        Refund(
            unit_number=number,
            paid_fen=money.get(number, 0),
            charge_fen=charge.get(number, 0),
            amount_fen=money.get(number, 0) - charge.get(number, 0) - late.get(number, 0),
            fee_fen=late.get(number, 0),
        )
        for number in sorted(money.keys() | charge.keys())
    )


def paid_back(refund: Refund, household_paid_fen: int) -> PaidBack:
    """Split a refund by who had paid: what a fund paid in a household's place returns to the fund."""
    amount = max(refund.amount_fen, 0)
    if amount == 0:
        return PaidBack(unit_number=refund.unit_number, household_fen=0, sources_fen=0)
    own = min(household_paid_fen, refund.paid_fen)
    split = largest_remainder(amount, {"household": own, "sources": refund.paid_fen - own})
    return PaidBack(
        unit_number=refund.unit_number,
        household_fen=split["household"],
        sources_fen=split["sources"],
    )
