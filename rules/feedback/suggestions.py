"""Suggestions of residents (人民建议), rule book 5.3: who is to do what with them, until when, and what is enough.

A suggestion is no personal claim: it is reviewed, supported and answered with a reason. Past the threshold it
is a matter of the next scheme: it stands in it as an item or a motion, or two people say why not. What it
takes and how long it may take is of the timetable [D].
"""

import hashlib
from collections.abc import Collection
from datetime import datetime
from fractions import Fraction

from models.values.base import Value
from models.values.cost_sharing import PERMILLE
from models.values.decisions.decision import Decision
from models.values.refusal import Problem, problem, refusal
from models.values.scheme import SchemeContent
from models.values.states import SuggestionOutcome, SuggestionState
from models.values.timetable import Timetable, WorkCalendar
from rules.checks import check, decide
from rules.time.deadlines import deadline

ARTICLE = "Shanghai People's Suggestions Provisions (S9c); rules 5.3"
THRESHOLD = "[D] after the fifth of the owners of Property Management Regs art. 13; rules 5.3"
TAKEN_IN = frozenset({SuggestionOutcome.ADOPTED, SuggestionOutcome.PARTLY})


class SuggestionStanding(Value):
    """A suggestion as the rules look at it; `outcome` is that of its last reply."""

    id: str
    state: SuggestionState
    outcome: SuggestionOutcome | None = None
    qualified: bool = False

    @property
    def undecided(self) -> bool:
        """Whether there is something to reply still: it was referred to the next scheme, or to nobody yet."""
        referred = self.outcome is SuggestionOutcome.REFERRED
        return self.state is SuggestionState.OPEN or (
            self.state is SuggestionState.ANSWERED and referred
        )


def words_hash(proposal: str) -> str:
    """SHA-256 of what is proposed, whatever its blanks and capitals: by it a repeat finds the first."""
    plain = " ".join(proposal.casefold().split())
    return hashlib.sha256(plain.encode()).hexdigest()


def review_due(arrived_at: datetime, timetable: Timetable, calendar: WorkCalendar) -> datetime:
    """Until when its words are looked at; UTC."""
    return deadline(arrived_at, timetable.suggestion_review, calendar, timetable.zone)


def reply_due(arrived_at: datetime, timetable: Timetable, calendar: WorkCalendar) -> datetime:
    """Until when there is a reply: from the arrival, so that a slow review takes nothing from it; UTC."""
    return deadline(arrived_at, timetable.suggestion_reply, calendar, timetable.zone)


def moved(moment: datetime, there: datetime, here: datetime) -> datetime:
    """A moment of one clock by another one: as far from now `here` as it was `there`."""
    return here + (moment - there)


def support(supporters: int, units: int, timetable: Timetable) -> Decision:
    """The part of the estate's units that stands behind a suggestion, against what makes it a matter of the scheme."""
    return decide(
        check(
            "suggestion.support",
            THRESHOLD,
            Fraction(supporters, units) if units else None,
            ">=",
            Fraction(timetable.suggestion_threshold_permille, PERMILLE),
            "fraction",
        )
    )


def needed(units: int, timetable: Timetable) -> int:
    """How many units are enough: the threshold rounded up."""
    return -(-units * timetable.suggestion_threshold_permille // PERMILLE)


def refuse_support(of: SuggestionStanding) -> None:
    """What is public and not decided may be joined.

    Raises:
        Refused: `suggestion.not_reviewed`, `suggestion.over`.
    """
    if of.state is SuggestionState.SUBMITTED:
        raise refusal("suggestion.not_reviewed", where=of.id)
    if not of.undecided:
        raise refusal("suggestion.over", where=of.id)


def refuse_review(of: SuggestionStanding, *, again: bool = False) -> None:
    """Words are looked at once; what was hidden may be looked at `again`.

    Raises:
        Refused: `suggestion.over`.
    """
    may = SuggestionState.HIDDEN if again else SuggestionState.SUBMITTED
    if of.state is not may:
        raise refusal("suggestion.over", where=of.id)


def refuse_merging(one: SuggestionStanding, into: SuggestionStanding) -> None:
    """Repeats are joined while there is something to reply to both.

    Raises:
        Refused: `suggestion.merged_into_itself`, `suggestion.over`.
    """
    if one.id == into.id:
        raise refusal("suggestion.merged_into_itself", where="into")
    for each in (one, into):
        if not (each.undecided or each.state is SuggestionState.SUBMITTED):
            raise refusal("suggestion.over", where=each.id)


def refuse_withdrawal(of: SuggestionStanding, others: int) -> None:
    """An author takes back what nobody else has joined; else it is theirs as well.

    Raises:
        Refused: `suggestion.over`, `suggestion.of_others_too`.
    """
    if not (of.undecided or of.state is SuggestionState.SUBMITTED):
        raise refusal("suggestion.over", where=of.id)
    if others or of.qualified:
        raise refusal("suggestion.of_others_too", where=of.id, others=others)


def reply_problems(
    of: SuggestionStanding, outcome: SuggestionOutcome, *, placed: bool, second: bool
) -> tuple[Problem, ...]:
    """Why this is no reply to the suggestion.

    `placed` names an item or a motion of the scheme; `second`: another person has confirmed it. What most of
    the neighbours ask for is not turned down by one person, nor taken in without a place.
    """
    if of.state is SuggestionState.SUBMITTED:
        return (problem("suggestion.not_reviewed", where=of.id),)
    if not of.undecided:
        return (problem("suggestion.over", where=of.id),)
    if of.qualified and outcome in TAKEN_IN and not placed:
        return (problem("suggestion.needs_place", where=of.id),)
    if of.qualified and outcome is SuggestionOutcome.NOT_ADOPTED and not second:
        return (problem("suggestion.needs_second", where=of.id),)
    return ()


def place_problems(content: SchemeContent | None, item: str, motion: str) -> tuple[Problem, ...]:
    """Why an item or a motion is none of the scheme; `content` is None where there is no case."""
    if not item and not motion:
        return ()
    if item and motion:
        return (problem("suggestion.one_place", where="motion"),)
    where, name = ("item", item) if item else ("motion", motion)
    if content is None:
        return (problem("suggestion.no_scheme", where=where),)
    if name in _places(content, where):
        return ()
    return (problem("suggestion.place_unknown", where=where, name=name),)


def stands_in(content: SchemeContent, item: str, motion: str) -> bool:
    """Whether the item or the motion that a suggestion became is in this version of the scheme."""
    return not place_problems(content, item, motion)


def owed_before_vote(
    of: SuggestionStanding, qualified_at: datetime | None, scheme_at: datetime
) -> bool:
    """Whether the vote has to wait for it: it was a matter of this scheme and is neither in it nor turned down.

    What became one only after the scheme was made may be referred to the next, which is an answer too.
    """
    if qualified_at is None or not of.undecided:
        return False
    return of.state is SuggestionState.OPEN or qualified_at <= scheme_at


def _places(content: SchemeContent, where: str) -> Collection[str]:
    named = content.items if where == "item" else content.motions
    return {each.id for each in named}
