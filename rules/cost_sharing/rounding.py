"""Largest remainder (最大余数法): whole fen that sum exactly (rules.md 2.4)."""

from collections.abc import Mapping
from fractions import Fraction
from math import lcm

from models.values.refusal import refusal


def largest_remainder(total: int, weights: Mapping[str, int | Fraction]) -> dict[str, int]:
    """Split `total` fen by weight: floor every exact part, then one fen to the largest remainders.

    The parts sum to `total`, weight 0 gets 0, equal weights differ by at most one fen; ties go to
    the lowest id, so the order of the input does not matter. Refused: a total or a weight below
    zero, or money without any weight to carry it.
    """
    whole = integers(total, weights)
    everything = sum(whole.values())
    if everything == 0:
        return dict.fromkeys(weights, 0)
    parts = {key: total * weight // everything for key, weight in whole.items()}
    missing = total - sum(parts.values())
    # A remainder of zero never comes up: fewer fen are missing than remainders are above zero.
    order = sorted(whole, key=lambda key: (-(total * whole[key] % everything), key))
    for key in order[:missing]:
        parts[key] += 1
    return parts


def integers(total: int, weights: Mapping[str, int | Fraction]) -> dict[str, int]:
    """The same proportions in integers, which are far faster than fractions.

    Refused: a total or a weight below zero, or money without any weight to carry it.
    """
    if total < 0:
        raise refusal("cost_sharing.total_below_zero", total=total)
    for key, weight in weights.items():
        if weight < 0:
            raise refusal("cost_sharing.weight_below_zero", where=key)
    scale = scale_of(weights)
    whole = {key: int(weight * scale) for key, weight in weights.items()}
    if total > 0 and not any(whole.values()):
        raise refusal("cost_sharing.nobody_pays", total=total)
    return whole


def scale_of(weights: Mapping[str, int | Fraction]) -> int:
    """By what the weights are multiplied, so that they are integers."""
    return lcm(*{weight.denominator for weight in weights.values()}) if weights else 1
