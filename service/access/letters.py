"""Letters: made, handed out by somebody else than who made them, and void when the next one is made.

Who registers a mandate or a sale, or renews a letter, makes it without a link. The link is made when
another official hands it out, and a code is told by another one than who handed out or printed the link:
nobody alone gets hold of somebody else's vote. In a told case one may play both, which the event says.
"""

import base64
import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Event, Letter, Mandate, MandateRevocation, OwnerReplacement
from models.values.actor import Actor
from models.values.base import Value
from models.values.refusal import refusal
from rules.duties import Duty, refuse_same_person
from runtime.ballots.boxes import load_running_boxes
from runtime.privacy.keys import PersonKeys
from runtime.record.journal import id_from
from service.access import facts
from service.access.bodies import (
    GiveCode,
    GivenCode,
    HandedLetter,
    HandLetter,
    LetterRow,
    ReissueLetter,
    WithdrawAccess,
)
from service.access.tickets import TicketKeys
from service.access.units import lock_mandate, raise_version
from service.bodies import Accepted
from service.estates.units import owner_secret_of
from service.parts import Parts
from service.recording import Details, accept
from service.situation import Situation

GOOD_FOR = timedelta(days=180)
"""[D] Longer than a vote with its notice and a second vote take; a new letter may be had at any time."""
PRINTED = "access.letters_made"
"""Whoever it names has the link of every first letter with which nobody had entered then."""
_LINK = b"gongjian/letter/link"
_CODE = b"gongjian/letter/code"
_TOKEN_BYTES = 18
_CODE_DIGITS = 8


class _Named(Value):
    """A request as the journal hashes it: the letter is named in the path."""

    letter: str


def token_of(keys: TicketKeys, letter_id: str, turn: str = "") -> str:
    """The secret of a letter's link: made of the letter's id, so that no row and no receipt has it."""
    return _as_token(keys.secret(_LINK, letter_id, turn))


def token_again(keys: TicketKeys, letter_id: str, known: bytes | None) -> str | None:
    """The secret of a link that was made before, by its hash; None where it is of another making.

    A key that was replaced since still tells it.
    """
    made = map(_as_token, keys.secrets(_LINK, letter_id, ""))
    return next((token for token in made if token_hash(token) == known), None)


def _as_token(secret: bytes) -> str:
    return base64.urlsafe_b64encode(secret[:_TOKEN_BYTES]).decode()


def token_hash(token: str) -> bytes:
    """What is kept of it; it is long and random, so a fast hash will do."""
    return hashlib.sha256(token.encode()).digest()


def link_of(parts: Parts, token: str) -> str:
    """The address under which somebody enters."""
    return f"{parts.settings.address}/v1/letters/{token}"


def new_letter(
    situation: Situation,
    letter_id: str,
    kind: str,
    unit_number: str,
    maker: str,
    *,
    fact_hash: str = "",
    mandate_id: str | None = None,
    number: int = 1,
) -> Letter:
    """The row of a letter that nobody has been handed yet; with a hash its fact is a number."""
    return Letter(
        id=letter_id,
        renovation_id=situation.id,
        kind=kind,
        unit_number=unit_number,
        mandate_id=mandate_id,
        number=number,
        fact="identity" if fact_hash else "code",
        fact_hash=fact_hash,
        made_by=maker,
        made_at=func.clock_timestamp(),
        expires_at=func.clock_timestamp() + GOOD_FOR,
    )


async def reissue_letter(
    parts: Parts, situation: Situation, actor: Actor, command: ReissueLetter
) -> Accepted:
    """Void everything that was issued for the unit, and make a letter that another official hands out.

    Raises:
        Refused: `feedback.unit_unknown`.
    """

    async def change(session: AsyncSession, _now: datetime, key: str) -> tuple[str, Details]:
        owners = await facts.load_owners_of(
            session, PersonKeys.of(parts.settings), situation.estate_id, command.unit_number
        )
        if owners is None:
            raise refusal("feedback.unit_unknown", where="unit_number", unit=command.unit_number)
        sold = await _was_sold(session, situation, command.unit_number)
        await void_access(session, situation, command.unit_number)
        letter = new_letter(situation, f"l{id_from(key)}", "unit", command.unit_number, actor.id)
        secret = owner_secret_of(parts.settings)
        if not sold and facts.roll_has_numbers(owners, secret):
            letter.fact = "roll"
        session.add(letter)
        return letter.id, {"letter": letter.id, "reason_sha256": _digest(command.reason)}

    kept = command.model_copy(update={"reason": _digest(command.reason)})
    kind = "access.letter_reissued"
    return await accept(parts.journal, situation, actor, command, kind, change, kept)


