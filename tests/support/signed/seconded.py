"""Acts of two persons for tests that are about what comes after: the confirmation, written as a row."""

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.acts import Done
from models.tables import Proposal
from proof.canonical import digest
from rules.four_eyes import ACTS_OF_TWO
from runtime.database import Database
from service.gateway import Gateway

SECOND = "a-second-person"


async def seconded(
    database: Database,
    rid: str,
    act: str,
    fields: Mapping[str, JsonValue],
    actor_id: str,
    command_id: str,
    decided_by: str = SECOND,
) -> None:
    """Another person has confirmed this act, which is sent under the id of its proposal."""
    if act not in ACTS_OF_TWO:
        return
    content: dict[str, JsonValue] = {"act": act, "fields": dict(fields)}

    async def work(session: AsyncSession) -> None:
        row = insert(Proposal).values(
            id=command_id,
            renovation_id=rid,
            act=act,
            content=content,
            content_sha256=digest(content),
            stage="test",
            proposed_by=actor_id,
            command_id=f"{command_id}-proposed",
            proposed_at=func.now(),
            expires_at=func.now(),
            decision="confirmed",
            decided_by=decided_by,
            decided_at=func.now(),
        )
        await session.execute(row.on_conflict_do_nothing())

    await database.transaction(work)


class SecondedGateway(Gateway):
    """Whatever needs a second person has one."""

    async def send(
        self,
        renovation_id: str,
        act_name: str,
        body: Mapping[str, JsonValue],
        actor_id: str,
        command_id: str,
        **named: Any,
    ) -> Done:
        await seconded(self._database, renovation_id, act_name, body, actor_id, command_id)
        return await super().send(renovation_id, act_name, body, actor_id, command_id, **named)
