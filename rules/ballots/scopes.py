"""The scopes of a vote: who is asked about which motion, and which of them have adopted (rules V-CN-11).

Only owners who share a part decide about it (S9 art. 69): the estate, a building, or an entrance
(stairwell). Each has a box of its own, with its own roll, quorum and extension; an owner of another
stairwell counts there for nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from models.values.voting import Motion, MotionScope
from rules.adopted import MotionOutcome
from rules.voting import adopted

ESTATE = MotionScope()


class CountedScope(NamedTuple):
    """One counted box: its motions, and what became of each."""

    scope: MotionScope
    motions: tuple[Motion, ...]
    outcomes: Mapping[str, MotionOutcome]

    @property
    def adopted(self) -> bool:
        """Whether these owners have adopted what they were asked."""
        return adopted(self.motions, [name for name, each in self.outcomes.items() if each.passed])


def by_scope(motions: Iterable[Motion]) -> dict[MotionScope, tuple[Motion, ...]]:
    """The motions of each box: the estate's first, the others in the order of first appearance."""
    found: dict[MotionScope, list[Motion]] = defaultdict(list)
    for motion in motions:
        found[motion.scope].append(motion)
    order = sorted(found, key=lambda scope: scope != ESTATE)
    return {scope: tuple(found[scope]) for scope in order}


def adopted_outcomes(votes: Sequence[Sequence[CountedScope]]) -> dict[str, MotionOutcome]:
    """The outcomes of every motion of the scopes that have adopted; empty when none has.

    `votes` follow each other, the oldest first: a vote and its run-offs. A scope whose last box did
    not adopt contributes nothing, not even a motion that passed: what it was asked belongs together.
    """
    last: dict[MotionScope, CountedScope] = {}
    said: dict[MotionScope, dict[str, MotionOutcome]] = defaultdict(dict)
    for box in (box for vote in votes for box in vote):
        last[box.scope] = box
        said[box.scope] |= box.outcomes
    return {
        name: outcome
        for scope, box in last.items()
        if box.adopted
        for name, outcome in said[scope].items()
    }
