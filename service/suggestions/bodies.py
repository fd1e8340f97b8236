"""The bodies of suggestions, and what is read of them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import JsonValue

from models.fields import Id, Label, Note, Reason, Sha256, Text, UnitNumber, Word, entries
from models.values.actor import Role
from models.values.base import Carried
from models.values.states import SuggestionOutcome, SuggestionState
from service.bodies import CommandBody

MOST_AT_ONCE = 50
Units = Annotated[tuple[UnitNumber, ...], *entries(2_000, 1)]


class MakeSuggestion(CommandBody):
    """What a unit suggests for its estate: a theme, why, and what should be done. No personal claim."""

    unit_number: UnitNumber
    theme: Label
    reason: Text
    proposal: Text


class SupportSuggestion(CommandBody):
    """A unit stands behind a neighbour's suggestion, or takes that back."""

    unit_number: UnitNumber


class WithdrawSuggestion(CommandBody):
    """The author's unit takes its suggestion back, as long as nobody else has joined it."""

    unit_number: UnitNumber


class WriteDownSuggestion(CommandBody):
    """What a resident or a group said in person or signed on paper; `sheet_sha256` is of the scanned sheet."""

    unit_numbers: Units
    theme: Label
    reason: Text
    proposal: Text
    sheet_sha256: Sha256 | None = None


class TakeSheet(CommandBody):
    """A sheet on which neighbours have signed that they stand behind a suggestion, by the hash of its scan."""

    unit_numbers: Units
    sheet_sha256: Sha256


class ReviewSuggestion(CommandBody):
    """Make the words of a suggestion public, or hide them for a reason, which its authors are told.

    What was hidden is published by somebody else than who hid it.
    """

    decision: Literal["publish", "hide"]
    reason: Note = ""


class MergeSuggestion(CommandBody):
    """Join a repeat to the suggestion that it repeats: its authors and supporters stand behind that one."""

    into: Id


class AnswerSuggestions(CommandBody):
    """One reasoned reply to one suggestion, or to several that it answers together.

    What is adopted may name the cost item or the motion of the case's scheme that it became.
    """

    suggestions: Annotated[tuple[Id, ...], *entries(MOST_AT_ONCE, 1)]
    outcome: SuggestionOutcome
    reason: Reason
    item: Word | None = None
    motion: Word | None = None


class ReplyView(Carried):
    """A reply; `item` or `motion` of which version of which case's scheme it became, if of any."""

    id: str
    outcome: SuggestionOutcome
    reason: str | None
    renovation_id: str | None
    scheme_version: int | None
    item: str
    motion: str
    replied_at: datetime


class SuggestionView(Carried):
    """A suggestion as whoever asks may read it; what is not theirs to read is null.

    Moments are case time where it belongs to a case (`renovation_id`), else real time. `due_at` is until
    when it is reviewed or answered; `late` says that this is over. `needed` units make it a matter of
    the next scheme, since `qualified_at` they were enough. `own` is what the own unit has to do with it.
    """

    id: str
    estate_id: str
    renovation_id: str | None
    state: SuggestionState
    theme: str | None
    reason: str | None
    proposal: str | None
    authors: tuple[str, ...] | None
    written_by: str | None
    supporters: int
    needed: int
    qualified_at: datetime | None
    submitted_at: datetime
    due_at: datetime | None
    late: bool
    hidden_because: str | None
    merged_into: str | None
    reply: ReplyView | None
    own: Literal["", "author", "supporter"]


class SuggestionEvent(Carried):
    """What happened to the suggestions of an estate while no case ran there; real time.

    It stands in the hash chain of the estate's place, whose `seq` has gaps here.
    """

    seq: int
    kind: str
    recorded_at: datetime
    actor_id: str
    actor_role: Role
    actor_label: str
    details: JsonValue
    hash: str
