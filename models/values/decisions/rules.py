"""The world's rules for owners' votes as data, the numbers they are applied to, and their answers.

Heads are persons, areas 0.01 m2, shares the country's own units (tantiemes, millesimi, MEA…);
`None` is "not known". Thresholds are exact fractions, never floats.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from models.values.base import Exact, Value
from models.values.decisions.decision import Check, Verdict
from models.values.voting import Base, Condition, Confidence, Dimension, Measured

DIMENSIONS: tuple[Dimension, ...] = ("head", "area", "share")
UNIT_OF: dict[Dimension, str] = {"head": "heads", "area": "area_dm2", "share": "shares"}

Payers = Literal["all", "all_but_dissenters", "yes_voters", "nobody"]
"""Who pays; a dissenter voted no, or objected in writing within the term."""
Part = Literal["roll", "quorum", "approve", "reject_cap", "objections", "follow_up"]
Count = Annotated[int, Field(ge=0, strict=True)]


class Amounts(Value):
    """One number of a vote in each dimension; None is "not known"."""

    head: Count | None = None
    area: Count | None = None
    share: Count | None = None

    def of(self, dimension: Dimension) -> int | None:
        """The number in one dimension."""
        return {"head": self.head, "area": self.area, "share": self.share}[dimension]


UNKNOWN = Amounts()
NONE_OF_THEM = Amounts(head=0, area=0, share=0)


class Facts(Value):
    """The numbers of one vote on one motion (the `input` object of `gongjian decide`).

    `all` is the roll and `excluded` the part of it that may not vote; `participating` are the valid
    ballots, which is yes + no + abstain where it is not stated and not `participating_unknown`.
    Nobody abstained, was excluded, spoilt a ballot, has ballots that contradict each other or kept a
    silence that counts unless it is said; everything else that is not said is unknown.
    """

    all: Amounts = UNKNOWN
    excluded: Amounts = NONE_OF_THEM
    present: Amounts = UNKNOWN
    participating: Amounts = UNKNOWN
    participating_unknown: bool = False
    yes: Amounts = UNKNOWN
    no: Amounts = UNKNOWN
    abstain: Amounts = NONE_OF_THEM
    invalid: Amounts = NONE_OF_THEM
    """Returned and void: no part of the vote, and no silence either."""
    contested: Amounts = NONE_OF_THEM
    """Two ballots that contradict each other, unresolved at the close: no silence either."""
    in_person: Amounts = UNKNOWN
    """Who voted in person, not by proxy (Hong Kong)."""
    silent_absentee: Amounts = NONE_OF_THEM
    """Duly summoned, absent, and without objection within the term."""
    objections_within_7d: Amounts | None = None
    """Written objections after the meeting; None when none are reported."""
    above_bound: bool | None = None
    """Whether the cost passes the bound from which the rule has others pay (`PayerRule.bound`)."""
    options: dict[str, Amounts] | None = None


class Silence(Value):
    """What it means that an owner did not answer."""

    kind: Literal["no_vote", "follow_majority", "deemed_yes"] = "no_vote"
    days: int | None = None
    """The term after which silence counts."""
    article: str = ""
    confidence: Confidence = "V"


class FollowUp(Value):
    """A second vote under a lower bar: a bridge (passerelle) or a second call.

    Open when the first vote ended as `after` says and every condition holds.
    """

    kind: Literal["bridge", "second_call"]
    then: str
    """The rule of the second vote."""
    after: Literal["fail", "no_quorum"] = "fail"
    conditions: tuple[Condition, ...] = ()
    no_further: bool = False
    """The second vote opens no bridge of its own."""
    earliest_days: int | None = None
    latest_days: int | None = None
    notice_days: int | None = None
    limit: str = ""
    """The time limit in words."""
    article: str
    confidence: Confidence = "V"


class Veto(Value):
    """Objections after the meeting undo the decision if every one of the conditions is broken."""

    days: int
    conditions: tuple[Condition, ...]
    article: str


class PayerRule(Value):
    """Who pays, as a second result of the same vote; `by` is the rule that says so, if another.

    `above` pay instead of `passed` where the cost is above `bound`, which is said in words.
    """

    passed: Payers
    failed: Payers = "nobody"
    above: Payers | None = None
    bound: str = ""
    by: str | None = None
    article: str


class Dispute(Value):
    """A text that is also read otherwise: the other reading as tests (by their codes) or silence."""

    text: str
    article: str
    confidence: Confidence = "V2"
    conditions: tuple[Condition, ...] = ()
    silence: Literal["no_vote", "deemed_yes"] | None = None


class Rule(Value):
    """One rule of decision: when it is law, what it tests, and what follows. Never edited: a change
    of the law is a new version with its own date.
    """

    id: str
    jurisdiction: str
    law: str
    articles: tuple[str, ...]
    confidence: Confidence
    valid_from: date
    valid_until: date | None = None
    """Last day in force."""
    dates_confidence: Confidence = "M"
    version: int = 1
    quorum: tuple[Condition, ...] = ()
    approve: tuple[Condition, ...] = ()
    reject_cap: tuple[Condition, ...] = ()
    either: tuple[tuple[str, ...], ...] = ()
    """Tests of one part, by their codes, of which one is enough; all others must hold."""
    veto: Veto | None = None
    silence: Silence = Silence()
    follow_ups: tuple[FollowUp, ...] = ()
    payers: PayerRule | None = None
    effect: Literal["decision", "payer_set"] = "decision"
    quorum_unknown: Literal["indeterminate", "presumed"] = "indeterminate"
    """Whether a record of the vote that is silent about attendance is taken to have had a quorum."""
    quorum_presumption: str = ""
    """Why, where it is."""
    caps: tuple[str, ...] = ()
    """The caps that adjust weights before they are counted."""
    disputed: tuple[Dispute, ...] = ()
    note: str = ""

    def in_force(self, on: date) -> bool:
        """Is it law on that day."""
        return self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)


CapKind = Literal["majority_owner", "fraction_of_all", "original_owner", "proxies"]


class Cap(Value):
    """A limit on the weight of one holder, or on the mandates of one proxy.

    `fraction` is the part of all that counts at most, or the part of a weight that is cut;
    `least` the number of mandates that is always allowed.
    """

    id: str
    jurisdiction: str
    kind: CapKind
    law: str
    article: str
    confidence: Confidence
    valid_from: date
    valid_until: date | None = None
    dates_confidence: Confidence = "M"
    version: int = 1
    fraction: Exact = Field(default=0, validate_default=True)
    least: int = 0


class MatterClass(Value):
    """Which class of decision a matter needs."""

    matter: str
    cls: str
    article: str
    confidence: Confidence = "V"


class ClassRule(Value):
    """The rule of a class."""

    cls: str
    rule: str


class MatterTable(Value):
    """The dated mapping matter -> class -> rule of one place; the classes are ordered, mildest first.

    `may_undercut` says that a recorded decision may also choose a milder class than the legal one.
    """

    id: str
    region: str
    valid_from: date
    valid_until: date | None = None
    law: str
    confidence: Confidence = "V"
    dates_confidence: Confidence = "M"
    version: int = 1
    classes: tuple[ClassRule, ...]
    matters: tuple[MatterClass, ...]
    caps: tuple[str, ...] = ()
    may_undercut: bool = False

    def in_force(self, on: date) -> bool:
        """Is it law on that day."""
        return self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)


class RecordedDecision(Value):
    """A decision, on record, that a matter be treated under another class than the table's."""

    cls: str
    decided_by: str = Field(min_length=1)
    decided_on: date
    document: str = Field(min_length=1)