async def withdraw_access(
    parts: Parts, situation: Situation, actor: Actor, command: WithdrawAccess
) -> Accepted:
    """Void everything that was issued for the unit: a letter was stolen, and a new one comes later.

    Raises:
        Refused: `feedback.unit_unknown`.
    """

    async def change(session: AsyncSession, _now: datetime, _key: str) -> tuple[str, Details]:
        unit = command.unit_number
        if (
            await facts.load_owners_of(
                session, PersonKeys.of(parts.settings), situation.estate_id, unit
            )
            is None
        ):
            raise refusal("feedback.unit_unknown", where="unit_number", unit=unit)
        await void_access(session, situation, unit)
        return command.command_id, {"reason_sha256": _digest(command.reason)}

    kept = command.model_copy(update={"reason": _digest(command.reason)})
    return await accept(parts.journal, situation, actor, command, "access.withdrawn", change, kept)


async def reissue_agents_letter(
    parts: Parts, situation: Situation, actor: Actor, mandate_id: str, command: HandLetter
) -> Accepted:
    """Void an agent's link and make the mandate's next letter; its fact is told as a code.

    Raises:
        Refused: `mandate.unknown`, `mandate.revoked`.
    """

    async def change(session: AsyncSession, _now: datetime, key: str) -> tuple[str, Details]:
        mandate = await _mandate(session, situation, mandate_id)
        await lock_mandate(session, mandate_id)
        of_mandate = Letter.mandate_id == mandate_id
        last = await session.scalar(select(func.max(Letter.number)).where(of_mandate))
        standing = update(Letter).where(of_mandate, Letter.ended_at.is_(None))
        await session.execute(standing.values(ended_at=func.clock_timestamp()))
        letter = new_letter(
            situation,
            f"l{id_from(key)}",
            "agent",
            mandate.unit_number,
            actor.id,
            mandate_id=mandate_id,
            number=(last or 0) + 1,
        )
        session.add(letter)
        return letter.id, {"letter": letter.id, "mandate": mandate_id}

    kind = "access.letter_reissued"
    kept = _Named(letter=mandate_id)
    return await accept(parts.journal, situation, actor, command, kind, change, kept)


async def _mandate(session: AsyncSession, situation: Situation, mandate_id: str) -> Mandate:
    """The mandate of this case, if it is in force still."""
    boxes = {box.id for box in await load_running_boxes(session, situation.id)}
    mandate = await session.get(Mandate, mandate_id)
    if mandate is None or mandate.box_id not in boxes:
        raise refusal("mandate.unknown", where=mandate_id)
    if await session.get(MandateRevocation, mandate_id) is not None:
        raise refusal("mandate.revoked", where=mandate_id)
    return mandate


async def void_access(session: AsyncSession, situation: Situation, unit_number: str) -> None:
    """The next version of the unit, under the lock of the boxes of the running vote."""
    boxes = await load_running_boxes(session, situation.id)
    for box in boxes:
        # Waits for the ballots that are being committed; those that come after see the new version.
        await session.refresh(box, with_for_update={"key_share": True})
    await raise_version(session, situation.id, unit_number, [box.id for box in boxes])


async def hand_letter(
    parts: Parts, situation: Situation, actor: Actor, letter_id: str, command: HandLetter
) -> HandedLetter:
    """Make the link of a letter; sent again, the same command gets the same link.

    Raises:
        Refused: `access.letter_unknown`; `access.own_letter` for whoever made it or told its code;
            `access.handed`.
    """

    async def change(session: AsyncSession, _now: datetime, _key: str) -> tuple[str, Details]:
        letter = await _standing(session, situation, letter_id)
        alone = _alone(situation, actor, Duty.HAND_LETTER, letter.made_by, letter.coded_by)
        if letter.token_hash is not None:
            raise refusal("access.handed", where=letter_id)
        letter.token_hash = token_hash(token_of(parts.keys, letter_id))
        letter.handed_by = actor.id
        return letter_id, {"letter": letter_id, "for": letter.kind, **alone}

    kind = "access.letter_handed"
    kept = _Named(letter=letter_id)
    done = await accept(parts.journal, situation, actor, command, kind, change, kept)
    async with parts.database.session() as session:
        letter = await session.get_one(Letter, letter_id)
    # Whoever has entered has made the link an own one, which is nobody else's business.
    token = token_again(parts.keys, letter_id, letter.token_hash)
    if token is None:
        raise refusal("access.handed", where=letter_id)
    return HandedLetter(**done.model_dump(), link=link_of(parts, token))


