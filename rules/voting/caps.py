"""Limits on weights and mandates, applied before anything is counted; exact."""

from collections.abc import Sequence
from fractions import Fraction
from math import floor

from models.values.decisions.rules import Cap, CapResult
from models.values.refusal import Refused, refusal

FEWEST_HOLDERS = 2


def apply_cap(
    cap: Cap,
    weights: Sequence[int] = (),
    *,
    original_owner: int | None = None,
    lots: int | None = None,
) -> CapResult:
    """What the cap leaves of the weights, or how many mandates it allows.

    `weights` are the holders' in any order, which the answer keeps; `original_owner` is the
    developer's place among them; `lots` the lots of the scheme.

    Raises:
        Refused: `decide.cap_input` naming what the cap needs.
    """
    if cap.kind == "proxies":
        if cap.fraction and lots is None:
            raise _needs(cap, "lots")
        return CapResult(cap=mandates_allowed(cap, lots or 0))
    if len(weights) < FEWEST_HOLDERS:
        raise _needs(cap, "shares")
    if cap.kind == "majority_owner":
        return _result(weights, _majority_owner(cap, weights))
    if cap.kind == "fraction_of_all":
        most = cap.fraction * sum(weights)
        return _result(weights, [min(Fraction(weight), most) for weight in weights])
    if original_owner is None or not 0 <= original_owner < len(weights):
        raise _needs(cap, "original_owner")
    if lots is None:
        raise _needs(cap, "lots")
    return _result(weights, _original_owner(cap, weights, original_owner, lots))


def mandates_allowed(cap: Cap, lots: int) -> int:
    """How many owners one proxy may stand for: a fixed number, or a part of the lots if more."""
    return max(cap.least, floor(cap.fraction * lots))


# waits for votes under the law of other places
def mandate_refused(cap: Cap, held: int, lots: int = 0) -> bool:
    """Whether one more mandate is too many for somebody who holds so many (Weifang: the 4th)."""
    return held + 1 > mandates_allowed(cap, lots)


def _majority_owner(cap: Cap, weights: Sequence[int]) -> list[Fraction]:
    """Whoever has more than half has as much as all others together (France, art. 22)."""
    everything = sum(weights)
    return [
        Fraction(everything - weight if weight > cap.fraction * everything else weight)
        for weight in weights
    ]


def _original_owner(cap: Cap, weights: Sequence[int], owner: int, lots: int) -> list[Fraction]:
    """At least half of the entitlement in a scheme of more than two lots: cut by two thirds."""
    exact = [Fraction(weight) for weight in weights]
    if lots > cap.least and 2 * weights[owner] >= sum(weights):
        exact[owner] *= 1 - cap.fraction
    return exact


def _result(before: Sequence[int], after: Sequence[Fraction]) -> CapResult:
    return CapResult(
        weights=tuple(after),
        total=sum(after, Fraction(0)),
        cut=tuple(
            place for place, (old, new) in enumerate(zip(before, after, strict=True)) if new < old
        ),
    )


def _needs(cap: Cap, field: str) -> Refused:
    return refusal("decide.cap_input", where=field, pack=cap.id, field=field)
