"""Official acts that need a second person: proposed here, and sent when they are confirmed."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.acts import Done
from models.tables import CaseWait, Proposal
from models.values.actor import ENGINE
from models.values.base import Value
from models.values.refusal import refusal
from models.values.waits import CORRECTING
from rules.authority import check_act
from rules.four_eyes import ACTS_OF_TWO, Proposing
from rules.time.deadlines import deadline
from runtime.calendars import chinese_calendar
from runtime.record.journal import id_from
from service.bodies import CommandBody
from service.gateway import build_act
from service.http.problems import read_fields
from service.parts import Parts
from service.proposing import MADE, Ask, Effect, ProposalMade, propose
from service.situation import Situation, load_grants, load_situation

CONFIRMED = "proposal.confirmed"


class ProposedAct(Value):
    """What a second person confirms: the act with its own fields."""

    act: str
    fields: dict[str, JsonValue]


async def send_or_propose(
    parts: Parts,
    renovation_id: str,
    act: str,
    fields: Mapping[str, JsonValue],
    actor_id: str,
    command_id: str,
) -> Done | ProposalMade:
    """Do an official act, or propose it where nobody does it alone.

    Raises:
        Refused: as `Gateway.send` does.
    """
    gateway = parts.gateway
    if act not in ACTS_OF_TWO:
        return await gateway.send(renovation_id, act, fields, actor_id, command_id)
    command = read_fields(CommandBody, {"command_id": command_id})
    key = await parts.journal.key_of(command_id, renovation_id, actor_id)
    earlier = await parts.journal.answered(key)
    if earlier is not None and earlier.kind != MADE:
        # Done at once, by a release before.
        return await gateway.send(renovation_id, act, fields, actor_id, command_id)
    situation = await load_situation(parts.database, renovation_id)
    build_act(act, fields, ENGINE, key)
    grants = await load_grants(parts.database, actor_id, renovation_id)
    actor = check_act(act, situation.part, grants, situation.place_path)
    asked = ProposedAct(act=act, fields=dict(fields))

    async def prepare(session: AsyncSession, now: datetime, name: str) -> Ask:
        await _refuse_about_nothing(session, renovation_id, fields)
        timetable = situation.timetable
        until = deadline(now, timetable.proposal, chinese_calendar(), timetable.zone)
        return Ask(f"c{id_from(name)}", asked, until)

    kind, how = f"proposal.{act}", Proposing(act)
    return await propose(
        parts.journal, situation, actor, command, how, kind, asked, prepare, into=ProposalMade
    )


async def _refuse_about_nothing(
    session: AsyncSession, renovation_id: str, fields: Mapping[str, JsonValue]
) -> None:
    """Nobody is asked to confirm what is about an order that is not open.

    Raises:
        Refused: `oversight.no_order`.
    """
    if "order_id" not in fields:
        return
    order = str(fields["order_id"])
    found = await session.scalar(
        select(CaseWait.subject).where(
            CaseWait.renovation_id == renovation_id,
            CaseWait.what == CORRECTING,
            CaseWait.subject == order,
        )
    )
    if found is None:
        raise refusal("oversight.no_order", where="order_id", order=order)


async def enter_act(
    _parts: Parts,
    _situation: Situation,
    _session: AsyncSession,
    proposal: Proposal,
    _key: str,
    _now: datetime,
) -> Effect:
    """The confirmation is written first; `send_confirmed` sends the act in the name of who proposed it."""
    return Effect(
        proposal.id,
        CONFIRMED,
        {"proposal": proposal.id, "act": proposal.act, "content_sha256": proposal.content_sha256},
    )


async def send_confirmed(parts: Parts, proposal: Proposal) -> None:
    """Send an act that a second person has confirmed; sent again, it is done once.

    Raises:
        Refused: as `Gateway.send` does; the same confirmation may be sent again.
    """
    asked = ProposedAct.model_validate(proposal.content)
    await parts.gateway.send(
        proposal.renovation_id, asked.act, asked.fields, proposal.proposed_by, proposal.id
    )
