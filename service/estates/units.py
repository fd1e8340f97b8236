"""The units of an estate and their registered owners, written in bulk."""

import uuid
from collections.abc import Iterable, Iterator

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from formats.roll import stored_owner_key
from models.files.roll import RegisteredUnit, Roll
from models.tables import PRIVATE, PersonKey, Unit
from models.tables.privacy.people import KEYS
from runtime.database import copy_rows
from runtime.keys.values import oldest
from runtime.privacy.keys import PersonKeys, seal
from runtime.settings import Settings
from service.http.credentials import keyed_hash

UNIT_COLUMNS = (
    "number",
    "building",
    "entrance",
    "floor",
    "kind",
    "area_dm2",
    "shares",
    "owner_key",
    "developer",
    "excluded_reason",
)
_OWNER = b"gongjian/owner"


def owner_secret(key: SecretStr) -> bytes:
    """The secret under which sets of owners are stored; `key` is the settings' credential key.

    Without it a reader of the database who has a list of names could find out whose a unit is.
    """
    return keyed_hash(key, _OWNER)


def owner_secret_of(settings: Settings) -> bytes:
    """The secret of these settings: a key of its own, or in deployments of before one derived.

    It is the first there was: sets of owners are compared, over years, by their hashes.
    """
    if settings.owner_key is None:
        return owner_secret(settings.credential_key)
    return oldest(settings.owner_key)


async def write_units(
    session: AsyncSession, estate_id: str, roll: Roll, secret: bytes, people: PersonKeys
) -> None:
    """All units and, apart from them, the people; by COPY, since an estate may be a district's."""
    await copy_units(session, estate_id, roll.units, secret)
    named = ((unit_row_id(estate_id, unit), unit) for unit in roll.units)
    await copy_people(session, named, people)


async def copy_units(
    session: AsyncSession, estate_id: str, units: Iterable[RegisteredUnit], secret: bytes
) -> None:
    """New rows of units, with their owners' keys under the secret."""
    await copy_rows(
        session,
        Unit.__tablename__,
        ("id", "estate_id", *UNIT_COLUMNS),
        ((unit_row_id(estate_id, unit), estate_id, *columns_for(unit, secret)) for unit in units),
    )


async def copy_people(
    session: AsyncSession, units: Iterable[tuple[str, RegisteredUnit]], keys: PersonKeys
) -> None:
    """New rows of the owners of units, given with their ids, that are there and have none.

    Each gets a key, and the name is written under it.
    """
    people, owners = _people(units)
    wrapped, sealed = [], []
    for person_id, name in people.values():
        key, stored = keys.new(person_id)
        wrapped.append((person_id, stored))
        sealed.append((person_id, seal(key, person_id, name)))
    await copy_rows(session, PersonKey.__tablename__, ("id", "wrapped"), wrapped, schema=KEYS)
    await copy_rows(session, "person", ("id", "sealed"), sealed, schema=PRIVATE)
    await copy_rows(
        session,
        "unit_owner",
        ("unit_id", "person_id", "position"),
        owners,
        schema=PRIVATE,
    )


def _people(
    units: Iterable[tuple[str, RegisteredUnit]],
) -> tuple[dict[tuple[str, str, int], tuple[str, str]], Iterator[tuple[str, str, int]]]:
    """One person for each name of a set of owners; ids are random, not made from the name.

    Units of the same set share its people. Two sets that have a name in common may mean two
    people, so they do not.
    """
    people: dict[tuple[str, str, int], tuple[str, str]] = {}
    owners: list[tuple[str, str, int]] = []
    for unit_id, unit in units:
        for position, name in enumerate(unit.owners):
            key = (unit.owner_key, name, unit.owners[:position].count(name))
            person_id, _ = people.setdefault(key, (uuid.uuid4().hex, name))
            owners.append((unit_id, person_id, position))
    return people, iter(owners)


def columns_for(unit: RegisteredUnit, secret: bytes) -> tuple[object, ...]:
    """The columns of a unit as its row has them."""
    key = stored_owner_key(unit.owner_key, secret)
    return tuple(key if name == "owner_key" else getattr(unit, name) for name in UNIT_COLUMNS)


def unit_row_id(estate_id: str, unit: RegisteredUnit) -> str:
    """The id of a unit's row."""
    return f"{estate_id}.{unit.number}"
