"""Entering with a letter: link and second fact give a session, and the session gives tickets.

Looking at a link changes nothing: chat previews fetch links. Each try is counted in the letter's row
before it is judged, so that no number of them at once gets more tries; a letter that is guessed at is
locked, its neighbour's is not.
"""

import secrets
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, DateTime, Row, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Letter, LetterSession, MandateRevocation, Renovation, UnitAccess
from models.values.refusal import refusal
from proof.canonical import utc_text
from rules.access import locked_for, worn_out
from runtime.privacy.keys import PersonKeys
from service.access import facts
from service.access.bodies import Entered, LetterView
from service.access.by_portal import leave_by_portal, renew_by_portal
from service.access.letters import link_of, token_hash, token_of
from service.access.spans import SESSION, TICKET
from service.access.tickets import make_ticket
from service.access.units import version_where
from service.estates.units import owner_secret_of
from service.parts import Parts

_TOKEN_BYTES = 24


async def look(parts: Parts, token: str) -> LetterView:
    """What the link opens.

    Raises:
        Refused: `access.letter_unknown` for a link that never was good; of one that is not good any more
            `access.letter_replaced`, `access.letter_expired`, `access.letter_worn_out`.
    """
    async with parts.database.session() as session:
        row = (
            await session.execute(
                select(Letter, Renovation.title)
                .join(Renovation, Renovation.id == Letter.renovation_id)
                .where(Letter.token_hash == token_hash(token), *_good())
            )
        ).one_or_none()
        if row is None or worn_out(row[0].failures):
            await _refuse_over(session, token)
            raise refusal("access.letter_unknown")
    letter, title = row
    return LetterView.model_validate(
        {
            "renovation_id": letter.renovation_id,
            "title": title,
            "kind": letter.kind,
            "fact": letter.fact,
            "expires_at": letter.expires_at,
        }
    )


async def enter(parts: Parts, token: str, fact: str) -> Entered:
    """Enter; a link that somebody handed out is good once and replaced by the own one.

    Raises:
        Refused: `access.not_accepted`, whether the link or the fact is wrong; `access.locked` after
            too many tries with this letter; as `look` says of a letter that is not good any more.
    """

    async def charge(session: AsyncSession) -> Letter:
        return await _charged(session, token)

    letter = await parts.database.transaction(charge)
    if not await _is_right(parts, letter, fact):
        raise refusal("access.not_accepted")
    name = secrets.token_urlsafe(_TOKEN_BYTES)

    async def work(session: AsyncSession) -> Entered:
        return await _entered(parts, session, token, name)

    return await parts.database.transaction(work)


async def renew(parts: Parts, session_token: str) -> Entered:
    """Another ticket for a session that goes on, whether a letter or a portal began it.

    Raises:
        Refused: `access.session_over`; `credential.no_role` of a portal's.
    """
    async with parts.database.reading() as reading:
        found = await reading.execute(GOES_ON, {"session": token_hash(session_token)})
        row = found.one_or_none()
    if row is None:
        return await renew_by_portal(parts, session_token)
    return going_on(parts, row, session_token)


def going_on(parts: Parts, row: Row[*tuple[Any, ...]], session_token: str) -> Entered:
    """What a row that begins with the columns of `GOES_ON` gives: another ticket."""
    return _answer(parts, _OfLetter(*row[:6]), session_token, row.session_expires_at)


async def leave(parts: Parts, session_token: str) -> None:
    """End a session, known or not. The last ticket is good until it expires, at most an hour."""

    async def work(session: AsyncSession) -> None:
        row = await session.get(LetterSession, token_hash(session_token))
        if row is not None and row.ended_at is None:
            row.ended_at = datetime.now(UTC)
        await leave_by_portal(session, session_token)

    await parts.database.transaction(work)


async def _charged(session: AsyncSession, token: str) -> Letter:
    """The letter, with one more try counted."""
    row = (await session.execute(GOOD, {"token": token_hash(token)})).one_or_none()
    if row is None or worn_out(row.Letter.failures):
        await _refuse_over(session, token)
        raise refusal("access.not_accepted")
    letter, now, _version = row
    if letter.locked_until is not None and now < letter.locked_until:
        waits = 1 + int((letter.locked_until - now).total_seconds())
        raise refusal("access.locked", until=utc_text(letter.locked_until), wait_s=waits)
    letter.failures += 1
    pause = locked_for(letter.failures)
    letter.locked_until = None if pause is None else now + pause
    return letter


