"""The keeper of periods: seals what of before stands in clear, erases what is due. One turn a while, for ever.

Each turn does a piece of each kind in a transaction of its own and is the same when it is done twice, so any
number of services may keep.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Contact, Person
from rules.retention import KINDS, NAMES, End, period_of, read_periods
from runtime.database import Database
from runtime.privacy.keys import PersonKeys, destroy_keys, keys_for, seal
from runtime.settings import Settings
from service.privacy.holds import due_subjects, nameable

log = structlog.get_logger("privacy")
POLL_S = 600.0
PIECE = 1_000
ERASE: Mapping[str, Sequence[str]] = {
    "grant_label": ("UPDATE role_grant SET label = '' WHERE id = ANY(CAST(:ids AS bigint[]))",),
    "firm_contact": ("UPDATE private.firm SET contact = '' WHERE id = ANY(:ids)",),
    "account": (
        (
            "DELETE FROM private.saved_view v WHERE actor_id IN"
            " (SELECT actor_id FROM private.account WHERE id = ANY(:ids)) AND NOT EXISTS"
            " (SELECT FROM private.account a WHERE a.actor_id = v.actor_id"
            " AND a.closed_at IS NULL AND a.id <> ALL(:ids))"
        ),
        "DELETE FROM private.passkey WHERE account_id = ANY(:ids)",
        (
            "UPDATE private.session SET ended_at = clock_timestamp()"
            " WHERE account_id = ANY(:ids) AND ended_at IS NULL"
        ),
        (
            "UPDATE private.account SET name = 'closed-' || id, password = NULL, totp = NULL,"
            " issuer = NULL, subject = NULL, closed_at = coalesce(closed_at, clock_timestamp())"
            " WHERE id = ANY(:ids)"
        ),
    ),
    "contact": (
        (
            "UPDATE private.contact SET address = '', withdrawn_at = coalesce(withdrawn_at,"
            " clock_timestamp()) WHERE id = ANY(:ids)"
        ),
        "DELETE FROM person_keys.person_key WHERE id = ANY(:ids)",
    ),
    "invitation_name": ("UPDATE private.invitation SET name = '' WHERE id = ANY(:ids)",),
    "session": ("DELETE FROM private.session WHERE id = ANY(:ids)",),
    "sensitive": (
        (
            "UPDATE private.sensitive SET content = '', withdrawn_at = coalesce(withdrawn_at,"
            " clock_timestamp()) WHERE id = ANY(:ids)"
        ),
        "DELETE FROM person_keys.person_key WHERE id = ANY(:ids)",
    ),
    # Its hash stays: the record names it. What was published of it, blurred, is everybody's.
    "picture": ("UPDATE private.picture SET content = '' WHERE id = ANY(:ids)",),
    "message": ("DELETE FROM private.notice_message WHERE id = ANY(:ids)",),
    "erasure_words": (
        (
            "UPDATE private.erasure SET reason = '', refusal = CASE WHEN refusal IS NULL THEN NULL"
            " ELSE '' END WHERE id = ANY(:ids)"
        ),
    ),
    "full_bundle": (
        "DELETE FROM private.bundle_piece WHERE form = 'full' AND box_id = ANY(:ids)",
        "DELETE FROM private.bundle_file WHERE form = 'full' AND box_id = ANY(:ids)",
    ),
}
"""By the kind whose subjects are given: what erases them. Of `contact_of_case` the same as of `contact`."""
SAME = {"contact_of_case": "contact"}


class PrivacyKeeper:
    """Keeps for as long as it runs."""

    def __init__(self, database: Database, settings: Settings, *, poll_s: float = POLL_S) -> None:
        self._database, self._poll_s = database, poll_s
        self._keys = PersonKeys.of(settings)
        self._periods = read_periods(settings.retention)

    async def run(self) -> None:
        """Until it is cancelled; whatever one turn meets, the next one is made."""
        while True:
            try:
                while await self.turn():
                    pass
            except Exception as error:  # noqa: BLE001 - nothing that one turn meets ends the keeper
                log.warning("privacy_waits", reason=type(error).__name__)
            await asyncio.sleep(self._poll_s)

    async def turn(self) -> bool:
        """Seal a piece and erase a piece of each kind; whether there may be more."""
        done = {"sealed": await self._database.transaction(self._seal)}
        done["names"] = await self._database.transaction(self._forget)
        for each in KINDS:
            if each.kind not in NAMES and each.end is not End.HANDED_OVER:
                done[each.kind] = await self._database.transaction(self._erasing(each.kind))
        told = {kind: count for kind, count in done.items() if count}
        if told:
            log.info("privacy_kept", **told)
        return max(done.values()) >= PIECE

    async def _seal(self, session: AsyncSession) -> int:
        """Names that releases of before, or a restored backup, have in clear."""
        rows = (
            await session.scalars(
                select(Person)
                .where(Person.name.is_not(None))
                .order_by(Person.id)
                .limit(PIECE)
                .with_for_update(skip_locked=True)
            )
        ).all()
        keys = await keys_for(session, self._keys, [row.id for row in rows])
        for row in rows:
            row.sealed, row.name = seal(keys[row.id], row.id, row.name or ""), None
        return len(rows)

    async def _forget(self, session: AsyncSession) -> int:
        people = await nameable(session, self._periods)
        await forget_people(session, people)
        return len(people)

    def _erasing(self, kind: str) -> Callable[[AsyncSession], Awaitable[int]]:
        async def work(session: AsyncSession) -> int:
            if kind == "access_log":
                kept = period_of(kind, self._periods)
                gone = text(
                    "SELECT private.forget_access(clock_timestamp() - CAST(:kept AS interval))"
                )
                await session.execute(gone, {"kept": kept})
                return 0
            subjects = await due_subjects(session, kind, self._periods)
            await erase(session, kind, subjects)
            return len(subjects)

        return work


async def erase(session: AsyncSession, kind: str, subjects: Sequence[str]) -> None:
    """Erase these subjects of a kind, in the caller's transaction."""
    if subjects:
        for statement in ERASE[SAME.get(kind, kind)]:
            await session.execute(text(statement), {"ids": list(subjects)})


async def forget_people(session: AsyncSession, people: Sequence[str]) -> None:
    """Destroy the keys of these people and with them the names; a set of owners becomes a random one.

    Whose a unit was is not compared with anybody's name any more; which units were of one owner is.
    """
    if not people:
        return
    await destroy_keys(session, people)
    unknown = {"name": None, "sealed": None, "restricted_until": None}
    await session.execute(update(Person).where(Person.id.in_(people)).values(unknown))
    addresses = {"address": b"", "withdrawn_at": func.coalesce(Contact.withdrawn_at, func.now())}
    await session.execute(update(Contact).where(Contact.actor_id.in_(people)).values(addresses))
    await session.execute(
        text(
            """
            WITH sets AS (
              SELECT DISTINCT u.estate_id, u.owner_key FROM unit u
              JOIN private.unit_owner o ON o.unit_id = u.id WHERE o.person_id = ANY(:people)
            ), fresh AS MATERIALIZED (
              SELECT estate_id, owner_key,
                replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '') AS random
              FROM sets
            )
            UPDATE unit u SET owner_key = f.random FROM fresh f
            WHERE u.estate_id = f.estate_id AND u.owner_key = f.owner_key"""
        ),
        {"people": list(people)},
    )
    await session.execute(
        text("DELETE FROM private.unit_owner WHERE person_id = ANY(:people)"),
        {"people": list(people)},
    )