async def give_code(
    parts: Parts, situation: Situation, actor: Actor, letter_id: str, command: GiveCode
) -> GivenCode:
    """Make the code that goes with a letter, which is told in person to somebody who has shown papers.

    Raises:
        Refused: `access.letter_unknown`; `access.own_handing` for whoever handed out or printed the link;
            `access.no_code` where the fact is another one.
    """
    named = await parts.journal.key_of(command.command_id, situation.id, actor.id)
    made = int.from_bytes(parts.keys.secret(_CODE, letter_id, named)[:8], "big")
    code = f"{made % 10**_CODE_DIGITS:0{_CODE_DIGITS}d}"
    hashed = await facts.slow_hash(code, told=situation.clock == "told")

    async def change(session: AsyncSession, _now: datetime, _key: str) -> tuple[str, Details]:
        letter = await _standing(session, situation, letter_id)
        if letter.fact != "code":
            raise refusal("access.no_code", where=letter_id)
        holders = await _printers(session, letter)
        alone = _alone(situation, actor, Duty.TELL_CODE, letter.handed_by, *holders)
        letter.fact_hash, letter.coded_by = hashed, actor.id
        return letter_id, {"letter": letter_id, **alone}

    kind = "access.code_given"
    kept = _Named(letter=letter_id)
    done = await accept(parts.journal, situation, actor, command, kind, change, kept)
    return GivenCode(**done.model_dump(), code=code)


def first_letters(situation: Situation, actor: Actor) -> tuple[ColumnElement[bool], ...]:
    """The first letters of a case whose links somebody may be given: those with which nobody has entered.

    But in a told case none whose code is theirs to tell.
    """
    own = () if situation.clock == "told" else (Letter.coded_by.is_distinct_from(actor.id),)
    return (
        Letter.renovation_id == situation.id,
        Letter.kind == "unit",
        Letter.made_by == Letter.handed_by,
        Letter.entered_at.is_(None),
        Letter.ended_at.is_(None),
        *own,
    )


async def _printers(session: AsyncSession, letter: Letter) -> Collection[str]:
    """Who has printed a first letter, the first time or again, as the record names them."""
    if letter.kind != "unit" or letter.made_by != letter.handed_by:
        return ()
    until = func.coalesce(letter.entered_at, func.clock_timestamp())
    printed = select(Event.actor_id).where(
        Event.renovation_id == letter.renovation_id,
        Event.kind == PRINTED,
        Event.recorded_at.between(letter.made_at, until),
    )
    return (await session.scalars(printed.distinct())).all()


async def list_letters(session: AsyncSession, situation: Situation) -> tuple[LetterRow, ...]:
    """The letters of a case that are good or wait to be handed out."""
    rows = await session.scalars(
        select(Letter)
        .where(Letter.renovation_id == situation.id, Letter.ended_at.is_(None))
        .order_by(Letter.unit_number, Letter.id)
    )
    return tuple(LetterRow.model_validate(row, from_attributes=True) for row in rows)


async def _standing(session: AsyncSession, situation: Situation, letter_id: str) -> Letter:
    letter = await session.get(Letter, letter_id, with_for_update=True)
    if letter is None or letter.renovation_id != situation.id or letter.ended_at is not None:
        raise refusal("access.letter_unknown", where="letter_id")
    return letter


def _alone(situation: Situation, actor: Actor, duty: Duty, *others: str | None) -> dict[str, bool]:
    """Refuse whoever did the other half; in a told case the event says that one did both."""
    if situation.clock == "told":
        return {"alone": True} if actor.id in others else {}
    refuse_same_person(duty, others, actor.id)
    return {}


async def _was_sold(session: AsyncSession, situation: Situation, unit_number: str) -> bool:
    """The roll names the earlier owners of a unit that was sold since its freeze."""
    found = await session.scalar(
        select(OwnerReplacement.generation)
        .where(
            OwnerReplacement.renovation_id == situation.id,
            OwnerReplacement.unit_number == unit_number,
        )
        .limit(1)
    )
    return found is not None


def _digest(reason: str) -> str:
    return hashlib.sha256(reason.encode()).hexdigest()
