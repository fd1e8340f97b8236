"""Why a unit owes what it owes, and what of the owners' bill everybody may know."""

from fractions import Fraction
from typing import Literal

from models.values.base import Carried, Exact
from models.values.cost_sharing import Contribution, CostKey, Rounding


class Factor(Carried):
    """One figure that makes the weight of a unit, and where it is from."""

    name: Literal["area_dm2", "shares", "floor", "floor_weight", "floor_area_dm2", "household"]
    value: Exact
    source: Literal["roll", "scheme"]


class CutOff(Carried):
    """Who pays a fen more than the floor of the exact part: the first in an order.

    The order is by the remainder of a fen, the largest first, and by unit number where these are equal.
    """

    fen: int
    """So many units pay a fen more."""
    remainder: Exact = Fraction(0)
    """That of the last of them, and `unit` its number; 0 and "" where nobody does."""
    unit: str = ""


class ShareReason(Carried):
    """Why one unit pays what it pays for one item: its weight among those who pay for the item's gap.

    `exact_fen` is `gap_fen` times `weight` by `weights`; `amount_fen` its floor or a fen more.
    """

    item_id: str
    title: str
    key: CostKey
    cost_fen: int
    others_fen: int
    """What subsidies, funds and others pay before the owners do."""
    others: tuple[Contribution, ...] = ()
    """The same one by one, in the order of the waterfall."""
    gap_fen: int
    payers: int
    """So many units pay for it."""
    scope: str = "estate"
    factors: tuple[Factor, ...] = ()
    """What makes the weight, by the key."""
    weight: Exact
    """By the key: 0.01 m2, 1 for each household, undivided shares, or the coefficient of the floor."""
    weights: Exact
    """Those of all who pay, summed."""
    exact_fen: Exact = Fraction(0)
    amount_fen: int
    cut: CutOff | None = None
    """Of this item: who pays a fen more; of a bill rounded as a whole the number only."""
    place: int = 0
    """The unit's place in the order of the item; 0 where its part is whole fen, or the bill is rounded as a whole."""


class LateLine(Carried):
    """What joining an item later (E19) changes for a unit, in fen: its own share, or what another's takes off its own.

    `exact_fen` is `whole_fen` times `weight` by `weights`, for the one who joins with the uplift that was voted.
    """

    item_id: str
    title: str
    key: CostKey
    own: bool
    """It has joined itself; else it paid before, and `whole_fen` is what the one who joined pays."""
    whole_fen: int
    weight: Exact
    weights: Exact
    """Those of all who pay, of the one who joins with the own one, of the others those who paid before."""
    uplift_permille: int = 0
    exact_fen: Exact
    amount_fen: int
    """Below zero it has so much less to pay. Without what of it is no whole fen, of the others by largest remainder."""


class Explanation(Carried):
    """Why a unit owes what it owes: every factor, its source, each step of rounding. Money in fen.

    `basis` is the computation: the estimate of the scheme, the award of the tender, or the final account. What is proved from
    is in it: of each item the gap, the sum of weights and the number of fen more; of the bill `cut`.
    """

    unit_number: str
    basis: str
    scheme_version: int
    rounding: Rounding
    items: tuple[ShareReason, ...]
    exact_fen: Exact
    """The exact parts of the items together."""
    total_fen: int
    cut: CutOff | None = None
    """Of a bill rounded as a whole: which totals are a fen above their floor."""
    place: int = 0
    """The unit's place in the order of the bill; 0 where its exact total is whole fen."""
    passed_over: bool = False
    """It is before the last of them and pays no fen more: the items that it shares had none left."""
    late: tuple[LateLine, ...] = ()
    """What has been added to `total_fen`, or taken off it, since units joined later."""

    @property
    def charged_fen(self) -> int:
        """What it owes in all, by this computation and whoever has joined since."""
        return self.total_fen + sum(each.amount_fen for each in self.late)


class BillItem(Carried):
    """What everybody may know of one item of the bill, in fen: a home proves its own part from it."""

    item_id: str
    title: str
    key: CostKey
    gap_fen: int
    payers: int
    weights: Exact
    cut: CutOff


class LateItem(Carried):
    """One joining of an item (E19), in fen: that there was one is everybody's to know, its figures are one home's.

    They are for whoever reads the share table too (P-4), and null for everybody else: from them follows what a
    home pays and how large it is.
    """

    item_id: str
    gap_fen: int | None
    weights: Exact | None
    """Of all who pay for it since, summed."""
    pay_fen: int | None
    before: Exact | None
    """The weights of those who paid before, summed: by them `pay_fen` is taken off what they pay."""


class PublishedBill(Carried):
    """What everybody may know of the owners' bill: no home's row."""

    basis: str
    scheme_version: int
    rounding: Rounding
    units: int
    total_fen: int
    items: tuple[BillItem, ...]
    cut: CutOff | None = None
    passed_over: int = 0
    """So many units before the last with a fen more that pay none."""
    late: tuple[LateItem, ...] = ()


class OwnPrice(Carried):
    """What one home pays if an answer of the ballot wins, by the estimate of the scheme; in fen.

    `choice` is "yes", an option, or a work of a menu. `total_fen` is for the whole scheme, every other
    question adopted; `own_fen` for what this answer alone brings.
    """

    motion: str
    choice: str
    total_fen: int
    own_fen: int
