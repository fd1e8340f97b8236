"""Questions of what comes after the shares: fees, relief, who has paid, who joins, who gets back."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from models.fields import Expected, contradiction, entries, whole
from models.values.base import Exact
from models.values.cost_sharing import Paid
from rules.cost_sharing.collection import late_fee_fen, relieve
from rules.cost_sharing.joining import late_joining
from rules.cost_sharing.questions.question import (
    FEN_PER_YUAN,
    Answer,
    Many,
    Money,
    Positive,
    Question,
    name_at,
    yuan,
)
from rules.cost_sharing.settlement import refunds, sunk_net_fen

MONTHS_SHOWN = 12
PERCENT = 100
TENTHS = 10
Percent = Annotated[Exact, Field(ge=0, le=PERCENT), Expected("percent")]
Rate = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}(\.[0-9]{1,6})?%$"), Expected("rate")]


class Hardship(Question):
    """Relief for a household in hardship, which city and district pay half each."""

    contribution: Money
    relief_pct: Percent

    def answer(self) -> Answer:
        """What the household pays, and the two."""
        permille = self.relief_pct * 10
        funds = {"city": 1, "district": 1}
        parts = relieve("unit", self.contribution, permille, funds, "waiver")
        paid = {each.funded_by: each.amount_fen for each in parts}
        return {"household_pays": self.contribution - sum(paid.values()), **paid}


class FeeForLateness(Question):
    """Simple interest for each month that has started, rounded up."""

    instalment_hkd: Money
    rate_per_started_month: Rate
    months: Annotated[int, *whole("count", 1_200, 1)] = MONTHS_SHOWN

    def answer(self) -> Answer:
        """`month1` and so on: the fee once so many months have started."""
        permille = Fraction(self.rate_per_started_month.removesuffix("%")) * 10
        return {
            f"month{month}": late_fee_fen(self.instalment_hkd, permille, month)
            for month in range(1, self.months + 1)
        }


class CollectionCurve(Question):
    """How many of the flats have paid an instalment on which day."""

    flats: Annotated[int, *whole("count", 10**9, 1)]
    instalments: Annotated[
        dict[Annotated[str, StringConstraints(pattern=r"^paid_instalment_[0-9]{1,3}$")], object],
        *entries(1_000, 1),
    ]

    @model_validator(mode="before")
    @classmethod
    def _byname_at(cls, given: object) -> object:
        if not isinstance(given, Mapping):
            return given
        named = {key: value for key, value in given.items() if str(key).startswith("paid_")}
        rest = {key: value for key, value in given.items() if key not in named}
        return {**rest, "instalments": {key: _counts(key, each) for key, each in named.items()}}

    @model_validator(mode="after")
    def _no_more_than_there_are(self) -> Self:
        for name, counts in self.instalments.items():
            if max(_counts(name, counts).values()) > self.flats:
                raise contradiction("paid_of_flats", name)
        return self

    def answer(self) -> Answer:
        """`pct_<instalment>`: per day the percentage with one decimal, half a tenth rounded up."""
        return {
            f"pct_{name.rpartition('_')[2]}": {
                day: _tenths(Fraction(paid * PERCENT, self.flats))
                for day, paid in _counts(name, counts).items()
            }
            for name, counts in self.instalments.items()
        }


class LateJoiner(Question):
    """Whoever joins later pays the share of the original scheme, with an uplift where one is voted."""

    original_share_yuan: Money
    uplift: Positive = Fraction(0)
    earlier: Annotated[tuple[Positive, ...], *Many] | None = None
    """The shares of those who have paid before: what is paid now is credited to them by these."""

    def answer(self) -> Answer:
        """What is paid, and what follows (SPC typical case 5); `credits_fen` in the order of `earlier`."""
        earlier = {name_at(number): part for number, part in enumerate(self.earlier or ())}
        joining = late_joining(self.original_share_yuan * FEN_PER_YUAN, earlier, self.uplift)
        credits_fen = [each.amount_fen for each in joining.credits]
        return {
            **({"credits_fen": credits_fen} if self.earlier else {}),
            "pay_yuan": yuan(joining.pay_fen),
            "access_after_payment": joining.access_after_payment,
            "owners_consent_needed": joining.owners_consent_needed,
        }


class Cancelled(Question):
    """A cancellation: what the works have cost is shared, the rest goes back (Civil Code art. 806)."""

    paid: Annotated[tuple[Money, ...], *Many]
    certified_and_committed_cost: Money
    subsidy_applicable_to_that_cost: Money = 0
    weights: Annotated[tuple[Positive, ...], *Many] | None = None
    """The households' shares; where all have paid alike, what each has paid."""

    @model_validator(mode="after")
    def _one_weight_each(self) -> Self:
        if self.weights is not None and len(self.weights) != len(self.paid):
            raise contradiction("weight_each", "weights")
        return self

    def answer(self) -> Answer:
        """`refund_pool` and `refunds`, below zero a debt."""
        sunk = sunk_net_fen(
            self.certified_and_committed_cost, 0, self.subsidy_applicable_to_that_cost
        )
        paid = tuple(
            Paid(unit_number=name_at(number), amount_fen=amount)
            for number, amount in enumerate(self.paid)
        )
        carried = [Fraction(each) for each in self.weights or self.paid]
        sheet = refunds(paid, {name_at(n): each for n, each in enumerate(carried)}, sunk)
        back = [entry.amount_fen for entry in sheet]
        return {"refund_pool": sum(back), "refunds": back}


def _counts(name: str, given: object) -> dict[str, int]:
    """How many had paid, by day."""
    if not isinstance(given, Mapping) or not given:
        raise contradiction("counts_by_day", name)
    for day, count in given.items():
        right = isinstance(count, int) and not isinstance(count, bool) and count >= 0
        if not right or not _is_day(day):
            raise contradiction("counts_by_day", name)
    return dict(given)


def _is_day(text: object) -> bool:
    try:
        return isinstance(text, str) and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _tenths(value: Fraction) -> str:
    """With one digit after the point, half up; whatever its size."""
    tenths = (2 * TENTHS * value.numerator + value.denominator) // (2 * value.denominator)
    return f"{tenths // TENTHS}.{tenths % TENTHS}"
