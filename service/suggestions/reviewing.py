"""Reviewing: the words of a suggestion are published, or hidden with a reason; repeats are joined by hand."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Suggestion
from models.values.actor import Actor
from models.values.refusal import refusal
from models.values.states import SuggestionState
from rules.duties import Duty, refuse_same_person
from rules.feedback.suggestions import refuse_merging, refuse_review
from runtime.suggestions.standing import load_standing
from service.bodies import Accepted
from service.parts import Parts
from service.recording import Details
from service.suggestions.bodies import MergeSuggestion, ReviewSuggestion
from service.suggestions.rooms import FromWhom, Room, room_for, write
from service.suggestions.rows import (
    Writing,
    locked,
    qualify,
    refuse_over,
    set_wait,
    stand_behind,
    supporting,
    tell,
)


async def review(
    parts: Parts, home: Room, actor: Actor, suggestion_id: str, command: ReviewSuggestion
) -> Accepted:
    """Publish or hide the words of a suggestion; what was hidden, another person may publish.

    Raises:
        Refused: `suggestion.unknown`, `suggestion.over`, `suggestion.own_writing`, `suggestion.own_hiding`,
            `suggestion.reason_missing`.
    """
    hides = command.decision == "hide"
    if hides and not command.reason:
        raise refusal("suggestion.reason_missing", where="reason")
    room = await room_for(parts, home, suggestion_id)
    asked = command.model_copy(update={"command_id": f"{suggestion_id}/{command.command_id}"})

    async def change(session: AsyncSession, now: datetime, key: str) -> tuple[str, Details]:
        on = Writing(session, room, key, now)
        await refuse_over(on)
        row = await locked(on, suggestion_id)
        hidden = row.state is SuggestionState.HIDDEN
        refuse_review(await load_standing(session, row), again=hidden and not hides)
        refuse_same_person(Duty.REVIEW_WRITTEN, row.written_by, actor.id, where=row.id)
        if hidden:
            refuse_same_person(Duty.REVIEW_AGAIN, row.reviewed_by, actor.id, where=row.id)
        row.state = SuggestionState.HIDDEN if hides else SuggestionState.OPEN
        row.reviewed_by, row.reviewed_at = actor.id, now
        row.hidden_because = command.reason if hides else ""
        await set_wait(on, row)
        if hides:
            tell(on, "suggestion_authors", "suggestion_hidden", suggestion=row.id)
            return row.id, {"suggestion": row.id, "reason": command.reason}
        tell(on, "suggestion_authors", "suggestion_published", suggestion=row.id)
        return row.id, {"suggestion": row.id, **await qualify(on, row)}

    kind = "suggestion.hidden" if hides else "suggestion.published"
    return await write(parts, room, FromWhom(actor), command, kind, change, asked)


async def merge(
    parts: Parts, home: Room, actor: Actor, suggestion_id: str, command: MergeSuggestion
) -> Accepted:
    """Join a repeat to another suggestion: who stands behind the one stands behind the other.

    Raises:
        Refused: `suggestion.unknown`, `suggestion.over`, `suggestion.merged_into_itself`,
            `suggestion.own_writing`.
    """
    room = await room_for(parts, home, suggestion_id)
    asked = command.model_copy(update={"command_id": f"{suggestion_id}/{command.command_id}"})

    async def change(session: AsyncSession, now: datetime, key: str) -> tuple[str, Details]:
        on = Writing(session, room, key, now)
        await refuse_over(on)
        # In the order of their ids, so that two who join them crosswise do not wait for each other.
        rows = {
            each: await locked(on, each, where="into" if each == command.into else "")
            for each in sorted({suggestion_id, command.into})
        }
        one, into = rows[suggestion_id], rows[command.into]
        refuse_merging(await load_standing(session, one), await load_standing(session, into))
        refuse_same_person(Duty.REVIEW_WRITTEN, one.written_by, actor.id, where=one.id)
        return one.id, await _joined(on, one, into)

    return await write(parts, room, FromWhom(actor), command, "suggestion.merged", change, asked)


async def _joined(on: Writing, one: Suggestion, into: Suggestion) -> Details:
    behind = await supporting(on.session, one.id)
    for author in (True, False):
        units = {each.unit_number for each in behind if each.author == author}
        await stand_behind(on, into.id, units, author=author)
    one.state, one.merged_into = SuggestionState.MERGED, into.id
    # What was joined to it before is joined to the same one now.
    of_one = update(Suggestion).where(Suggestion.merged_into == one.id, Suggestion.id != one.id)
    await on.session.execute(of_one.values(merged_into=into.id))
    await set_wait(on, one)
    tell(on, "suggestion_authors", "suggestion_merged", suggestion=one.id, into=into.id)
    return {
        "suggestion": one.id,
        "into": into.id,
        "units": len(behind),
        **await qualify(on, into),
    }
