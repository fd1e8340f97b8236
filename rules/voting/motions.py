"""Motions that depend on each other (rule book 1.4.7)."""

from collections.abc import Iterable, Mapping

from models.values.voting import Motion, SecondVote
from rules.voting.live.follow_ups import put_again


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
    """Whether the scheme as a whole is adopted: some motion passed, and none failed that did not lapse."""
    motions = tuple(motions)
    passed = frozenset(passed_ids)
    lapsed = frozenset(lapses(motions, passed))
    put = [motion.id for motion in motions if motion.id not in lapsed]
    return bool(put) and passed.issuperset(put)


def run_off_due(outcomes: Mapping[str, str]) -> bool:
    """Whether something is put again at once, in a run-off or a second vote: nothing failed for good (1.4.6)."""
    found = set(outcomes.values())
    again = {"run_off", "second_vote"}
    return bool(found & again) and found <= {"passed", "lapsed", *again}


def run_off_motions(
    motions: Iterable[Motion],
    outcomes: Mapping[str, str],
    named: Mapping[str, Iterable[str]],
    seconds: Mapping[str, SecondVote] | None = None,
) -> tuple[Motion, ...]:
    """What is put again: the top two of each undecided motion, and whatever waited for it.

    What failed and may be put again under another rule is in `seconds`. What was passed is settled:
    it is not put again, and nobody has to wait for it.
    """
    put: list[Motion] = []
    for motion in motions:
        outcome = outcomes.get(motion.id)
        if outcome == "passed":
            continue
        waits = motion.depends_on if outcomes.get(motion.depends_on or "") != "passed" else None
        update: dict[str, object] = {"depends_on": waits}
        if outcome == "run_off":
            top = frozenset(named[motion.id])
            update["options"] = tuple(each for each in motion.options if each.id in top)
        second = (seconds or {}).get(motion.id)
        put.append(put_again(motion, second) if second is not None else motion)
        put[-1] = put[-1].model_copy(update=update)
    return tuple(put)
