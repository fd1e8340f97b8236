"""Rulings on ballots: what may be recorded about a unit's ballots, by whom, seeing no choice.

Ballots of two routes contest each other (`rules.ballots.states.states_of`); contested at the close is not
participating. Somebody decides before: which ballot counts, or that none does (rule book 1.4.2).
"""

from collections.abc import Sequence

from models.values.channels import RulingKind
from models.values.refusal import Problem, problem
from rules.ballots.states import BallotReference, RulingReference, states_of


def named_ballot(code: str, ballots: Sequence[tuple[str, str]]) -> str | None:
    """The id of the ballot that a code or an id names; `ballots` are (id, short code).

    Ids and codes are read as people type them: in any case, the code with or without its dashes.
    """
    typed = code.strip().lower()
    bare = typed.replace("-", "").replace(" ", "")
    for ballot_id, short in ballots:
        if typed == ballot_id or bare == short.replace("-", "").lower():
            return ballot_id
    return None


def ruling_problems(
    kind: RulingKind,
    unit: str,
    ballots: Sequence[BallotReference],
    rulings: Sequence[RulingReference],
    asked: str = "",
    named: str | None = None,
) -> tuple[Problem, ...]:
    """Why this ruling cannot be recorded; `asked` is what was typed, `named` the ballot it names.

    Only what is contested is settled: a ballot that nobody contests must be disputed first, on the
    record, and by somebody else (`rules.duties.refuse_same_person`).
    """
    params: dict[str, str | int] = {"unit": unit}
    if not ballots:
        return (problem("ruling.no_ballots", where="unit_number", **params),)
    if kind == "accepted" and named is None:
        return (problem("ruling.ballot_unknown", where="ballot", **params),)
    if kind != "accepted" and asked:
        return (problem("ruling.names_a_ballot", where="ballot", kind=kind),)
    if kind != "disputed" and not is_contested(ballots, rulings):
        return (problem("ruling.not_contested", where="unit_number", **params),)
    return ()


def is_contested(ballots: Sequence[BallotReference], rulings: Sequence[RulingReference]) -> bool:
    """Whether nothing counts of these ballots until somebody rules."""
    return "contested" in states_of(ballots, rulings).values()