async def _is_right(parts: Parts, letter: Letter, fact: str) -> bool:
    if letter.fact != "roll":
        return await facts.is_fact(fact, letter.fact_hash)
    async with parts.database.session() as session:
        estate = select(Renovation.estate_id).where(Renovation.id == letter.renovation_id)
        owners = await facts.load_owners_of(
            session, PersonKeys.of(parts.settings), estate.scalar_subquery(), letter.unit_number
        )
    secret = owner_secret_of(parts.settings)
    return owners is not None and facts.are_numbers_of(fact, owners, secret)


async def _entered(parts: Parts, session: AsyncSession, token: str, name: str) -> Entered:
    """The session, if the letter is good still: whoever voids it holds its row."""
    row = (await session.execute(GOOD, {"token": token_hash(token)})).one_or_none()
    if row is None:
        raise refusal("access.not_accepted")
    letter, _database_now, version = row
    now = datetime.now(UTC)
    letter.failures, letter.locked_until, letter.entered_at = 0, None, now
    link = ""
    if letter.kind != "unit":
        own = token_of(parts.keys, letter.id, secrets.token_hex(8))
        letter.token_hash = token_hash(own)
        link = link_of(parts, own)
    expires_at = now + SESSION
    session.add(
        LetterSession(
            token_hash=token_hash(name),
            letter_id=letter.id,
            began_at=now,
            expires_at=expires_at,
        )
    )
    held = _OfLetter(
        *(letter.renovation_id, letter.kind, letter.unit_number),
        *(letter.mandate_id, letter.number, version),
    )
    return _answer(parts, held, name, expires_at, link)


class _OfLetter(NamedTuple):
    """A letter with which somebody has entered, and the version of its unit now."""

    renovation_id: str
    kind: str
    unit_number: str
    mandate_id: str | None
    number: int
    version: int


def _answer(
    parts: Parts,
    held: _OfLetter,
    session_token: str,
    session_expires_at: datetime,
    link: str = "",
) -> Entered:
    expires_at = datetime.now(UTC) + TICKET
    ticket = make_ticket(
        parts.keys,
        held.renovation_id,
        held.mandate_id or held.unit_number,
        version=held.number if held.mandate_id else held.version,
        route="proxy" if held.mandate_id else "web",
        expires_at=int(expires_at.timestamp()),
    )
    return Entered.model_validate(
        {
            "renovation_id": held.renovation_id,
            "kind": held.kind,
            "unit_number": held.unit_number,
            "ticket": ticket,
            "ticket_expires_at": expires_at,
            "session": session_token,
            "session_expires_at": session_expires_at,
            "link": link,
        }
    )


async def _refuse_over(session: AsyncSession, token: str) -> None:
    """Say what became of a letter that was good once; whoever asks has its link.

    Raises:
        Refused: `access.letter_replaced`, `access.letter_expired`, `access.letter_worn_out`.
    """
    letter = await session.scalar(select(Letter).where(Letter.token_hash == token_hash(token)))
    if letter is None:
        return
    now = await session.scalar(select(func.clock_timestamp()))
    assert now is not None
    if letter.ended_at is not None:
        raise refusal("access.letter_replaced")
    if letter.expires_at <= now:
        raise refusal("access.letter_expired")
    if worn_out(letter.failures):
        raise refusal("access.letter_worn_out")
    raise refusal("mandate.revoked")


def _good() -> tuple[ColumnElement[bool], ...]:
    """Of a letter with which one enters: not void, not too old, and its mandate not taken back."""
    revoked = select(MandateRevocation).where(MandateRevocation.mandate_id == Letter.mandate_id)
    return (
        Letter.ended_at.is_(None),
        Letter.expires_at > func.clock_timestamp(),
        ~revoked.exists(),
    )


VERSION = version_where(
    UnitAccess.renovation_id == Letter.renovation_id, UnitAccess.unit_number == Letter.unit_number
)
GOOD = (
    select(
        Letter,
        func.clock_timestamp(type_=DateTime(timezone=True)).label("now"),
        VERSION.label("version"),
    )
    .where(Letter.token_hash == bindparam("token"), *_good())
    .with_for_update(of=Letter)
)
"""The letter with which somebody enters, locked, and the version of its unit; made once."""
GOES_ON = (
    select(
        *(Letter.renovation_id, Letter.kind, Letter.unit_number, Letter.mandate_id, Letter.number),
        VERSION.label("version"),
        LetterSession.expires_at.label("session_expires_at"),
    )
    .join(LetterSession, LetterSession.letter_id == Letter.id)
    .where(
        LetterSession.token_hash == bindparam("session"),
        LetterSession.ended_at.is_(None),
        LetterSession.expires_at > func.clock_timestamp(),
        *_good(),
    )
)
"""The letter of a session that goes on; made once, for every page of a home asks it."""
