"""Cost sharing: items and their keys, sources of money, shares, instalments, relief, refunds.

All money is in fen (1/100 yuan) as integers; parts of a whole are permille or exact fractions.
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field, model_validator

from models.values.base import Carried, Exact, Grown
from models.values.voting import UnitKind

PERMILLE = 1_000


class ItemCategory(StrEnum):
    """The three categories of renovation content (国办发〔2020〕23号)."""

    BASIC = "basic"
    IMPROVEMENT = "improvement"
    UPGRADING = "upgrading"


class CostKey(StrEnum):
    """How the owners' part of an item is spread over the units that pay for it."""

    AREA = "area"
    """By exclusive area: the statutory default, Civil Code art. 283."""
    HOUSEHOLD = "household"
    """In equal parts per unit."""
    SHARE = "share"
    """By undivided shares."""
    FLOOR_COEFFICIENT = "floor_coefficient"
    """First between floors by coefficient, then by area within the floor (Guangzhou art. 8)."""
    COEFFICIENT_AREA = "coefficient_area"
    """By coefficient times area, normalised (Guangzhou Lijiang)."""
    FLOOR_PERCENT = "floor_percent"
    """By a percentage per floor that sums to 100, then by area within the floor (Changzhou)."""


class Rounding(StrEnum):
    """How exact shares become whole fen; voted with the scheme."""

    PER_ITEM = "per_item"
    """Each item for itself by largest remainder (rules 2.4): a unit may win or lose a fen with each."""
    WHOLE_BILL = "whole_bill"
    """The unit's total by largest remainder; each item a floor or a ceiling, and all sums exact."""


class FloorWeight(Carried):
    """The coefficient or percentage of one floor; voted, never invented."""

    floor: int
    weight: Exact


Scope = Literal["estate", "building", "entrance", "listed"]
READS: Mapping[Scope, tuple[str, ...]] = {
    "estate": (),
    "building": ("building",),
    "entrance": ("building", "entrance"),
    "listed": ("units",),
}
"""What each scope of payers goes by; anything else beside it would be passed over unseen."""


class PayerSet(Grown):
    """Which units pay for an item: the whole estate, a building, a stairwell, or a list."""

    LATER = frozenset({"joined"})

    scope: Scope = "estate"
    building: str = ""
    entrance: str = ""
    units: tuple[str, ...] = ()
    """Unit numbers, for the scope "listed" (a served line, yes-voters and later joiners)."""
    exempt_floors: tuple[int, ...] = ()
    joined: tuple[str, ...] = ()
    """Numbers of the units that have joined since, in that order (E19); nobody writes it into a file."""


class CostItem(Grown):
    """One piece of work of the scheme and the rule that spreads its cost."""

    LATER = frozenset({"late_uplift_permille"})

    id: str
    title: str
    category: ItemCategory
    cost_fen: int = Field(ge=0)
    key: CostKey = CostKey.AREA
    payers: PayerSet = PayerSet()
    floors: tuple[FloorWeight, ...] = ()
    optional: bool = False
    priority: int = 0
    """Among optional items the highest number is given up first."""
    operator_line: bool = False
    """A line of a specialised operator: the maintenance fund may not pay (Shandong art. 71)."""
    motion: str = ""
    """It is built only if this motion passes; "" belongs to the scheme as a whole."""
    late_uplift_permille: int = Field(default=0, ge=0, le=PERMILLE)
    """By so much more than its share whoever joins later pays, as it was voted (rules 2.5)."""
    choice: str = ""
    """Only if this option of the motion wins, or its menu's work of this id is chosen; "" whenever it passes."""


class ShareUnit(Carried):
    """What the keys need to know of one unit."""

    number: str
    building: str
    entrance: str
    floor: int
    area_dm2: int = Field(gt=0)
    shares: int | None = None
    kind: UnitKind = "flat"


