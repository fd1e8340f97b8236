"""The result of an official e-voting system (住建部门电子投票系统): taken over as published, decided here.

Its numbers may be incomplete; what is not known is not guessed, and INDETERMINATE is not adopted.
"""

from collections.abc import Mapping, Sequence

from models.values.base import Carried
from models.values.decisions.decision import Decision
from models.values.refusal import Problem, problem
from models.values.voting import Motion, ReportedTally, VotingPack
from rules.voting.inputs.consistency import disagreements
from rules.voting.live.beside import Weight
from rules.voting.motions import lapses
from rules.voting.packs import decide_reported, strict_kind, tally_facts


class ReportedResult(Carried):
    """One motion as the official system reported it, and what the law says to its numbers."""

    tally: ReportedTally
    decision: Decision
    outcome: str
    """"passed", "failed" or "lapsed", as for a vote that was counted here."""


def official_problems(
    motions: Sequence[Motion], results: Mapping[str, ReportedTally], roll: Weight
) -> tuple[Problem, ...]:
    """Why a report cannot be the result of this vote; everything at once.

    Every motion has its numbers, no other has; no number contradicts another; and the roll, where
    it is reported, is the frozen one: a vote of others is not this vote.
    """
    known = {motion.id: motion for motion in motions}
    names = ", ".join(sorted(known))
    problems = [
        problem("voting.motion_unknown", where="results", motion=name, motions=names)
        for name in results.keys() - known.keys()
    ]
    for name, motion in known.items():
        params: dict[str, str | int] = {"motion": name}
        if motion.options or motion.menu is not None:
            problems.append(problem("official.not_yes_or_no", where=name, **params))
        elif name not in results:
            problems.append(problem("official.motion_missing", where=name, **params))
        else:
            problems += _of_one(name, results[name], roll)
    return tuple(problems)


def official_results(
    pack: VotingPack, motions: Sequence[Motion], results: Mapping[str, ReportedTally]
) -> dict[str, ReportedResult]:
    """Every motion decided over its reported numbers, in order."""
    decisions = {
        motion.id: decide_reported(pack, strict_kind(motion, pack), results[motion.id])
        for motion in motions
    }
    passed = {name for name, decision in decisions.items() if decision.passed}
    lapsed = set(lapses(motions, passed))
    return {
        name: ReportedResult(
            tally=results[name],
            decision=decision,
            outcome="lapsed" if name in lapsed else "passed" if name in passed else "failed",
        )
        for name, decision in decisions.items()
    }


def _of_one(name: str, tally: ReportedTally, roll: Weight) -> list[Problem]:
    numbers = tally.model_dump()
    below = [field for field, number in numbers.items() if number is not None and number < 0]
    if below:
        return [problem("official.below_zero", where=name, motion=name, field=below[0])]
    frozen = (("roll_heads", roll.heads), ("roll_area_dm2", roll.area_dm2))
    other = [
        problem(
            "official.other_roll",
            where=f"{name}.{field}",
            motion=name,
            given=numbers[field],
            frozen=number,
        )
        for field, number in frozen
        if numbers[field] not in (None, number)
    ]
    return other or list(disagreements(tally_facts(tally), name))
