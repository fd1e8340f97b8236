"""Bidding (招标投标): bids as they are judged, red flags, rankings, and the terms of a tender.

Money is in fen as integers; points are exact fractions of 100; weights are in thousandths.
"""

from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Literal

from pydantic import Field

from models.values.base import Carried, Exact
from models.values.decisions.decision import Decision


class Method(StrEnum):
    """How bids are compared (Tendering Law art. 41): the lowest evaluated price or the best score."""

    LOWEST_EVALUATED = "lowest_evaluated"
    COMPREHENSIVE = "comprehensive"
    """Low price first: lowest valid price / price * weight [M, MoF order 87 art. 55]."""
    COMPREHENSIVE_BENCHMARK = "comprehensive_benchmark"
    """By the deviation from a benchmark price [M, standard documents of 2007]."""


class BenchmarkTerms(Carried):
    """Points taken off per percent of deviation from the benchmark; above costs more [M]."""

    above: Exact = Fraction(2)
    below: Exact = Fraction(1)


class Criteria(Carried):
    """The published terms by which bids are judged; nothing else may be applied (Regs art. 49)."""

    method: Method = Method.LOWEST_EVALUATED
    price_weight_milli: int = Field(default=1000, ge=0, le=1000)
    bid_bond_fen: int = Field(default=0, ge=0)
    """The bond that the documents ask for; 0 asks for none."""
    benchmark: BenchmarkTerms = BenchmarkTerms()
    clarify_until: datetime | None = None
    """After this a change that affects bids moves the deadline (B-4); case time."""
    object_until: datetime | None = None
    """Objections to the documents come by then (B-5); case time."""


class BidFlags(Carried):
    """What a bid says about itself beside its price, as the bid form and the seal check found it.

    Unknown fields are ignored: no bidder can hinder an opening by what stands in its form.
    """

    signed: bool = True
    """Seal and signature are there."""
    consortium_agreement: bool = True
    """False: a consortium without its agreement."""
    qualified: bool = True
    responsive: bool = True
    """It answers the substantive requirements of the documents."""
    offers: int = Field(default=1, ge=0, le=100)
    """How many different offers or prices it holds, alternatives that were not asked for."""
    author: str = Field(default="", max_length=200)
    """Who drew it up (a person, or the device or licence of the estimating software)."""
    agent: str = Field(default="", max_length=200)
    """Who handled it for the bidder."""
    staff: tuple[str, ...] = Field(default=(), max_length=200)
    """Ids of the project staff that it names."""
    justification: str = Field(default="", max_length=4000)
    """The bidder's written reasons for a price that looks too low (B-21)."""
    low_price_justified: bool = False
    """Such reasons lie with the bid as a document."""

    @property
    def has_reasons(self) -> bool:
        """The bidder has given reasons for its price in writing."""
        return self.low_price_justified or bool(self.justification.strip())


class SealedBid(Carried):
    """One bid at the opening."""

    bidder_id: str
    price_fen: int = Field(ge=0)
    bond_fen: int = Field(default=0, ge=0)
    bond_account: str = ""
    submitted_at: datetime
    flags: BidFlags = BidFlags()


class JudgedBid(Carried):
    """A valid bid with what the committee adds: price adjustments and technical points."""

    bidder_id: str
    price_fen: int = Field(gt=0)
    adjustment_fen: int = 0
    """Added to the price for comparison only, by the published method."""
    technical_milli: int = Field(default=0, ge=0, le=1000)
    """Technical quality in thousandths of the full technical points."""


class BidFinding(Carried):
    """What was found of one bid, with its checks."""

    bidder_id: str
    decision: Decision


class FlagKind(StrEnum):
    """The patterns of Tendering Regs art. 40 that can be seen without knowing people."""

    SAME_AUTHOR = "same_author"
    SAME_AGENT = "same_agent"
    SAME_STAFF = "same_staff"
    SAME_BOND_ACCOUNT = "same_bond_account"
    SAME_PRICE = "same_price"
    REGULAR_GAPS = "regular_gaps"


class RedFlag(Carried):
    """A pattern that the law deems collusion (视为串通, B-12) until it is looked into.

    A flag freezes nothing and rejects nobody by itself: it goes to the supervision and into the
    record. It names bidders, never the account or the person that gave them away.
    """

    kind: FlagKind
    bidders: tuple[str, ...]
    article: str = "Tendering Regs art. 40"
    gap_fen: int | None = None
    """The difference that repeats itself, for regular gaps."""


class RankedBid(Carried):
    """A bid in its place; `score` is out of 100 and None where only the price counts."""

    rank: int = Field(gt=0)
    bidder_id: str
    price_fen: int = Field(gt=0)
    evaluated_fen: int
    price_points: Exact | None = None
    technical_points: Exact | None = None
    score: Exact | None = None


class Ranking(Carried):
    """Every valid bid, best first, and the few that are named as candidates (Regs art. 53)."""

    method: Method
    bids: tuple[RankedBid, ...] = ()
    candidates: tuple[str, ...] = ()


OpeningRoute = Literal["open", "retender", "approval"]


class OpeningDecision(Carried):
    """Whether bids may be opened, and where it goes if not (B-7, B-20)."""

    route: OpeningRoute
    decision: Decision


class NextCandidate(Carried):
    """Who follows when the first candidate is gone (B-15); `retender` when nobody is left."""

    bidder_id: str | None
    retender: bool
    bond_forfeited: bool


class PriceBuildUp(Carried):
    """A price on the basket of options that the owners chose, with its contingency."""

    total_fen: int
    contingency_fen: int
    grand_fen: int
