"""The numbers of one motion as its rule looks at them."""

from collections.abc import Mapping
from typing import NamedTuple

from models.values.decisions.rules import Amounts, Rule
from models.values.voting import INVALID, Choice, Tally
from rules.voting.live.beside import Beside, Weight, said_beside


class Whole(NamedTuple):
    """What every motion of a box is counted against."""

    roll: Weight
    beside: Beside
    rules: Mapping[str, Rule]
    """The rule of each motion, by its id."""
    payers_by: Mapping[str, Rule]
    """The rule that says who pays for a motion, where it is not to be looked up."""


def tally_of(
    rule: Rule, whole: Whole, words: Mapping[str, Weight], yes: Weight, no: Weight
) -> Tally:
    """The numbers of a motion; shares only where the rule looks at them and all owners have some."""
    abstain, invalid = (words.get(word, Weight()) for word in (Choice.ABSTAIN.value, INVALID))
    weights = {
        "roll": whole.roll,
        "participating": yes.plus(no).plus(abstain),
        "yes": yes,
        "no": no,
        "abstain": abstain,
        "invalid": invalid,
        **said_beside(rule, whole.beside),
    }
    with_shares = _counts_shares(rule) and whole.roll.shares > 0
    units = ("heads", "area_dm2", "shares") if with_shares else ("heads", "area_dm2")
    return Tally.model_validate(
        {
            f"{name}_{unit}": getattr(weight, unit)
            for name, weight in weights.items()
            for unit in units
        }
    )


def amounts_of(rule: Rule, weight: Weight) -> Amounts:
    """A weight in the dimensions that the rule looks at; heads and area always."""
    share = weight.shares if _counts_shares(rule) else None
    return Amounts(head=weight.heads, area=weight.area_dm2, share=share)


def _counts_shares(rule: Rule) -> bool:
    tests = (*rule.quorum, *rule.approve, *rule.reject_cap)
    return any(condition.dimension == "share" for condition in tests)
