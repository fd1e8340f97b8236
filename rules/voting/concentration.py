"""Concentration of voting power, reported beside each result (rule book 1.3, Kin Sang [D])."""

from collections.abc import Sequence
from itertools import accumulate

from models.values.decisions.decision import Verdict
from models.values.decisions.rules import (
    DIMENSIONS,
    Amounts,
    Concentration,
    Facts,
    Holding,
    Rule,
)
from models.values.voting import Dimension
from rules.voting.counted import counted, dimensions_of
from rules.voting.engine import thresholds
from rules.voting.judging import judged


def concentration(
    rule: Rule, facts: Facts, holdings: Sequence[Holding]
) -> tuple[Concentration, ...]:
    """For each dimension of the rule: the largest holder, whether the result depends on it, and who decides.

    `holdings` are the holders that may vote, with their weights and how they voted. The share is
    of the holdings' sum. "Without the largest" is the same vote had that holder not voted: its
    block leaves its answer, the participation and the attendance, and stays on the roll.
    """
    verdict = judged(rule, facts).verdict
    found: list[Concentration] = []
    for dimension in dimensions_of(rule.quorum, rule.approve, rule.reject_cap):
        known = [(each.weights.of(dimension), each) for each in holdings]
        rows = sorted(
            ((weight, each) for weight, each in known if weight is not None),
            key=lambda row: (-row[0], row[1].holder),
        )
        everything = sum(weight for weight, _ in rows)
        if everything == 0 or len(rows) < len(known):
            continue
        weight, largest = rows[0]
        deciding = _deciding(rule, dimension, [row[0] for row in rows])
        found.append(
            Concentration.model_validate(
                {
                    "dimension": dimension,
                    "total": everything,
                    "largest": largest.holder,
                    "largest_weight": weight,
                    "largest_fraction": f"{weight}/{everything}",
                    "alone_decides": deciding == 1,
                    "deciding_holders": deciding,
                    "flips_without_largest": _flips(rule, facts, largest, verdict),
                }
            )
        )
    return tuple(found)


def without(facts: Facts, holding: Holding) -> Facts:
    """The same vote had this holder not voted; the roll stays as it is."""
    if holding.choice is None:
        return facts
    answer = {"yes": facts.yes, "no": facts.no, "abstain": facts.abstain}[holding.choice]
    return facts.model_copy(
        update={
            holding.choice: _minus(answer, holding.weights),
            "participating": _minus(facts.participating, holding.weights),
            "present": _minus(facts.present, holding.weights),
            # Whether the holder voted in person is not said.
            "in_person": Amounts(),
        }
    )


def _minus(amounts: Amounts, weights: Amounts) -> Amounts:
    """What remains in each dimension; never below nothing."""
    rest: dict[Dimension, int | None] = {}
    for dimension in DIMENSIONS:
        have, less = amounts.of(dimension), weights.of(dimension)
        rest[dimension] = None if have is None else max(0, have - (less or 0))
    return Amounts(head=rest["head"], area=rest["area"], share=rest["share"])


def _flips(rule: Rule, facts: Facts, largest: Holding, verdict: Verdict) -> bool | None:
    other = judged(rule, without(facts, largest)).verdict
    if "INDETERMINATE" in (verdict, other):
        return None
    return other != verdict


def _deciding(rule: Rule, dimension: Dimension, weights: Sequence[int]) -> int | None:
    """Fewest holders, largest first, whose yes carries this dimension against all others' no."""
    whole = Amounts.model_validate({dimension: sum(weights)})
    needs = thresholds(rule, counted(rule, Facts(all=whole))).min_yes_if_all_participate
    if dimension not in needs:
        return None
    reached = accumulate(weights)
    return next((n for n, sum_ in enumerate(reached, 1) if sum_ >= needs[dimension]), None)
