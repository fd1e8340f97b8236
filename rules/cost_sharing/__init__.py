"""Cost sharing (费用分摊) as law and arithmetic: rules.md section 2, exact to the fen.

`rounding` gives whole fen, `money_plan` lets others pay first and finds the gap, `keys` spreads
the gap over the units, `bills` in whole fen, `collection` is about paying it, `settlement` about a changed end.
"""

from rules.cost_sharing.calling import Open, called_for, falling_due, next_due, overdue, unpaid
from rules.cost_sharing.collection import (
    balance,
    collected,
    due_by,
    instalments,
    late_fee_fen,
    relief_room_fen,
    relieve,
    subsidy_loss,
)
from rules.cost_sharing.explaining import explained, published
from rules.cost_sharing.joining import (
    JOINED,
    awaited_credits,
    awaited_when_stopped,
    late_joining,
    late_shares,
    refuse_joining,
    share_table,
    with_joined,
)
from rules.cost_sharing.keys import (
    COUNTED_KINDS,
    payers,
    share_bill,
    unit_price_fen,
    weights,
)
from rules.cost_sharing.money_plan import (
    gap_fen,
    gap_plan,
    waterfall,
    with_cut,
    with_subsidy,
    without_items,
)
from rules.cost_sharing.rounding import largest_remainder
from rules.cost_sharing.settlement import (
    adjustments,
    award_items,
    award_totals,
    contingency_fen,
    credited,
    items_at,
    owners_part_fen,
    paid_back,
    paid_in_order,
    refunds,
    sunk_net_fen,
    totals_at,
    with_credit,
    within_limit,
)

__all__ = [
    "COUNTED_KINDS",
    "JOINED",
    "Open",
    "adjustments",
    "awaited_credits",
    "awaited_when_stopped",
    "award_items",
    "award_totals",
    "balance",
    "called_for",
    "collected",
    "contingency_fen",
    "credited",
    "due_by",
    "explained",
    "falling_due",
    "gap_fen",
    "gap_plan",
    "instalments",
    "items_at",
    "largest_remainder",
    "late_fee_fen",
    "late_joining",
    "late_shares",
    "next_due",
    "overdue",
    "owners_part_fen",
    "paid_back",
    "paid_in_order",
    "payers",
    "published",
    "refunds",
    "refuse_joining",
    "relief_room_fen",
    "relieve",
    "share_bill",
    "share_table",
    "subsidy_loss",
    "sunk_net_fen",
    "totals_at",
    "unit_price_fen",
    "unpaid",
    "waterfall",
    "weights",
    "with_credit",
    "with_cut",
    "with_joined",
    "with_subsidy",
    "within_limit",
    "without_items",
]
