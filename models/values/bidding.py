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


class TieBreak(StrEnum):
    """What decides between bids that compare equal; what is still equal then is drawn by lot."""

    PRICE = "price"
    """The lower price of the bid."""
    TECHNICAL = "technical"
    """The higher technical score."""


TIE_ORDER = (TieBreak.PRICE, TieBreak.TECHNICAL)
"""Where the documents name no other order: price, then technical score (rules 3.2)."""


class BenchmarkTerms(Carried):
    """The benchmark that the documents name: points off per percent of deviation from it [M].

    A price above it loses more than one below: `above` > `below` >= 0.
    """

    price_fen: int | None = None
    """The benchmark price; None is the mean of the evaluated prices of the valid bids."""
    above: Exact = Fraction(2)
    below: Exact = Fraction(1)

    def in_proportion(self, after: int, before: int) -> "BenchmarkTerms":
        """The terms when less is built: a named price shrinks as the cost does, to one fen at least."""
        if self.price_fen is None or not before:
            return self
        return self.model_copy(update={"price_fen": max(self.price_fen * after // before, 1)})


class Criteria(Carried):
    """The published terms by which bids are judged; nothing else may be applied (Regs art. 49)."""

    method: Method = Method.LOWEST_EVALUATED
    price_weight_milli: int = Field(default=1000, ge=0, le=1000)
    bid_bond_fen: int = Field(default=0, ge=0)
    """The bond that the documents ask for; 0 asks for none."""
    benchmark: BenchmarkTerms = BenchmarkTerms()
    ties: tuple[TieBreak, ...] = TIE_ORDER
    clarify_until: datetime | None = None
    """After this a change that affects bids moves the deadline (B-4); case time."""
    object_until: datetime | None = None
    """Objections to the documents come by then (B-5); case time."""


class BidFlags(Carried):
    """What a bid says about itself beside its price; it qualifies and disqualifies nobody.

    The committee reads it and finds for itself (`CommitteeReport`); author, agent and staff are leads
    to collusion. Unknown fields are ignored: no bidder can hinder an opening by what stands in its form.
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


class SealedBid(Carried):
    """One bid at the opening."""

    bidder_id: str
    price_fen: int = Field(ge=0)
    bond_fen: int = Field(default=0, ge=0)
    bond_account: str = ""
    submitted_at: datetime
    flags: BidFlags = BidFlags()


class Ground(StrEnum):
    """Why a bid is rejected: Tendering Regs art. 51, in its order; and one that is none of its own."""

    NOT_SEALED = "not_sealed"
    """No seal or no signature."""
    NO_CONSORTIUM_AGREEMENT = "no_consortium_agreement"
    UNQUALIFIED = "unqualified"
    DIFFERENT_OFFERS = "different_offers"
    """Two or more different offers or prices that the documents did not ask for."""
    BELOW_COST = "below_cost"
    ABOVE_CEILING = "above_ceiling"
    NOT_RESPONSIVE = "not_responsive"
    """No answer to the substantive requirements of the documents."""
    COLLUSION_OR_FRAUD = "collusion_or_fraud"
    """Collusion, false papers, bribes."""
    NO_COMPETITION = "no_competition"
    """Too few valid bids to compete, so all are rejected [M, order 12 of 2001 art. 27]."""


FOUND_OTHERWISE = frozenset({Ground.BELOW_COST, Ground.ABOVE_CEILING, Ground.NO_COMPETITION})
"""Grounds that follow from a question, a number or a finding of their own, never from a bare word."""


class Rejection(Carried):
    """One ground on which a bid is rejected, with the reason of whoever found it."""

    bidder_id: str
    ground: Ground
    reason: str = ""


class LowPriceAnswer(Carried):
    """The question to a bidder whose price looks too low, its answer, and what the committee makes of it.

    Rule B-21: asked in writing; `answer` "" is none. What is not accepted is treated as below cost.
    """

    bidder_id: str
    question: str
    answer: str = ""
    accepted: bool = False
    reason: str = ""


class Competition(Carried):
    """Whether the valid bids still compete where they are too few (E21)."""

    real: bool
    reason: str = ""


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

    A flag rejects nobody by itself: it goes to the supervision and into the record, and no candidate
    is named before the committee has a finding on it (E25). It names bidders, never the account or the
    person that gave them away.
    """

    kind: FlagKind
    bidders: tuple[str, ...]
    article: str = "Tendering Regs art. 40"
    gap_fen: int | None = None
    """The difference that repeats itself, for regular gaps."""


class ClearedFlag(Carried):
    """A red flag that the committee has looked into and found to be no collusion, with its reason."""

    kind: FlagKind
    bidders: tuple[str, ...]
    reason: str = ""


class CommitteeReport(Carried):
    """What the evaluation committee found, as data; its prose decides nothing.

    A bid that is named nowhere was found to be in order. Points are thousandths, adjustments fen.
    """

    rejections: tuple[Rejection, ...] = ()
    low_prices: tuple[LowPriceAnswer, ...] = ()
    cleared: tuple[ClearedFlag, ...] = ()
    competition: Competition | None = None
    """Needed where too few bids are valid."""
    technical_milli: dict[str, int] = Field(default_factory=dict)
    adjustments_fen: dict[str, int] = Field(default_factory=dict)
    """Added to prices for comparison, by the published method."""
    lots: tuple[str, ...] = ()
    """Bidders in the order of the lot that was drawn between those that were equal."""


class Tie(Carried):
    """Two neighbours of the ranking that compare equal, and what put the first one first."""

    first: str
    second: str
    broken_by: Literal["price", "technical", "lot", ""]
    """"" where nothing did: they share their place."""


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
    ties: tuple[Tie, ...] = ()


class Judgement(Carried):
    """What follows from the bids, the published terms and the committee's findings."""

    rejections: tuple[Rejection, ...]
    low_prices: tuple[BidFinding, ...]
    """Each bid that was not rejected before it, against the trigger of B-21."""
    ranking: Ranking


OpeningRoute = Literal["open", "retender", "approval"]


class OpeningDecision(Carried):
    """Whether bids may be opened, and where it goes if not (B-7, B-20)."""

    route: OpeningRoute
    decision: Decision


class CandidateGround(StrEnum):
    """Why a first candidate makes room for the next one (Tendering Regs art. 55)."""

    WITHDREW = "withdrew"
    FORCE_MAJEURE = "force_majeure"
    NO_PERFORMANCE_BOND = "no_performance_bond"
    UNLAWFUL = "unlawful"
    TOO_DEAR = "too_dear"
    """With its price the owners would carry more than they agreed to (E12); no ground of art. 55."""


class Party(StrEnum):
    """Who is responsible that a contract was not signed in time (E27)."""

    CANDIDATE = "candidate"
    TENDERER = "tenderer"


class BondOutcome(Carried):
    """What becomes of the bid bond of a candidate whose contract was not signed; in fen."""

    forfeited_fen: int = 0
    back_fen: int = 0
    held_fen: int = 0
    """Until somebody is named as responsible; else it goes back with all others (Regs art. 57)."""


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
