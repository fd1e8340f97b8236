"""What the course of a case does to the suggestions in it: a vote waits for them, a scheme drops them, an end lets them go."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import DateTime, func, select

from activities.recording import Case
from models.tables import Scheme, Suggestion, SuggestionReply
from models.values.refusal import problem, refuse_if_any
from models.values.scheme import SchemeContent
from models.values.states import SuggestionState
from rules.feedback.suggestions import owed_before_vote, stands_in
from runtime.suggestions.moving import move
from runtime.suggestions.standing import put_on_agenda, standing_of


async def refuse_owed(case: Case) -> None:
    """No vote on a scheme while a suggestion that many support is neither in it nor answered (rules.md 5.3).

    Raises:
        Refused: `suggestion.owed`, once for each.
    """
    made_at = await case.session.scalar(
        select(Scheme.created_at)
        .where(Scheme.renovation_id == case.renovation.id)
        .order_by(Scheme.version.desc())
        .limit(1)
    )
    if made_at is None:
        return
    refuse_if_any(
        problem("suggestion.owed", where=row.id, suggestion=row.id)
        for row, reply in await _of_case(case)
        if owed_before_vote(standing_of(row, reply), row.qualified_at, made_at)
    )


async def drop_from_scheme(case: Case, after: SchemeContent) -> tuple[str, ...]:
    """After a new version of the scheme: what was in it and is not any more is owed a reply again; their ids."""
    dropped = [
        row
        for row, reply in await _of_case(case)
        if reply is not None
        and reply.scheme_version is not None
        and row.state is SuggestionState.ANSWERED
        and not stands_in(after, reply.item, reply.motion)
    ]
    for row in dropped:
        row.state, row.due_at = (
            SuggestionState.OPEN,
            case.ends(case.now, case.timetable.suggestion_reply),
        )
        case.notify("suggestion", "suggestion_dropped", suggestion=row.id)
        await put_on_agenda(case.session, case.renovation.id, row, case.now)
    return tuple(row.id for row in dropped)


async def tell_of_vote(case: Case, *, adopted: bool) -> None:
    """Authors and supporters of what the scheme has of theirs hear how the owners decided on it."""
    _, content = await case.scheme()
    for row, reply in await _of_case(case):
        if reply is not None and reply.scheme_version is not None:
            built = adopted and stands_in(content, reply.item, reply.motion)
            outcome = "adopted" if built else "rejected"
            case.notify("suggestion", "suggestion_voted", suggestion=row.id, outcome=outcome)


async def let_go(case: Case) -> dict[str, JsonValue]:
    """The case is over: what is undecided is the estate's again, by real time; what was training ends.

    What the event says of it.
    """
    rows = [
        row
        for row, reply in await _of_case(case)
        if row.state is SuggestionState.SUBMITTED or standing_of(row, reply).undecided
    ]
    ended = [row.id for row in rows if row.only_case is not None]
    back = [row for row in rows if row.only_case is None]
    for row in rows:
        if row.only_case is not None:
            row.state, row.due_at = SuggestionState.ENDED, None
    clock = select(func.clock_timestamp(type_=DateTime(timezone=True)))
    real: datetime = (await case.session.execute(clock)).scalar_one()
    for row in back:
        case.notify("suggestion", "suggestion_back", suggestion=row.id)
    await move(case.session, back, None, case.now, real)
    said = {"suggestions_back": [row.id for row in back], "suggestions_ended": ended}
    return {name: [*ids] for name, ids in said.items() if ids}


async def _of_case(case: Case) -> Sequence[tuple[Suggestion, SuggestionReply | None]]:
    """The suggestions of the case with their last replies; the journal has locked the case."""
    rows = await case.session.execute(
        select(Suggestion, SuggestionReply)
        .outerjoin(SuggestionReply, SuggestionReply.id == Suggestion.reply_id)
        .where(Suggestion.renovation_id == case.renovation.id)
        .order_by(Suggestion.submitted_at, Suggestion.id)
    )
    return [(row, reply) for row, reply in rows]