class ChosenRule(Value):
    """The rule of a matter, how it was found, and who decided otherwise if somebody did."""

    rule: Rule
    table: str
    matter: str
    cls: str
    legal_cls: str
    article: str
    override: RecordedDecision | None = None


class RuleCheck(Check):
    """A check that also says what it measured, of what, and how certain its law is."""

    part: Part
    dimension: Dimension
    value: Measured | Literal["roll"]
    of: Base
    fraction: Exact
    confidence: Confidence


class Bridge(Value):
    """Whether a second vote is open, and the tests that say so; None when that cannot be known."""

    follow_up: FollowUp
    open: bool | None
    checks: tuple[RuleCheck, ...]


class OtherReading(Value):
    """What a disputed text says when it is read otherwise; `decisive` if that verdict is another.

    None while one of the two cannot be known. `rule` has the text: of a rule whose payers another
    one settles, it may be that one.
    """

    rule: str
    text: str
    article: str
    verdict: Verdict
    payer_set: Payers | None = None
    decisive: bool | None


class Thresholds(Value):
    """The least whole numbers that a known roll needs, per dimension.

    Of tests of which one is enough (`Rule.either`) each dimension has its own number.
    """

    min_participating: dict[Dimension, int] = Field(default_factory=dict)
    min_present: dict[Dimension, int] = Field(default_factory=dict)
    min_in_person: dict[Dimension, int] = Field(default_factory=dict)
    min_yes_if_all_participate: dict[Dimension, int] = Field(default_factory=dict)


class RuleResult(Value):
    """What a rule says about a vote. FAIL beats INDETERMINATE beats PASS."""

    rule: str
    verdict: Verdict
    quorum: Verdict
    approve: Verdict
    head_approve: Verdict | None
    quorum_presumed: bool = False
    checks: tuple[RuleCheck, ...]
    follow_ups: tuple[Bridge, ...] = ()
    payer_set: Payers | None = None
    disputed: tuple[OtherReading, ...] = ()
    thresholds: Thresholds

    @property
    def bridge(self) -> bool | None:
        """Whether a bridge is open; None too where the rule has none."""
        return next(
            (each.open for each in self.follow_ups if each.follow_up.kind == "bridge"), None
        )


class OptionsRuling(Value):
    """Which of several schemes stands.

    `winner` has it; `run_off` names the two that are put again; `tie` the ones that nobody can
    separate; `no_quorum` and `rejected` end the vote; `unknown` when numbers are missing.
    """

    outcome: Literal["winner", "run_off", "tie", "rejected", "no_quorum", "unknown"]
    winner: str | None = None
    named: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    """All options, the strongest first; equal ones by their ids."""


class Holding(Value):
    """One holder's weights and how the holder voted; None is no vote."""

    holder: str
    choice: Literal["yes", "no", "abstain"] | None = None
    weights: Amounts


class Concentration(Value):
    """How far voting power is in one hand, in one dimension."""

    dimension: Dimension
    total: int
    largest: str
    """The holder; of several equal ones the first by name."""
    largest_weight: int
    largest_fraction: Exact
    alone_decides: bool
    deciding_holders: int | None
    """Fewest holders that carry a motion against everybody else; None when even all cannot."""
    flips_without_largest: bool | None
    """Would the verdict change had the largest holder not voted; None when that is not known."""


class CapResult(Value):
    """What a cap leaves: the weights in their order, or the mandates that are allowed."""

    cap: int | None = None
    weights: tuple[Exact, ...] = ()
    total: Exact | None = None
    cut: tuple[int, ...] = ()
    """The places, from 0, of the holders whose weight was cut."""
