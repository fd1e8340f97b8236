"""What needs a second person is proposed first: a row bound to its content, and a line of the agenda."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.ids import proposals_id
from models.tables import Proposal
from models.values.actor import Actor
from models.values.waits import CONFIRMING, Consequence, Wait
from proof.canonical import digest, utc_text
from rules.authority import ROLES_OF_WRITE
from rules.four_eyes import Proposing
from runtime.record.agenda import add_waits
from runtime.record.journal import Journal, Recorded
from service.bodies import Accepted, CommandBody
from service.recording import Details, record
from service.situation import Situation

MADE = "proposal.made"


class ProposalMade(Accepted):
    """A proposal that waits for a second person; `id` is that of what comes of it.

    The digest is "" where the same command was done at once, by a release before.
    """

    content_sha256: str = ""
    expires_at: str = ""


@dataclass(frozen=True)
class Ask:
    """What is proposed: the id of what comes of it, the content that is kept, and until when."""

    id: str
    content: BaseModel
    expires_at: datetime


@dataclass(frozen=True)
class Effect:
    """What came of a confirmed proposal: its id and its event."""

    id: str
    kind: str
    details: Details


T = TypeVar("T", bound=ProposalMade)
Prepare = Callable[[AsyncSession, datetime, str], Awaitable[Ask]]
"""Looks at what is proposed as if it were done now, given the tick and the command's key."""


async def propose(
    journal: Journal,
    situation: Situation,
    actor: Actor,
    command: CommandBody,
    act: Proposing,
    kind: str,
    request: BaseModel,
    prepare: Prepare,
    *,
    into: type[T],
) -> T:
    """Write a proposal down; nothing of it counts before a second person has confirmed it.

    `kind` is the event that comes of it: under it the releases before recorded the same command.

    Raises:
        Refused: what `prepare` refuses, and `journal.command_reused`.
    """
    key = await journal.key_of(command.command_id, situation.id, actor.id)

    async def inside(session: AsyncSession, now: datetime) -> Recorded[T]:
        ask = await prepare(session, now, key)
        row = _row(situation, actor, act, key, ask, now)
        session.add(row)
        await add_waits(session, situation.id, proposals_id(situation.id), [_wait(ask)], now)
        until = utc_text(ask.expires_at)
        made = into(
            command_id=command.command_id,
            id=ask.id,
            kind=MADE,
            happened_at=now.isoformat(),
            content_sha256=row.content_sha256,
            expires_at=until,
        )
        details: Details = {
            "proposal": ask.id,
            "act": act.value,
            "content_sha256": row.content_sha256,
            "until": until,
        }
        return Recorded(made, details, kind=MADE)

    return await record(journal, situation, actor, key, kind, request, inside, into)


def _row(
    situation: Situation, actor: Actor, act: Proposing, key: str, ask: Ask, now: datetime
) -> Proposal:
    content = ask.content.model_dump(mode="json")
    return Proposal(
        id=ask.id,
        renovation_id=situation.id,
        act=act.value,
        content=content,
        content_sha256=digest(content),
        stage=situation.stage_workflow_id,
        proposed_by=actor.id,
        command_id=key,
        proposed_at=now,
        expires_at=ask.expires_at,
    )


def _wait(ask: Ask) -> Wait:
    return Wait(
        what=CONFIRMING,
        subject=ask.id,
        who=", ".join(sorted(ROLES_OF_WRITE["confirm_proposal"].roles)),
        due_at=ask.expires_at,
        consequence=Consequence.PROPOSAL_ENDED,
    )
