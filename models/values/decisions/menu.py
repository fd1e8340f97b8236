"""Menu votes (菜单式改造): the works to choose from, the ballots, and what came of them.

Money is an integer of minor units; `Menu.scale` says how many make one currency unit (100 fen are
one yuan; 1 where a file counts whole units). Points and votes are integers.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from models.values.base import Exact, Value

SECTIONS = frozenset({"META", "PROJECTS", "VOTES"})


class BallotForm(StrEnum):
    """How a resident chooses: which works, how many points each, or in which order."""

    APPROVAL = "approval"
    CUMULATIVE = "cumulative"
    ORDINAL = "ordinal"


class TallyUnit(StrEnum):
    """What is counted for a work: ballots that name it, or their points."""

    VOTES = "votes"
    SCORE = "score"


class TieRule(StrEnum):
    """Which of two equal works comes first: the one listed first, or the cheaper one (then listed)."""

    LISTED = "listed"
    COST = "cost"


class MenuRule(StrEnum):
    """How the works are chosen from the ballots."""

    GREEDY = "greedy"
    EQUAL_SHARES = "equal-shares"


class Approval(StrEnum):
    """How works of a menu get the approval that the law asks for, whatever method chooses among them.

    EACH: a work may be chosen only if its own supporters reach the bar of the matter's class. WHOLE:
    the same ballot asks whether the owners approve whatever the method chooses within the budget.
    """

    EACH = "each"
    WHOLE = "whole"


class Completion(StrEnum):
    """What equal shares does with money that is left.

    NONE leaves it. ADD1 raises every endowment by one currency unit at a time and keeps the last
    outcome within the budget. ADD1_EXHAUSTIVE also stops as soon as no other work fits.
    """

    NONE = "none"
    ADD1 = "add1"
    ADD1_EXHAUSTIVE = "add1-exhaustive"


class Utility(StrEnum):
    """What a supported work is worth: its cost, the points given, or points times cost."""

    COST = "cost"
    POINTS = "points"
    POINTS_COST = "points-cost"


class MenuItem(Value):
    """One optional work; `cost` in minor units."""

    id: str = Field(min_length=1)
    title: str = ""
    cost: int = Field(ge=0)
    category: str = ""

    @field_validator("id")
    @classmethod
    def _one_word(cls, value: str) -> str:
        if value != value.strip() or "," in value or not value.isprintable():
            raise PydanticCustomError(
                "expected.menu_id", "no comma, no blank at the ends, nothing unprintable"
            )
        if value.upper() in SECTIONS:
            raise PydanticCustomError(
                "expected.menu_section", "not the name of a section of a .pb file"
            )
        return value


class MenuRules(Value):
    """What a ballot may hold and how it is scored; None sets no limit. Costs in minor units.

    `min_score` is the least tally with which a work may win: 1 keeps out what nobody asked for.
    An ordinal ballot gives `ordinal_top` points to its first work, one less to the next, and so
    on, never less than none; by default `max_length`, or the number of works.
    """

    min_length: int = Field(default=1, ge=0)
    max_length: int | None = Field(default=None, ge=1)
    min_sum_cost: int | None = Field(default=None, ge=0)
    max_sum_cost: int | None = Field(default=None, ge=0)
    min_points: int | None = None
    max_points: int | None = None
    min_sum_points: int | None = None
    max_sum_points: int | None = None
    ordinal_top: int | None = Field(default=None, ge=1)
    unit: TallyUnit | None = None
    min_score: int = 1
    ties: TieRule = TieRule.LISTED


class Menu(Value):
    """The works of one vote with the money there is for them."""

    items: tuple[MenuItem, ...]
    budget: int = Field(ge=0)
    form: BallotForm
    rules: MenuRules = MenuRules()
    scale: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len({item.id for item in self.items}) < len(self.items):
            raise PydanticCustomError("expected.menu_twice", "two items have the same id")
        if str(self.scale).strip("0") != "1":
            raise PydanticCustomError("expected.menu_scale", "scale is a power of ten")
        return self

    @cached_property
    def costs(self) -> Mapping[str, int]:
        """Cost by item id, in the order of the menu."""
        return MappingProxyType({item.id: item.cost for item in self.items})

    @property
    def unit(self) -> TallyUnit:
        """What the tally of this menu counts."""
        if self.rules.unit is not None:
            return self.rules.unit
        return TallyUnit.VOTES if self.form is BallotForm.APPROVAL else TallyUnit.SCORE

    @property
    def top(self) -> int:
        """Points of the first work of an ordinal ballot."""
        return self.rules.ordinal_top or self.rules.max_length or len(self.items)


class MenuBallot(NamedTuple):
    """The works of one ballot and the points of each; no points where the form settles them."""

    items: tuple[str, ...]
    points: tuple[int, ...] = ()


class MenuTally(Value):
    """Ballots that name each work, and their points; every work of the menu has an entry."""

    ballots: int
    votes: dict[str, int]
    score: dict[str, int]

    def of(self, unit: TallyUnit) -> dict[str, int]:
        """The figures in one unit."""
        return self.votes if unit is TallyUnit.VOTES else self.score


class MenuTie(Value):
    """Works that stood equal when it was their turn, in the order that the tie rule gave them.

    `decisive` says that some of them won and some did not.
    """

    items: tuple[str, ...]
    decisive: bool


class MenuRound(Value):
    """A work bought by its supporters: each pays `price` a point, or all that is left to them.

    Under the utility COST every supporter counts one point. In minor units.
    """

    item: str
    price: Exact


class MenuOutcome(Value):
    """The works chosen, in the order in which they were; money in minor units.

    `endowment` is the money of every voter in the end, `rounds` who paid how much for what; both
    only under equal shares.
    """

    rule: MenuRule
    completion: Completion = Completion.NONE
    unit: TallyUnit
    tie_rule: TieRule
    tally: dict[str, int]
    winners: tuple[str, ...]
    cost: int
    budget: int
    ties: tuple[MenuTie, ...] = ()
    endowment: Exact | None = None
    rounds: tuple[MenuRound, ...] = ()
