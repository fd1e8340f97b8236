"""The content of a scheme's version (改造方案): what is voted on, paid, tendered, built, measured."""

from pydantic import Field, JsonValue

from models.values.base import Carried, Grown
from models.values.bidding import TIE_ORDER, BenchmarkTerms, TieBreak
from models.values.cost_sharing import CostItem, Funding, LateFeeTerms, Rounding
from models.values.voting import Motion


class TenderPlan(Carried):
    """The terms on which the works are tendered; money in fen."""

    estimate_fen: int = Field(gt=0)
    ceiling_fen: int = Field(gt=0)
    method: str = "lowest_evaluated"
    price_weight_milli: int = Field(default=1000, ge=0, le=1000)
    """Weight of the price in comprehensive scoring, per mille; the rest is technical."""
    benchmark: BenchmarkTerms | None = None
    """Of the method "comprehensive_benchmark", which cannot be published without."""
    ties: tuple[TieBreak, ...] = TIE_ORDER
    """What decides between bids that compare equal, in this order; then the lot."""
    bid_bond_fen: int = Field(default=0, ge=0)
    contingency_permille: int = Field(default=50, ge=0, le=1000)
    retention_permille: int = Field(default=30, ge=0, le=1000)
    instalments_permille: tuple[int, ...] = (1000,)


class PlannedWork(Carried):
    """One work item that will be inspected on its own."""

    id: str
    building: str = ""
    title: str
    concealed: bool = False
    value_fen: int = Field(ge=0)
    item: str = ""
    """The cost item that it builds; "" leaves it to the work's id (`lift-3` builds `lift`)."""
    occupies: tuple[str, ...] = ()
    """Numbers of the units of which it takes an exclusive part: each owner consents alone (E9)."""


class Target(Carried):
    """An indicator's target, set in advance, as a fraction."""

    indicator: str
    numerator: int = Field(ge=0)
    denominator: int = Field(gt=0)


class SchemeContent(Grown):
    """Everything a version of the scheme says."""

    LATER = frozenset({"rounding", "late_fee"})

    items: tuple[CostItem, ...]
    funding: tuple[Funding, ...] = ()
    motions: tuple[Motion, ...]
    owners_limit_fen: int | None = None
    """The most that the owners have agreed to carry; None leaves it to the vote on the scheme."""
    levy_limit_fen: int | None = None
    """An extra levy (E12) that is put to the owners, alone: adopted, it becomes `owners_limit_fen`."""
    owner_instalments_permille: tuple[int, ...] = (1000,)
    rounding: Rounding = Rounding.PER_ITEM
    """As schemes were voted that do not say it; a file that does not say it means the whole bill."""
    late_fee: LateFeeTerms | None = None
    """What is owed for paying late, as it was voted; None is no fee."""
    tender: TenderPlan
    works: tuple[PlannedWork, ...]
    targets: tuple[Target, ...] = ()


class Change(Carried):
    """One difference between two versions of a scheme: `before` is None for what was added, `after`
    for what was removed; `what` is a path like "items[roof].cost_fen".
    """

    what: str
    before: JsonValue = None
    after: JsonValue = None
