"""The end of the money: defect liability, and what becomes of the retention after it (rules.md 4.2, E46)."""

from models.values.actor import Actor, Role
from models.values.decisions.decision import Decision
from models.values.refusal import Problem, problem
from rules.checks import check, decide
from rules.duties import Duty, duty_problems

ARTICLE = "Jianzhi 2017 no. 138 art. 9"
MOST_MONTHS = 24
"""Of the defect liability: Jianzhi 2017 no. 138 art. 2."""


def release_problems(
    actor: Actor, contractor_id: str, kept_fen: int, withheld_fen: int, reason: str
) -> tuple[Problem, ...]:
    """What speaks against a release of a retention: one's own, more than is kept, no reason given."""
    builders = (contractor_id, actor.id if actor.role is Role.CONTRACTOR else None)
    problems = list(duty_problems(Duty.RELEASE_ONESELF, builders, actor.id))
    if withheld_fen > kept_fen:
        problems.append(
            problem(
                "warranty.withheld_above_kept",
                where="withheld_fen",
                have=withheld_fen,
                most=kept_fen,
            )
        )
    if withheld_fen and not reason.strip():
        problems.append(problem("warranty.reason_missing", where="reason"))
    return tuple(problems)


def release(kept_fen: int, withheld_fen: int, months: int) -> Decision:
    """The checks behind a release: no more is withheld than is kept, and the liability was no longer than allowed."""
    return decide(
        check("warranty.withheld", ARTICLE, withheld_fen, "<=", kept_fen, "fen"),
        check(
            "warranty.liability", "Jianzhi 2017 no. 138 art. 2", months, "<=", MOST_MONTHS, "months"
        ),
    )