class FundingSource(StrEnum):
    """Who pays before the owners do, in the order of the waterfall."""

    OPERATOR = "operator"
    DEVELOPER = "developer"
    SUBSIDY = "subsidy"
    SOCIAL_CAPITAL = "social_capital"
    PUBLIC_REVENUE = "public_revenue"
    MAINTENANCE_FUND = "maintenance_fund"
    EXTRA_SUBSIDY = "extra_subsidy"
    """Public money granted to close a gap (E12): it comes last, so that it lowers only the gap."""


PUBLIC_MONEY = (FundingSource.SUBSIDY, FundingSource.EXTRA_SUBSIDY)
"""What a government has promised, and may cut (E15)."""


class Funding(Carried):
    """One sum that somebody has promised, and what it may pay for.

    It pays at most `amount_fen` in total and at most `permille` of each item that it covers.
    """

    id: str
    source: FundingSource
    amount_fen: int = Field(ge=0)
    permille: int = Field(default=PERMILLE, ge=0, le=PERMILLE)
    item_cap_fen: int | None = Field(default=None, ge=0)
    """Most per item, for example a cap per lift."""
    items: tuple[str, ...] = ()
    """Item ids it may pay for; empty together with `categories` means all."""
    categories: tuple[ItemCategory, ...] = ()
    voted: bool = False
    """The owners approved it; without this the maintenance fund pays nothing."""
    receivable_on: date | None = None
    """The day the money arrives when it is paid after acceptance; None is cash."""


class Contribution(Carried):
    """What one funding pays towards one item."""

    funding_id: str
    source: FundingSource
    amount_fen: int = Field(ge=0)


class FundedItem(Carried):
    """An item after the waterfall: what others pay, and the gap G that the owners share."""

    item_id: str
    cost_fen: int = Field(ge=0)
    contributions: tuple[Contribution, ...] = ()
    gap_fen: int = Field(ge=0)

    @model_validator(mode="after")
    def _adds_up(self) -> "FundedItem":
        paid = sum(part.amount_fen for part in self.contributions)
        if paid + self.gap_fen != self.cost_fen:
            raise ValueError("contributions and gap are the cost")
        return self


class Share(Carried):
    """What one unit pays for one item."""

    unit_number: str
    item_id: str
    amount_fen: int = Field(ge=0)


class ShareTotal(Carried):
    """What one unit pays in all."""

    unit_number: str
    amount_fen: int = Field(ge=0)


class ShareTable(Carried):
    """The owners' shares: rows per item and unit, totals per unit, and their exact common sum."""

    shares: tuple[Share, ...]
    totals: tuple[ShareTotal, ...]
    total_fen: int = Field(ge=0)

    @model_validator(mode="after")
    def _adds_up(self) -> "ShareTable":
        rows = sum(share.amount_fen for share in self.shares)
        columns = sum(total.amount_fen for total in self.totals)
        if not rows == columns == self.total_fen:
            raise ValueError("shares, totals and total are one sum")
        return self


class GapStep(StrEnum):
    """The ladder when the owners' gap is more than they can carry, in this order (E12)."""

    NONE = "none"
    DROP_OPTIONAL = "drop_optional"
    EXTRA_SUBSIDY = "extra_subsidy"
    SOCIAL_CAPITAL = "social_capital"
    NEW_VOTE = "new_vote"
    """An extra levy: a new vote on a major matter."""
    SHELVE = "shelve"


class GapPlan(Carried):
    """The next step on the ladder: what to give up, and how much is then still missing."""

    step: GapStep
    dropped: tuple[str, ...] = ()
    """Ids of the optional items that are given up."""
    missing_fen: int = Field(default=0, ge=0)


class Instalment(Carried):
    """One part of what a unit owes; numbered from 1."""

    unit_number: str
    number: int = Field(ge=1)
    amount_fen: int = Field(ge=0)


class Relief(Carried):
    """A part of one unit's charge that somebody else pays; never re-spread on neighbours silently."""

    unit_number: str
    kind: str
    amount_fen: int = Field(ge=0)
    funded_by: str


class Paid(Carried):
    """What has been received for one unit."""

    unit_number: str
    amount_fen: int = Field(ge=0)


