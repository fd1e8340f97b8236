"""Motions that depend on each other (rule book 1.4.7)."""

from collections.abc import Iterable, Mapping

from models.values.decisions.menu import Approval
from models.values.voting import Motion, SecondVote
from rules.voting.live.follow_ups import put_again

WHOLE = ".whole"
"""What the id of the question about a whole menu ends with; ids of a file have no dots."""
WHOLE_WORDS = "同意由计票方法在预算内选定的任何项目 whatever the method chooses within the budget"
"""The question, as it stands on the ballot behind the menu's title."""


def as_put(motions: Iterable[Motion]) -> tuple[Motion, ...]:
    """The motions as the ballot puts them: before a menu that is approved as a whole, that question.

    The question is of the menu's matter and class; the menu falls away if it fails. It is asked once,
    however often the motions go through here.
    """
    motions = tuple(motions)
    asked = {motion.id for motion in motions}
    put: list[Motion] = []
    for motion in motions:
        question = motion.id + WHOLE
        if motion.menu is None or motion.approval is not Approval.WHOLE or question in asked:
            put.append(motion)
            continue
        put.append(
            Motion(
                id=question,
                title=f"{motion.title}: {WHOLE_WORDS}",
                kind=motion.kind,
                matter=motion.matter,
                depends_on=motion.depends_on,
                scope=motion.scope,
            )
        )
        put.append(motion.model_copy(update={"depends_on": question}))
    return tuple(put)


def whole_unasked(motions: Iterable[Motion]) -> tuple[str, ...]:
    """The menus that are approved as a whole, though no question of their class asks whether they are."""
    by_id = {motion.id: motion for motion in motions}
    return tuple(
        name
        for name, motion in by_id.items()
        if motion.menu is not None
        and motion.approval is Approval.WHOLE
        and not _asks_about(by_id.get(name + WHOLE), motion)
    )


def _asks_about(question: Motion | None, menu: Motion) -> bool:
    if question is None or question.menu is not None or question.options:
        return False
    same = (question.kind, question.matter) == (menu.kind, menu.matter)
    return same and menu.depends_on == question.id


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
