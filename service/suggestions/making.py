"""What residents do: suggest, join a neighbour's suggestion, take either back; and what is written down for them."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Suggestion, SuggestionSupport
from models.values.refusal import refusal
from models.values.states import SuggestionState
from rules.feedback.suggestions import refuse_support, refuse_withdrawal, words_hash
from runtime.record.journal import id_from
from runtime.suggestions.standing import load_standing
from service.access.sold import is_sellers
from service.bodies import Accepted
from service.parts import Parts
from service.recording import Details
from service.situation import Situation
from service.suggestions.bodies import (
    MakeSuggestion,
    SupportSuggestion,
    TakeSheet,
    WithdrawSuggestion,
    WriteDownSuggestion,
)
from service.suggestions.rooms import FromWhom, Room, case_of, room_for, room_for_new, write
from service.suggestions.rows import (
    Writing,
    locked,
    qualify,
    refuse_over,
    refuse_strangers,
    set_wait,
    stand_behind,
    supporting,
    tell,
)

REPEATED = (SuggestionState.SUBMITTED, SuggestionState.OPEN)
"""As long as it is one of these, the same words again are joined to it."""


async def make(parts: Parts, home: Room, sender: FromWhom, command: MakeSuggestion) -> Accepted:
    """Write down what a unit suggests; its words stay unread until somebody has reviewed them.

    The same words as an open suggestion of a neighbour are joined to that one at once.

    Raises:
        Refused: `feedback.unit_unknown`, `suggestion.repeated`, `renovation.over`, `quota.used_up`.
    """
    room = await room_for_new(parts, home)

    async def change(session: AsyncSession, now: datetime, key: str) -> tuple[str, Details]:
        on = Writing(session, room, key, now)
        return await _written(on, command, (command.unit_number,))

    kind = "suggestion.made"
    return await write(parts, room, sender, command, kind, change, quota="suggestions")


async def write_down(
    parts: Parts, home: Room, sender: FromWhom, command: WriteDownSuggestion
) -> Accepted:
    """Write down what a resident or a group has said or signed; somebody else reviews it.

    Raises:
        Refused: as `make`.
    """
    room = await room_for_new(parts, home)

    async def change(session: AsyncSession, now: datetime, key: str) -> tuple[str, Details]:
        on = Writing(session, room, key, now)
        return await _written(on, command, command.unit_numbers, by=sender.actor.id)

    return await write(parts, room, sender, command, "suggestion.written_down", change)


async def support(
    parts: Parts, home: Room, sender: FromWhom, suggestion_id: str, command: SupportSuggestion
) -> Accepted:
    """A unit joins a suggestion; past the threshold it is a matter of the next scheme.

    Raises:
        Refused: `suggestion.unknown`, `suggestion.not_reviewed`, `suggestion.over`, `quota.used_up`.
    """
    room = await room_for(parts, home, suggestion_id)
    asked = command.model_copy(update={"command_id": f"{suggestion_id}/{command.command_id}"})

    async def change(session: AsyncSession, now: datetime, key: str) -> tuple[str, Details]:
        on = Writing(session, room, key, now)
        row = await _joinable(on, suggestion_id)
        await refuse_strangers(on, {command.unit_number})
        await stand_behind(on, row.id, {command.unit_number})
        return row.id, {"suggestion": row.id, **await qualify(on, row)}

    kind = "suggestion.supported"
    return await write(parts, room, sender, command, kind, change, asked, quota="supports")


async def take_sheet(
    parts: Parts, home: Room, sender: FromWhom, suggestion_id: str, command: TakeSheet
) -> Accepted:
    """Neighbours who have signed on paper join a suggestion.

    Raises:
        Refused: as `support`; `feedback.unit_unknown`.
    """
    room = await room_for(parts, home, suggestion_id)
    asked = command.model_copy(update={"command_id": f"{suggestion_id}/{command.command_id}"})

    async def change(session: AsyncSession, now: datetime, key: str) -> tuple[str, Details]:
        on = Writing(session, room, key, now)
        row = await _joinable(on, suggestion_id)
        await refuse_strangers(on, command.unit_numbers)
        new = await stand_behind(on, row.id, command.unit_numbers)
        said: Details = {
            "suggestion": row.id,
            "units": len(set(command.unit_numbers)),
            "joined": new,
        }
        return row.id, {**said, "sheet_hash": command.sheet_sha256, **await qualify(on, row)}

    return await write(parts, room, sender, command, "suggestion.sheet_taken", change, asked)


async def withdraw_support(
    parts: Parts, home: Room, sender: FromWhom, suggestion_id: str, command: SupportSuggestion
) -> Accepted:
    """A unit takes its support back; an author withdraws the suggestion instead, or stays behind it.

    Raises:
        Refused: `suggestion.unknown`, `suggestion.over`, `suggestion.no_support` (that of a seller is not
            the buyer's), `suggestion.of_author`, `quota.used_up`.
    """
    room = await room_for(parts, home, suggestion_id)
    asked = command.model_copy(update={"command_id": f"{suggestion_id}/{command.command_id}"})

    async def change(session: AsyncSession, now: datetime, key: str) -> tuple[str, Details]:
        on = Writing(session, room, key, now)
        row = await _joinable(on, suggestion_id)
        mine = await session.get(SuggestionSupport, (row.id, command.unit_number))
        if mine is None or mine.withdrawn_at is not None or await _is_sellers(on, mine):
            raise refusal("suggestion.no_support", where=row.id)
        if mine.author:
            raise refusal("suggestion.of_author", where=row.id)
        mine.withdrawn_at = now
        return row.id, {"suggestion": row.id}

    kind = "suggestion.support_withdrawn"
    return await write(parts, room, sender, command, kind, change, asked, quota="supports")


async def withdraw(
    parts: Parts, home: Room, sender: FromWhom, suggestion_id: str, command: WithdrawSuggestion
) -> Accepted:
    """Its author takes a suggestion back that is nobody else's yet.

    Raises:
        Refused: `suggestion.unknown`, for a neighbour's too; `suggestion.over`, `suggestion.of_others_too`.
    """
    room = await room_for(parts, home, suggestion_id)
    asked = command.model_copy(update={"command_id": f"{suggestion_id}/{command.command_id}"})

    async def change(session: AsyncSession, now: datetime, key: str) -> tuple[str, Details]:
        on = Writing(session, room, key, now)
        row = await locked(on, suggestion_id)
        behind = await supporting(session, row.id)
        unit = command.unit_number
        mine = next((each for each in behind if each.author and each.unit_number == unit), None)
        if mine is None or await _is_sellers(on, mine):
            raise refusal("suggestion.unknown", where=suggestion_id)
        refuse_withdrawal(await load_standing(session, row), len(behind) - 1)
        row.state = SuggestionState.WITHDRAWN
        await set_wait(on, row)
        return row.id, {"suggestion": row.id}

    return await write(parts, room, sender, command, "suggestion.withdrawn", change, asked)


async def _is_sellers(on: Writing, mine: SuggestionSupport) -> bool:
    """Whether the owner before has said it; before there is a case no sale is known."""
    rid = case_of(on.room)
    return rid is not None and await is_sellers(on.session, rid, mine.unit_number, mine.command_id)


async def _joinable(on: Writing, suggestion_id: str) -> Suggestion:
    await refuse_over(on)
    row = await locked(on, suggestion_id)
    if row.merged_into is not None:
        row = await locked(on, row.merged_into)
    refuse_support(await load_standing(on.session, row))
    return row


async def _written(
    on: Writing,
    command: MakeSuggestion | WriteDownSuggestion,
    units: tuple[str, ...],
    by: str | None = None,
) -> tuple[str, Details]:
    """The row of a suggestion, or of a repeat that is joined to the first one, and what its event says."""
    await refuse_over(on)
    await refuse_strangers(on, units)
    words = words_hash(command.proposal)
    first = await _first_of(on, words)
    behind = [] if first is None else await supporting(on.session, first.id)
    if first is not None and {each.unit_number for each in behind}.issuperset(units):
        raise refusal("suggestion.repeated", where="proposal", first=first.id)
    told = isinstance(on.room, Situation) and on.room.clock == "told"
    row = Suggestion(
        id=f"g{id_from(on.key)}",
        command_id=on.key,
        estate_id=on.room.estate_id,
        renovation_id=case_of(on.room),
        only_case=case_of(on.room) if told else None,
        theme=command.theme,
        reason=command.reason,
        proposal=command.proposal,
        words_sha256=words,
        written_by=by,
        sheet_sha256=getattr(command, "sheet_sha256", None),
        state=SuggestionState.SUBMITTED if first is None else SuggestionState.MERGED,
        merged_into=None if first is None else first.id,
        submitted_at=on.now,
    )
    on.session.add(row)
    await on.session.flush()
    await stand_behind(on, row.id, units, author=True)
    said: Details = {"suggestion": row.id, "text_sha256": words, "units": len(set(units))}
    if first is not None:
        await stand_behind(on, first.id, units, author=True)
        return row.id, {**said, "into": first.id, **await qualify(on, first)}
    await set_wait(on, row)
    tell(on, "residents_committee", "suggestion_taken_in", suggestion=row.id)
    return row.id, said


async def _first_of(on: Writing, words: str) -> Suggestion | None:
    """An undecided suggestion of the room that says exactly this, held."""
    return await on.session.scalar(
        select(Suggestion)
        .where(
            Suggestion.estate_id == on.room.estate_id,
            Suggestion.renovation_id.is_not_distinct_from(case_of(on.room)),
            Suggestion.words_sha256 == words,
            Suggestion.state.in_(REPEATED),
        )
        .order_by(Suggestion.submitted_at, Suggestion.id)
        .limit(1)
        .with_for_update()
    )
