"""The keys of people: a random one for each, sealed under the service's own, in a schema that no ordinary backup has.

What is written under a person's key is gone when the key is, in every copy of the database that is older
too, but for copies of the keys themselves (deploy/runbook.md says how long those are kept).
"""

import secrets
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Person, PersonKey
from runtime.keys.values import KEY_BYTES, derived, every
from runtime.settings import Settings

NONCE_BYTES = 12
PIECE = 5_000
"""Ids of one statement."""
_PURPOSE = b"gongjian/person-keys"


class PersonKeys:
    """Seals and opens the keys of people under the settings' person key, the newest first."""

    def __init__(self, setting: SecretStr) -> None:
        self._ciphers = [AESGCM(derived(each, _PURPOSE)) for each in every(setting)]

    @classmethod
    def of(cls, settings: Settings) -> "PersonKeys":
        """Those of these settings; in deployments of before, which have no person key, one derived."""
        return cls(settings.person_key or settings.credential_key)

    def new(self, owner: str) -> tuple[bytes, bytes]:
        """A new key for whose id it is, as it is and as it is stored."""
        key = secrets.token_bytes(KEY_BYTES)
        return key, _seal(self._ciphers[0], key, owner)

    def unwrap(self, owner: str, wrapped: bytes) -> bytes | None:
        """The key as it is; None under another setting."""
        for each in self._ciphers:
            key = _open(each, wrapped, owner)
            if key is not None:
                return key
        return None


def seal(key: bytes, owner: str, text: str) -> bytes:
    """A text under a person's key: AES-256-GCM, the nonce first; it opens for this owner only."""
    return _seal(AESGCM(key), text.encode(), owner)


def unseal(key: bytes, owner: str, sealed: bytes) -> str:
    """The text that was sealed; "" where it was under another key."""
    return (_open(AESGCM(key), sealed, owner) or b"").decode()


async def keys_for(
    session: AsyncSession, keys: PersonKeys, owners: Collection[str]
) -> dict[str, bytes]:
    """The keys of these ids, made where there are none, in the caller's transaction."""
    found = await load_keys(session, keys, owners)
    missing = [owner for owner in dict.fromkeys(owners) if owner not in found]
    for piece in _pieces(missing):
        rows = [{"id": owner, "wrapped": keys.new(owner)[1]} for owner in piece]
        await session.execute(insert(PersonKey).values(rows).on_conflict_do_nothing())
    # Who came first has made it: what stands there is the key.
    return found | await load_keys(session, keys, missing)


async def open_all(
    session: AsyncSession, keys: PersonKeys, sealed: Mapping[str, bytes]
) -> dict[str, str]:
    """The texts of these ids; "" for one whose key is gone."""
    found = await load_keys(session, keys, sealed)
    return {
        owner: unseal(found[owner], owner, text) if owner in found else ""
        for owner, text in sealed.items()
    }


async def destroy_keys(session: AsyncSession, owners: Collection[str]) -> None:
    """Nobody opens what was sealed for these ids any more."""
    for piece in _pieces(list(owners)):
        await session.execute(delete(PersonKey).where(PersonKey.id.in_(piece)))


async def names_of(
    session: AsyncSession, keys: PersonKeys, people: Collection[str], *, shown: bool = True
) -> dict[str, str]:
    """The names of these people, "" where none is known any more.

    One whose data are restricted is `shown` to nobody; the machine may still compare it.
    """
    rows: list[Person] = []
    for piece in _pieces(list(people)):
        rows += await session.scalars(select(Person).where(Person.id.in_(piece)))
    sealed = {row.id: row.sealed for row in rows if row.sealed is not None}
    opened = await open_all(session, keys, sealed)
    return {
        row.id: ""
        if shown and row.restricted_until is not None
        else opened.get(row.id) or row.name or ""
        for row in rows
    }


async def put_person(session: AsyncSession, keys: PersonKeys, person: str, name: str) -> None:
    """A person with a name, in the caller's transaction; the name of who was known before stays."""
    known = await session.get(Person, person, with_for_update=True)
    if known is not None and (known.sealed is not None or known.name is not None):
        return
    key = (await keys_for(session, keys, [person]))[person]
    sealed = seal(key, person, name)
    row = insert(Person).values(id=person, sealed=sealed)
    nameless = (Person.sealed.is_(None)) & (Person.name.is_(None))
    await session.execute(
        row.on_conflict_do_update(
            index_elements=[Person.id], set_={"sealed": sealed}, where=nameless
        )
    )


async def load_keys(
    session: AsyncSession, keys: PersonKeys, owners: Iterable[str]
) -> dict[str, bytes]:
    """The keys of these ids that there are."""
    found: dict[str, bytes] = {}
    for piece in _pieces(list(owners)):
        rows = await session.execute(
            select(PersonKey.id, PersonKey.wrapped).where(PersonKey.id.in_(piece))
        )
        for owner, wrapped in rows:
            key = keys.unwrap(owner, wrapped)
            if key is not None:
                found[owner] = key
    return found


def _pieces(ids: list[str]) -> Iterable[list[str]]:
    return (ids[at : at + PIECE] for at in range(0, len(ids), PIECE))


def _seal(cipher: AESGCM, plain: bytes, owner: str) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, owner.encode())


def _open(cipher: AESGCM, sealed: bytes, owner: str) -> bytes | None:
    with suppress(InvalidTag, ValueError):
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], owner.encode())
    return None
