"""The addresses of a household or an official: given with consent, shown to whoever gave them, withdrawn."""

import re

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Contact
from models.values.refusal import refusal
from runtime.database import Database
from runtime.privacy.keys import PersonKeys, destroy_keys, keys_for, seal
from runtime.record.journal import id_from
from runtime.settings import Settings, require
from service.access.tickets import Voter
from service.access.units import refuse_replaced
from service.notices.addressing import addresses_of, counts, key_owner
from service.notices.bodies import AddContact, ContactView, WithdrawContact

MOST = 6
"""Addresses of one household or person."""
_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")
_PHONE = re.compile(r"\+?[0-9]{7,15}")


async def add_contact(
    database: Database, settings: Settings, body: AddContact, *, voter: Voter | None, actor_id: str
) -> tuple[ContactView, ...]:
    """Keep an address of a unit (`voter`) or of an official; the same one again changes nothing.

    Raises:
        Refused: `contact.address`, `contact.too_many`, `settings.missing`.
    """
    address = _checked(body)
    require(settings, "person_key")

    async def work(session: AsyncSession) -> None:
        if voter is not None:
            await refuse_replaced(session, voter)
        whose = _whose(voter, actor_id)
        standing = (
            select(func.count()).select_from(Contact).where(*whose, Contact.withdrawn_at.is_(None))
        )
        if (await session.scalar(standing) or 0) >= MOST:
            raise refusal("contact.too_many", where="address", most=MOST)
        named = f"{voter.renovation_id}/{voter.unit_number}/{voter.version}" if voter else actor_id
        contact = id_from(f"{named}/{body.channel}/{address}")
        owner = key_owner(contact, None if voter else actor_id)
        key = (await keys_for(session, PersonKeys.of(settings), [owner]))[owner]
        sealed = seal(key, owner, address)
        row = insert(Contact).values(
            id=contact,
            renovation_id=voter.renovation_id if voter else None,
            unit_number=voter.unit_number if voter else None,
            access_version=voter.version if voter else 0,
            actor_id=None if voter else actor_id,
            channel=body.channel,
            address=sealed,
            language=body.language,
            consented_at=func.clock_timestamp(),
        )
        again = {
            "address": sealed,
            "withdrawn_at": None,
            "returned_at": None,
            "language": body.language,
            "consented_at": func.clock_timestamp(),
        }
        await session.execute(row.on_conflict_do_update(index_elements=[Contact.id], set_=again))

    await database.transaction(work)
    return await list_contacts(database, settings, voter=voter, actor_id=actor_id)


async def withdraw_contact(
    database: Database,
    settings: Settings,
    body: WithdrawContact,
    *,
    voter: Voter | None,
    actor_id: str,
) -> tuple[ContactView, ...]:
    """Send nothing to an address any more, and forget what it is.

    Raises:
        Refused: `contact.unknown`.
    """

    async def work(session: AsyncSession) -> None:
        mine = update(Contact).where(*_whose(voter, actor_id), Contact.id == body.contact)
        gone = mine.values(withdrawn_at=func.clock_timestamp(), address=b"")
        found = await session.scalar(gone.returning(Contact.id))
        if found is None:
            raise refusal("contact.unknown", where="contact")
        if voter is not None:
            await destroy_keys(session, [found])

    await database.transaction(work)
    return await list_contacts(database, settings, voter=voter, actor_id=actor_id)


async def list_contacts(
    database: Database, settings: Settings, *, voter: Voter | None, actor_id: str
) -> tuple[ContactView, ...]:
    """The own addresses that were not withdrawn."""
    async with database.session() as session:
        rows = (
            await session.scalars(
                select(Contact)
                .where(*_whose(voter, actor_id), counts()[0])
                .order_by(Contact.consented_at, Contact.id)
            )
        ).all()
        opened = await addresses_of(session, settings, rows)
        return tuple(
            ContactView(
                contact=row.id,
                channel=row.channel,
                address=opened[row.id],
                language=row.language,
                consented_at=row.consented_at,
                returned_at=row.returned_at,
            )
            for row in rows
        )


def _whose(voter: Voter | None, actor_id: str) -> tuple[ColumnElement[bool], ...]:
    if voter is None:
        return (Contact.actor_id == actor_id,)
    return (
        Contact.renovation_id == voter.renovation_id,
        Contact.unit_number == voter.unit_number,
        Contact.access_version == voter.version,
    )


def _checked(body: AddContact) -> str:
    """The address as it is kept; a telephone number without blanks and strokes.

    Raises:
        Refused: `contact.address`.
    """
    plain = body.address if body.channel == "email" else re.sub(r"[ ()-]", "", body.address)
    if not (_MAIL if body.channel == "email" else _PHONE).fullmatch(plain):
        raise refusal("contact.address", where="address")
    return plain