class Refund(Carried):
    """What a unit gets back on cancellation: paid minus charge; negative is a debt."""

    unit_number: str
    paid_fen: int = Field(ge=0)
    charge_fen: int = Field(ge=0)
    amount_fen: int
    fee_fen: int = Field(default=0, ge=0)
    """Late fees, which no other computation of the shares takes back."""


class Adjustment(Carried):
    """The change of one unit's charge when the award replaces the estimate."""

    unit_number: str
    before_fen: int = Field(ge=0)
    after_fen: int = Field(ge=0)

    @property
    def difference_fen(self) -> int:
        """Above zero: still to be paid; below zero: credit on the next instalment, else refund."""
        return self.after_fen - self.before_fen


class LateJoining(Carried):
    """What somebody pays who joins later (SPC typical case 5): the share of the original scheme."""

    pay_fen: int = Field(ge=0)
    access_after_payment: bool = True
    owners_consent_needed: bool = False
    credits: tuple[ShareTotal, ...] = ()
    """The receipt, credited to those who paid before, by their keys."""


class LateShare(Carried):
    """What one unit that has joined an item later pays for it, and who has less to pay for that; in fen."""

    item_id: str
    unit_number: str
    gap_fen: int
    weight: Exact
    """Of the one who joins, by the item's key."""
    weights: Exact
    """Those of all who pay, with the own one, summed."""
    uplift_permille: int = 0
    exact_fen: Exact
    pay_fen: int = Field(ge=0)
    """`exact_fen` without what of it is no whole fen."""
    earlier: Mapping[str, Exact]
    """By unit the weights of those who paid before."""
    credits: tuple[ShareTotal, ...] = ()
    """By what each of them has less to pay; together `pay_fen`."""


class LateFeeTerms(Carried):
    """The late fee that the owners vote with the scheme (rules 2.5): simple, for each started month."""

    permille_a_month: int = Field(ge=1, le=PERMILLE)
    """Of what is paid late; each month is rounded up to whole fen."""
    most_months: int | None = Field(default=None, ge=1, le=1_200)
    """No more months are charged than these; None sets no limit."""


class LateFee(Carried):
    """What one payment owes because an instalment was paid after the end of the round that called it, in fen."""

    unit_number: str
    number: int = Field(ge=1)
    """Of the instalment."""
    counts_from: datetime
    """The end of the round, as the call has told it; case time."""
    paid_on: date
    """The day on which the bank had the money, whenever it told of it."""
    base_fen: int = Field(gt=0)
    """What of the payment went to this instalment."""
    permille: int
    months: int = Field(ge=0)
    """Months begun since the end of the round; 0 where it was paid in time."""
    amount_fen: int = Field(ge=0)


class Balance(Carried):
    """The certificate that goes with a sale (E18): what is due by a moment, and what comes later."""

    unit_number: str
    due_fen: int = Field(ge=0)
    """Fell due under the old title: stays with the seller."""
    paid_fen: int = Field(ge=0)
    overdue_fen: int = Field(ge=0)
    credit_fen: int = Field(ge=0)
    """Paid beyond what is due; it counts towards what comes later."""
    later_fen: int = Field(ge=0)
    """Falls due under the new title: the buyer's."""


class Counted(Carried):
    """What of a round of collection has come in or is guaranteed, and what was due, in fen."""

    collected_fen: int = Field(ge=0)
    due_fen: int = Field(ge=0)


class PaidBack(Carried):
    """How one refund is split between the household and those who paid in its place."""

    unit_number: str
    household_fen: int = Field(ge=0)
    sources_fen: int = Field(ge=0)
    """Goes back to relief funds, subsidies and the maintenance fund."""


class AwardShares(Carried):
    """The shares after the award: the new sum, and what changes for the owners."""

    total_fen: int = Field(ge=0)
    before_fen: int = Field(ge=0)
    debts_fen: int = Field(default=0, ge=0)
    """Still to be paid, summed over the units whose charge rose."""
    credits_fen: int = Field(default=0, ge=0)
    """Credited on the next instalments, summed over the units whose charge fell."""
    refunds_fen: int = Field(default=0, ge=0)
    """What the next instalments cannot take up: it goes back within the refund period (E16)."""
