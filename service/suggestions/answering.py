"""The reply: reasoned, to one suggestion or to several at once, with its place in the scheme where it has one.

What many neighbours support is turned down by two: the reply is proposed in the case, and a second person
confirms it.
"""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Proposal, Scheme, Suggestion, SuggestionReply
from models.values.actor import Actor
from models.values.base import Value
from models.values.refusal import refuse_if_any
from models.values.scheme import SchemeContent
from models.values.states import SuggestionOutcome, SuggestionState
from rules.duties import Duty, duty_problems
from rules.feedback.suggestions import place_problems, reply_problems
from rules.four_eyes import Proposing
from rules.time.deadlines import deadline
from runtime.calendars import chinese_calendar
from runtime.record.journal import id_from
from runtime.suggestions.standing import load_standing
from service.bodies import Accepted
from service.parts import Parts
from service.proposing import Ask, Effect, ProposalMade, propose
from service.recording import Details
from service.situation import Situation
from service.suggestions.bodies import AnswerSuggestions
from service.suggestions.rooms import FromWhom, Room, case_of, room_for, write
from service.suggestions.rows import Writing, locked, refuse_over, set_wait, tell

REPLIED = "suggestion.replied"


class ReplyContent(Value):
    """What a reply says, without its command: as it is proposed, and done."""

    suggestions: tuple[str, ...]
    outcome: SuggestionOutcome
    reason: str
    item: str = ""
    motion: str = ""


async def answer(
    parts: Parts, home: Room, actor: Actor, command: AnswerSuggestions
) -> Accepted | ProposalMade:
    """Reply to suggestions; in a case a reply that needs a second person is proposed.

    Raises:
        Refused: `suggestion.unknown`, `suggestion.not_reviewed`, `suggestion.over`, `suggestion.needs_place`,
            `suggestion.needs_second` where there is no case, `suggestion.own_suggestion`,
            `suggestion.no_scheme`, `suggestion.place_unknown`, `suggestion.one_place`.
    """
    said = ReplyContent(
        suggestions=tuple(sorted(set(command.suggestions))),
        outcome=command.outcome,
        reason=command.reason,
        item=command.item or "",
        motion=command.motion or "",
    )
    room = await room_for(parts, home, said.suggestions[0])
    if isinstance(room, Situation) and await _needs_second(parts, said):
        return await _proposed(parts, room, actor, command, said)

    async def change(session: AsyncSession, now: datetime, key: str) -> tuple[str, Details]:
        return await _reply(Writing(session, room, key, now), said, actor.id, second=False)

    return await write(parts, room, FromWhom(actor), command, REPLIED, change)


async def enter_answer(
    _parts: Parts,
    situation: Situation,
    session: AsyncSession,
    proposal: Proposal,
    key: str,
    now: datetime,
) -> Effect:
    """The reply that was proposed and is confirmed now."""
    said = ReplyContent.model_validate(proposal.content)
    on = Writing(session, situation, key, now)
    name, details = await _reply(on, said, proposal.proposed_by, second=True)
    return Effect(name, REPLIED, details)


async def _needs_second(parts: Parts, said: ReplyContent) -> bool:
    if said.outcome is not SuggestionOutcome.NOT_ADOPTED:
        return False
    many = select(Suggestion.id).where(
        Suggestion.id.in_(said.suggestions), Suggestion.qualified_at.is_not(None)
    )
    async with parts.database.session() as session:
        return await session.scalar(many.limit(1)) is not None


async def _proposed(
    parts: Parts, situation: Situation, actor: Actor, command: AnswerSuggestions, said: ReplyContent
) -> ProposalMade:
    """Look at the reply as if it were given now, and let a second person confirm it."""

    async def prepare(session: AsyncSession, now: datetime, key: str) -> Ask:
        on = Writing(session, situation, key, now)
        await _checked(on, said, actor.id, second=True)
        timetable = situation.timetable
        until = deadline(now, timetable.proposal, chinese_calendar(), timetable.zone)
        return Ask(f"a{id_from(key)}", said, until)

    return await propose(
        parts.journal,
        situation,
        actor,
        command,
        Proposing.SUGGESTION,
        REPLIED,
        said,
        prepare,
        into=ProposalMade,
    )


async def _reply(on: Writing, said: ReplyContent, by: str, *, second: bool) -> tuple[str, Details]:
    rows, version = await _checked(on, said, by, second=second)
    placed = bool(said.item or said.motion)
    reply = SuggestionReply(
        id=f"a{id_from(on.key)}",
        command_id=on.key,
        estate_id=on.room.estate_id,
        renovation_id=case_of(on.room),
        outcome=said.outcome,
        reason=said.reason,
        scheme_version=version if placed else None,
        item=said.item,
        motion=said.motion,
        replied_by=by,
        replied_at=on.now,
    )
    on.session.add(reply)
    await on.session.flush()
    for row in rows:
        row.state, row.reply_id = SuggestionState.ANSWERED, reply.id
        await set_wait(on, row)
        tell(on, "suggestion", "suggestion_answered", suggestion=row.id, reply=said.outcome.value)
    details: dict[str, JsonValue] = {
        "suggestions": [row.id for row in rows],
        "outcome": said.outcome.value,
        "reason": said.reason,
    }
    if placed:
        details |= {"scheme_version": version, "item": said.item, "motion": said.motion}
    return reply.id, details


async def _checked(
    on: Writing, said: ReplyContent, by: str, *, second: bool
) -> tuple[list[Suggestion], int | None]:
    """The suggestions, held, and the version of the scheme of now.

    Raises:
        Refused: everything that is wrong with the reply, at once.
    """
    await refuse_over(on)
    scheme = await _latest_scheme(on)
    content = None if scheme is None else SchemeContent.model_validate(scheme.content)
    refuse_if_any(place_problems(content, said.item, said.motion))
    rows = [await locked(on, each, where="suggestions") for each in said.suggestions]
    placed = bool(said.item or said.motion)
    problems = [
        each
        for row in rows
        for each in (
            *reply_problems(
                await load_standing(on.session, row), said.outcome, placed=placed, second=second
            ),
            *duty_problems(Duty.ANSWER_WRITTEN, row.written_by, by, where=row.id),
        )
    ]
    refuse_if_any(problems)
    return rows, None if scheme is None else scheme.version


async def _latest_scheme(on: Writing) -> Scheme | None:
    rid = case_of(on.room)
    if rid is None:
        return None
    found = select(Scheme).where(Scheme.renovation_id == rid).order_by(Scheme.version.desc())
    return await on.session.scalar(found.limit(1))
