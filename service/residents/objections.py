"""Objections against publications, by owners and by whoever else is concerned."""

import hashlib
from datetime import datetime

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Objection, Publication
from models.values.actor import Actor
from models.values.refusal import refusal
from models.values.states import ObjectionState, PublicationState
from runtime.record.journal import id_from
from service.bodies import Accepted, FileObjection
from service.http.credentials import read_actor, read_voter
from service.parts import Parts
from service.recording import Details, accept
from service.situation import Situation, load_grants


async def file_objection(
    parts: Parts, situation: Situation, credential: str | None, command: FileObjection
) -> Accepted:
    """File an objection for the unit that the command names, or in the sender's own role.

    `credential` is the Authorization header.

    Raises:
        Refused: `credential.…`, `publication.unknown`, `publication.closed`.
    """
    objector = await _objector(parts, situation, credential, command.unit_number)

    async def change(session: AsyncSession, now: datetime, key: str) -> tuple[str, Details]:
        await _must_be_open(session, situation, command.publication_id, now)
        name = id_from(key)
        objection = Objection(
            id=f"{situation.id}.o{name}",
            publication_id=command.publication_id,
            command_id=key,
            unit_number=command.unit_number,
            text=command.text,
            filed_at=now,
            recorded_at=func.clock_timestamp(),
            state=ObjectionState.OPEN,
        )
        session.add(objection)
        digest = hashlib.sha256(command.text.encode()).hexdigest()
        # The words may name people: the event keeps what proves them, not the words.
        return objection.id, {
            "publication": command.publication_id,
            "objection": objection.id,
            "text_sha256": digest,
        }

    kind = "publication.objection_filed"
    return await accept(parts.journal, situation, objector, command, kind, change)


async def _objector(
    parts: Parts, situation: Situation, credential: str | None, unit_number: str | None
) -> Actor:
    key = parts.settings.credential_key
    if unit_number is None:
        return situation.in_role(await load_grants(parts.database, read_actor(key, credential)))
    read_voter(key, situation.id, credential).must_hold(unit_number)
    return situation.owner(unit_number)


async def _must_be_open(
    session: AsyncSession, situation: Situation, name: str, now: datetime
) -> None:
    """Refuse unless the publication is open; its share lock makes the closing wait for the commit."""
    row = await session.get(Publication, name, with_for_update={"read": True})
    if row is None or row.renovation_id != situation.id:
        raise refusal("publication.unknown", where=name)
    if row.state != PublicationState.OPEN or now >= row.closes_at:
        raise refusal("publication.closed", publication=name, at=row.closes_at.isoformat())
