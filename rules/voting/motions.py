"""Motions that depend on each other (rule book 1.4.7)."""

from collections.abc import Iterable

from models.values.voting import Motion


def lapses(motions: Iterable[Motion], passed_ids: Iterable[str]) -> tuple[str, ...]:
    """The motions that fall away because what they depend on did not pass, or fell away itself.

    In the order of `motions`. Motions that depend on each other in a circle, or on one that is
    not put, lapse too.
    """
    motions = tuple(motions)
    passed = frozenset(passed_ids)
    standing = {motion.id for motion in motions if motion.depends_on is None}
    while True:
        more = {
            motion.id
            for motion in motions
            if motion.id not in standing
            and motion.depends_on in standing
            and motion.depends_on in passed
        }
        if not more:
            return tuple(motion.id for motion in motions if motion.id not in standing)
        standing |= more


def adopted(motions: Iterable[Motion], passed_ids: Iterable[str]) -> bool:
    """Is the scheme as a whole adopted: something was put, and nothing that did not lapse failed."""
    motions = tuple(motions)
    passed = frozenset(passed_ids)
    lapsed = frozenset(lapses(motions, passed))
    put = [motion.id for motion in motions if motion.id not in lapsed]
    return bool(put) and passed.issuperset(put)
