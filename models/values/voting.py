"""Voting: motions, the roll of owners, tallies, and the packs of law that decide them.

Areas are in dm2 x 100, that is 0.01 m2, as everywhere (`area_dm2`); heads are persons of the roll.
"""

from datetime import date
from enum import StrEnum
from typing import ClassVar, Literal, get_args

from pydantic import ConfigDict, Field, model_validator

from models.values.base import Carried, Exact, Grown
from models.values.decisions.decision import Check, Operator
from models.values.decisions.menu import Approval, Completion, Menu, MenuRule

UnitKind = Literal["flat", "shop", "parking", "storage", "other"]


Channel = Literal["web", "portal", "paper", "door", "onsite", "proxy", "official"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
"""The ways a ballot comes in; see `rules.ballots.states.ROUTE_OF` for which of them stand for each other."""


VotingRoutes = Literal["own_web", "official_system_only"]

Dimension = Literal["head", "area", "share"]
Measured = Literal["yes", "no", "participating", "present", "in_person", "cast", "objections"]
Base = Literal["all", "participating", "present", "cast", "required_quorum", "number"]
Confidence = Literal["V", "V2", "M", "D"]


class MotionKind(StrEnum):
    """The two thresholds of Civil Code art. 278(2)."""

    ORDINARY = "ordinary"
    MAJOR = "major"


class Matter(StrEnum):
    """The matters of Civil Code art. 278(1); keyed by matter, since local lists shift the numbers."""

    RULES = "rules"
    """Rules of procedure of the owners' assembly (item 1)."""
    COVENANT = "covenant"
    """Management covenant (item 2)."""
    COMMITTEE = "committee"
    """Elect or replace the owners' committee (item 3)."""
    MANAGER = "manager"
    """Hire or dismiss the property manager (item 4)."""
    FUND_USE = "fund_use"
    """Use the maintenance fund (item 5)."""
    FUND_RAISE = "fund_raise"
    """Raise maintenance money (item 6)."""
    REBUILD = "rebuild"
    """Alter or rebuild buildings and ancillary facilities (item 7)."""
    COMMON_PARTS = "common_parts"
    """Change the use of common parts or do business with them (item 8)."""
    OTHER = "other"
    """Other major matters of common ownership (item 9)."""


class Choice(StrEnum):
    """What a ballot says to one motion."""

    YES = "yes"
    NO = "no"
    ABSTAIN = "abstain"


INVALID = "invalid"
"""What a written ballot says to a motion that was left blank or marked twice; it takes no part."""


class MotionScope(Carried):
    """Who votes on a motion: those who share the part that it is about (rules V-CN-11).

    A "building" is named, an "entrance" (stairwell) together with its building.
    """

    kind: Literal["estate", "building", "entrance"] = "estate"
    building: str = ""
    entrance: str = ""


class MotionOption(Carried):
    """One of several schemes that exclude each other."""

    id: str
    title: str


class Motion(Grown):
    """One question put to the owners.

    Without `options` the choices are yes, no, abstain; with them, one option or abstain. With a
    `menu` a ballot chooses works under its budget, or abstains.
    `depends_on` names the motion that must pass first; otherwise this one lapses.
    """

    LATER: ClassVar[frozenset[str]] = frozenset({"scope", "rule", "after", "above_bound"})

    id: str
    title: str
    kind: MotionKind = MotionKind.ORDINARY
    """Of Chinese law; elsewhere the class follows from the matter alone."""
    matter: str | None = None
    """As the pack's table calls it; those of China are in `Matter`."""
    depends_on: str | None = None
    options: tuple[MotionOption, ...] = ()
    menu: Menu | None = None
    menu_rule: MenuRule = MenuRule.GREEDY
    completion: Completion = Completion.NONE
    """What equal shares does with the rest of a menu's money."""
    approval: Approval = Approval.EACH
    """How the works of a menu get the approval that the matter's class of decision needs."""
    scope: MotionScope = MotionScope()
    """Only these owners are asked; motions of one scope are in one box."""
    rule: str = ""
    """The rule of a second vote (bridge, second call); "" where the matter says which."""
    after: str = ""
    """The rule of the first vote, which has opened this one."""
    above_bound: bool | None = None
    """Whether its cost passes the bound from which the law frees who is against it (LPH art. 17.4)."""


FollowUpKind = Literal["bridge", "second_call"]


class SecondVote(Carried):
    """What the law lets a motion do that has failed: be put again under a lower bar."""

    kind: FollowUpKind
    rule: str
    """Of the second vote."""
    after: str
    """The rule of the vote that has failed."""
    earliest_days: int | None = None
    latest_days: int | None = None
    """Natural days after the first vote; 0 is at once, None where the law sets no term."""
    notice_days: int | None = None
    article: str
    checks: tuple[Check, ...] = ()
    """Why it is open."""


class FollowUpTerms(Carried):
    """When the second vote of a box is held: the narrowest terms of all its motions, in natural days."""

    kind: FollowUpKind
    earliest_days: int = 0
    latest_days: int | None = None
    notice_days: int = 0
    article: str

    @property
    def at_once(self) -> bool:
        """In the same meeting, without notice and without waiting."""
        return self.latest_days == 0

    @property
    def by_law(self) -> bool:
        """The law sets its term, so the engine opens it; elsewhere the committee does."""
        return self.latest_days is not None


class RollUnit(Carried):
    """One exclusive unit (专有部分) as the roll knows it, without personal data.

    `owner_key` stands for the exact set of registered owners: {A} merges with {A}, not with {A, B}.
    """

    number: str
    area_dm2: int = Field(gt=0)
    owner_key: str
    developer: bool = False
    """Unsold, or sold and not handed over: still the developer's."""
    kind: UnitKind = "flat"
    excluded_reason: str | None = None


class HeadGroup(Carried):
    """The units that count as one person, with their summed area; one entry of the roll."""

    entry_id: str
    heads: int = 1
    area_dm2: int
    units: tuple[str, ...]
    developer: bool = False
    excluded_reason: str | None = None
    """Why the entry does not vote and is not in the denominators; None for a voter."""


NUMBERS = ("roll", "participating", "yes", "no", "abstain", "invalid")
BESIDE = ("present", "silent", "objections")


class ReportedTally(Grown):
    """The numbers of a vote as somebody published them; None is "not published".

    `participating` is yes + no + abstain: the valid ballots that were returned. Shares, and what
    stands beside the ballots, are there only where the law looks at them: `present` attended,
    `silent` were absent and did not object in time, `objections` objected after the vote.
    """

    LATER: ClassVar[frozenset[str]] = frozenset(
        {
            *(f"{name}_shares" for name in NUMBERS),
            *(f"{name}_{unit}" for name in BESIDE for unit in ("heads", "area_dm2", "shares")),
        }
    )

    roll_heads: int | None = None
    roll_area_dm2: int | None = None
    participating_heads: int | None = None
    participating_area_dm2: int | None = None
    yes_heads: int | None = None
    yes_area_dm2: int | None = None
    no_heads: int | None = None
    no_area_dm2: int | None = None
    abstain_heads: int | None = None
    abstain_area_dm2: int | None = None
    invalid_heads: int | None = None
    invalid_area_dm2: int | None = None
    roll_shares: int | None = None
    participating_shares: int | None = None
    yes_shares: int | None = None
    no_shares: int | None = None
    abstain_shares: int | None = None
    invalid_shares: int | None = None
    present_heads: int | None = None
    present_area_dm2: int | None = None
    present_shares: int | None = None
    silent_heads: int | None = None
    silent_area_dm2: int | None = None
    silent_shares: int | None = None
    objections_heads: int | None = None
    objections_area_dm2: int | None = None
    objections_shares: int | None = None


class ReportedChoice(Carried):
    """Who stands behind one option, or one work of a menu, as somebody published it; None is not published."""

    heads: int | None = None
    area_dm2: int | None = None
    shares: int | None = None


class ReportedNumbers(ReportedTally):
    """The numbers of one motion as a certificate has them; a name that is not known is an error.

    `options` are the numbers of each option, or of the supporters of each work of a menu; `chosen`
    are the works that the official system has chosen.
    """

    LATER: ClassVar[frozenset[str]] = ReportedTally.LATER | {"options", "chosen"}
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    options: dict[str, ReportedChoice] = Field(default={})
    chosen: tuple[str, ...] = Field(default=(), strict=False)


class Tally(ReportedTally):
    """The complete numbers of one motion, as the project itself counted them."""

    roll_heads: int = Field(ge=0)
    roll_area_dm2: int = Field(ge=0)
    participating_heads: int = Field(ge=0)
    participating_area_dm2: int = Field(ge=0)
    yes_heads: int = Field(ge=0)
    yes_area_dm2: int = Field(ge=0)
    no_heads: int = Field(ge=0)
    no_area_dm2: int = Field(ge=0)
    abstain_heads: int = Field(ge=0)
    abstain_area_dm2: int = Field(ge=0)
    invalid_heads: int = Field(default=0, ge=0)
    invalid_area_dm2: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _adds_up(self) -> "Tally":
        heads = self.yes_heads + self.no_heads + self.abstain_heads
        area = self.yes_area_dm2 + self.no_area_dm2 + self.abstain_area_dm2
        if (heads, area) != (self.participating_heads, self.participating_area_dm2):
            raise ValueError("participating is yes + no + abstain, in heads and in area")
        if heads > self.roll_heads or area > self.roll_area_dm2:
            raise ValueError("more took part than the roll has")
        return self


class Condition(Carried):
    """One test of the law: `value op fraction * of`, in one dimension.

    `required_quorum` is the least number that makes the quorum; `number` is 1, so that the
    fraction is itself the bound ("at least 3 persons"). `confidence` says how well the text behind
    it is known: V read, V2 second hand, M from memory, D our own choice; M and D are defaults that
    a place may set otherwise.
    """

    code: str
    dimension: Dimension
    value: Measured
    op: Operator
    fraction: Exact
    of: Base
    article: str
    confidence: Confidence = "V"


class VotingPack(Carried):
    """The law of one place and time on owners' votes, as data; a renovation keeps the one it began under."""

    id: str
    region: str
    """"CN" for the nation, "CN-3707" for a city with rules of its own."""
    valid_from: date
    valid_until: date | None = None
    """Last day in force; None while it is in force."""
    quorum: tuple[Condition, ...] = ()
    ordinary: tuple[Condition, ...] = ()
    major: tuple[Condition, ...] = ()
    """The two classes of Chinese law; elsewhere the table of the same id has the rule of each matter."""
    text: str
    """The wording of the provision, in China in Chinese."""
    counted_kinds: tuple[UnitKind, ...] = ("flat", "shop", "other")
    """Exclusive parts that count; parking and storage only where they can be registered."""
    non_return: Literal["ignore", "follow_majority"] = "ignore"
    """What an unreturned ballot means; following the majority is a legal risk since 2021."""
    change_allowed: bool = True
    """May a voter change the ballot until the close, the last one counting (rule book 1.4.2, [D])."""
    mandates_per_agent: int | None = None
    """Most owners one agent may stand for; None where no text says."""
    secret: bool = False
    """Signed ballots in the PRC; confidential before the close all the same."""
    heads: Literal["owners", "units"] = "owners"
    """Whether all units of the same owners are one head, or every unit is one."""
    extends: bool = True
    """May an open vote be extended while its quorum is short (E2)."""
    routes: VotingRoutes = "own_web"
    """Whether a ballot on the internet may come in here, or through the city's own system only (V-CN-9)."""
    routes_article: str = ""
    """The article that says so, where it is the city's own system."""
