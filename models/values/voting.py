"""Voting: motions, the roll of owners, tallies, and the packs of law that decide them.

Areas are in dm2 x 100, that is 0.01 m2, as everywhere (`area_dm2`); heads are persons of the roll.
"""

from datetime import date
from enum import StrEnum
from typing import Literal, get_args

from pydantic import Field, model_validator

from models.values.base import Carried, Exact
from models.values.decisions.decision import Operator
from models.values.decisions.menu import Approval, Completion, Menu, MenuRule

UnitKind = Literal["flat", "shop", "parking", "storage", "other"]


Channel = Literal["web", "portal", "paper", "door", "onsite", "proxy", "official"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
"""The ways a ballot comes in; see `rules.ballots.states.ROUTE_OF` for which of them stand for each other."""


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


class MotionOption(Carried):
    """One of several schemes that exclude each other."""

    id: str
    title: str


class Motion(Carried):
    """One question put to the owners.

    Without `options` the choices are yes, no, abstain; with them, one option or abstain. With a
    `menu` a ballot chooses works under its budget, or abstains.
    `depends_on` names the motion that must pass first; otherwise this one lapses.
    """

    id: str
    title: str
    kind: MotionKind
    matter: Matter | None = None
    depends_on: str | None = None
    options: tuple[MotionOption, ...] = ()
    menu: Menu | None = None
    menu_rule: MenuRule = MenuRule.GREEDY
    completion: Completion = Completion.NONE
    """What equal shares does with the rest of a menu's money."""
    approval: Approval = Approval.EACH
    """How the works of a menu get the approval that the matter's class of decision needs."""


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


class ReportedTally(Carried):
    """The numbers of a vote as somebody published them; None is "not published".

    `participating` is yes + no + abstain: the valid ballots that were returned.
    """

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
    quorum: tuple[Condition, ...]
    ordinary: tuple[Condition, ...]
    major: tuple[Condition, ...]
    text: str
    """The wording of the provision, in Chinese."""
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
