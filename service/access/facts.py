"""The second fact of a letter: what whoever found it in a letterbox does not know.

"roll": the numbers of identity of all owners, where the roll was read with them; the roll's own key of
the set of owners says whether they are right. "identity": one number, and "code": what an office told in
person; of these a slow hash is kept. Nothing that is posted or stands on the letter is a fact.
"""

import asyncio
import hashlib
import hmac
import re
import secrets
from itertools import islice, permutations

from sqlalchemy import ScalarSelect, select
from sqlalchemy.ext.asyncio import AsyncSession

from formats.roll import owner_key, owner_key_before, stored_owner_key
from formats.roll.identities import read_number
from models.tables import Unit, UnitOwner
from models.values.base import Value
from runtime.privacy.keys import PersonKeys, names_of

COST = 12
"""2 to this power is scrypt's N: 4 MiB and some 6 ms for one guess."""
TOLD_COST = 6
"""In a training case, where nobody has a secret."""
ORDERS_TRIED = 24
"""Owners may be named in any order, up to four of them; more in the order of the register."""
_SALT = 16
_BETWEEN = re.compile(r"[\s;；,，、/]+")


class OwnersOfUnit(Value):
    """The owners of a unit as the register names them, and the stored key of the set."""

    names: tuple[str, ...]
    stored: str


def plain_fact(text: str) -> str:
    """A number or a code as it is compared: an identity number in the spelling of rolls."""
    return read_number(text).text or re.sub(r"[\s-]", "", text).upper()


async def slow_hash(fact: str, *, told: bool = False) -> str:
    """The hash of a fact to store: cost, salt and digest."""
    cost, salt = TOLD_COST if told else COST, secrets.token_bytes(_SALT)
    digest = await asyncio.to_thread(_scrypt, plain_fact(fact), salt, cost)
    return f"{cost}.{salt.hex()}.{digest.hex()}"


async def is_fact(fact: str, stored: str) -> bool:
    """Is it the fact of one of these hashes (`slow_hash`, several with a blank between them)?"""
    for each in stored.split():
        cost, salt, digest = each.split(".")
        found = await asyncio.to_thread(_scrypt, plain_fact(fact), bytes.fromhex(salt), int(cost))
        if hmac.compare_digest(found, bytes.fromhex(digest)):
            return True
    return False


def _scrypt(text: str, salt: bytes, cost: int) -> bytes:
    return hashlib.scrypt(text.encode(), salt=salt, n=1 << cost, r=8, p=1, dklen=32)


def roll_has_numbers(owners: OwnersOfUnit, secret: bytes) -> bool:
    """Was the roll read with numbers of identity for this unit? Without owners there is no fact."""
    plain = {owner_key(owners.names), owner_key_before(owners.names)}
    return bool(owners.names) and owners.stored not in {
        stored_owner_key(key, secret) for key in plain
    }


def are_numbers_of(fact: str, owners: OwnersOfUnit, secret: bytes) -> bool:
    """Are these the numbers of all owners of the unit?"""
    numbers = [plain_fact(part) for part in _BETWEEN.split(fact.strip()) if part]
    if not numbers or len(numbers) != len(owners.names):
        return False
    return any(
        hmac.compare_digest(stored_owner_key(key(owners.names, order), secret), owners.stored)
        for order in islice(permutations(numbers), ORDERS_TRIED)
        for key in (owner_key, owner_key_before)
    )


async def load_owners(
    session: AsyncSession, people: PersonKeys, estate_id: str
) -> dict[str, OwnersOfUnit]:
    """The owners of every unit of an estate, by the unit's number."""
    return await _owners(session, people, estate_id)


async def load_owners_of(
    session: AsyncSession, people: PersonKeys, estate_id: str | ScalarSelect[str], unit: str
) -> OwnersOfUnit | None:
    """The owners of one unit; None where there is no such unit."""
    return (await _owners(session, people, estate_id, unit)).get(unit)


async def _owners(
    session: AsyncSession,
    people: PersonKeys,
    estate_id: str | ScalarSelect[str],
    unit: str | None = None,
) -> dict[str, OwnersOfUnit]:
    query = (
        select(Unit.number, Unit.owner_key, UnitOwner.person_id)
        .outerjoin(UnitOwner, UnitOwner.unit_id == Unit.id)
        .where(Unit.estate_id == estate_id)
        .order_by(Unit.number, UnitOwner.position)
    )
    rows = (
        await session.execute(query if unit is None else query.where(Unit.number == unit))
    ).all()
    # Compared with what somebody types, and printed for the letterbox: not shown to others.
    known = await names_of(
        session, people, {row.person_id for row in rows if row.person_id}, shown=False
    )
    names: dict[str, list[str]] = {}
    stored: dict[str, str] = {}
    for row in rows:
        stored[row.number] = row.owner_key
        names.setdefault(row.number, []).extend(filter(None, [known.get(row.person_id, "")]))
    return {
        number: OwnersOfUnit(names=tuple(names[number]), stored=key)
        for number, key in stored.items()
    }
