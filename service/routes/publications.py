"""Publications (公示): anybody concerned may object while they are open."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import JsonValue
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Objection, Publication
from models.values.actor import Actor
from models.values.refusal import refusal
from service.parts import Parts, running_parts
from service.residents.commands import Accepted, FileObjection
from service.situation import Situation, load_situation
from service.writing import role_actor, voter_actor, write

router = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["publications"])


@router.post("/objections", status_code=201)
async def object_to(
    renovation_id: str,
    command: FileObjection,
    request: Request,
    parts: Annotated[Parts, Depends(running_parts)],
) -> Accepted:
    """File an objection with a unit's credential, or with an actor's (a bidder, an office)."""
    situation = await load_situation(parts.database, renovation_id)
    actor = await _who(parts, situation, request, command.unit_number)

    async def change(session: AsyncSession, now: datetime) -> tuple[str, Mapping[str, JsonValue]]:
        await _must_be_open(session, situation, command.publication_id, now)
        name = hashlib.sha256(command.command_id.encode()).hexdigest()[:24]
        objection = Objection(
            id=f"{situation.id}.o{name}",
            publication_id=command.publication_id,
            command_id=command.command_id,
            unit_number=command.unit_number,
            text=command.text,
            filed_at=now,
            recorded_at=func.clock_timestamp(),
            state="open",
        )
        session.add(objection)
        digest = hashlib.sha256(command.text.encode()).hexdigest()
        # The words may name people: the event keeps what proves them, not the words.
        return objection.id, {
            "publication": command.publication_id,
            "objection": objection.id,
            "text_sha256": digest,
        }

    return await write(parts, situation, actor, command, "publication.objection_filed", change)


async def _who(
    parts: Parts, situation: Situation, request: Request, unit_number: str | None
) -> Actor:
    if unit_number is not None:
        return voter_actor(parts, situation, request, unit_number)
    return await role_actor(parts, situation, request)


async def _must_be_open(
    session: AsyncSession, situation: Situation, name: str, now: datetime
) -> None:
    """The share lock keeps the closing out until this objection is committed."""
    row = await session.get(Publication, name, with_for_update={"read": True})
    if row is None or row.renovation_id != situation.id:
        raise refusal("publication.unknown", where=name)
    if row.state != "open" or now >= row.closes_at:
        raise refusal("publication.closed", publication=name, at=row.closes_at.isoformat())
