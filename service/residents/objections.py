"""Objections against publications, by owners and by whoever else is concerned."""

import hashlib
from datetime import datetime

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.ids import publication_workflow_id
from models.tables import Objection, Publication
from models.values.actor import Actor
from models.values.refusal import refusal
from models.values.states import ObjectionState, PublicationState
from models.values.waits import Consequence, Wait
from rules.authority import ROLES_OF_ACT
from rules.time import lateness
from runtime.calendars import chinese_calendar
from runtime.record.agenda import add_waits
from runtime.record.journal import id_from
from service.access.tickets import Voter
from service.bodies import Accepted, FileObjection
from service.identity.senders import bearer_token, sender_of
from service.parts import Parts
from service.programs.doors import Door
from service.recording import Details, accept
from service.situation import Situation, load_grants


async def file_objection(
    parts: Parts,
    situation: Situation,
    credential: str | None,
    door: Door,
    command: FileObjection,
) -> Accepted:
    """File an objection for the unit that the command names, or in the sender's own role.

    `credential` is the Authorization header; `door` is where a program stands that sends it.

    Raises:
        Refused: `credential.…`, `publication.unknown`, `publication.closed`, `quota.used_up`.
    """
    objector, voter = await _objector(parts, situation, credential, door, command.unit_number)
    return await _file(parts, situation, objector, voter, command)


async def file_own_objection(
    parts: Parts, situation: Situation, voter: Voter, command: FileObjection
) -> Accepted:
    """File the objection of a unit whose ticket was read already.

    Raises:
        Refused: `credential.other_unit`; `publication.…`, `quota.used_up`.
    """
    voter.must_hold(command.unit_number or "")
    return await _file(parts, situation, situation.owner(voter.unit_number), voter, command)


async def _file(
    parts: Parts,
    situation: Situation,
    objector: Actor,
    voter: Voter | None,
    command: FileObjection,
) -> Accepted:
    awaited: list[Wait] = []

    async def change(session: AsyncSession, now: datetime, key: str) -> tuple[str, Details]:
        row = await _must_be_open(session, situation, command.publication_id, now)
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
        awaited[:] = [_answer(situation, row.subject, objection)]
        await add_waits(session, situation.id, workflow_id, awaited, now)
        digest = hashlib.sha256(command.text.encode()).hexdigest()
        # The words may name people: the event keeps what proves them, not the words.
        return objection.id, {
            "publication": command.publication_id,
            "objection": objection.id,
            "text_sha256": digest,
        }

    workflow_id = publication_workflow_id(situation.id, command.publication_id)
    kind = "publication.objection_filed"
    accepted = await accept(
        parts.journal,
        situation,
        objector,
        command,
        kind,
        change,
        quota="objections",
        voter=voter,
    )
    for wait in awaited:
        # Not heard, it is seen when the publication is looked at, or by whoever compares.
        await parts.gateway.signal(workflow_id, "agenda_moved", wait.due_at, situation.now)
    return accepted


def _answer(situation: Situation, subject: str, objection: Objection) -> Wait:
    """Whoever has published it answers: in tender matters within three days (Tendering Regs art. 54)."""
    kind = lateness.answers_to(subject)
    terms = (situation.timetable, chinese_calendar())
    return Wait(
        what="answers",
        subject=objection.id,
        due_at=lateness.due(kind, objection.filed_at, *terms),
        who=", ".join(sorted(ROLES_OF_ACT["answer_objection"].roles)),
        consequence=Consequence.REMINDED,
    )


async def _objector(
    parts: Parts, situation: Situation, credential: str | None, door: Door, unit_number: str | None
) -> tuple[Actor, Voter | None]:
    """Who objects; of a unit the ticket too, which may have been replaced."""
    if unit_number is None:
        sender = await sender_of(parts.database, bearer_token(credential), situation.id, door)
        return situation.in_role(await load_grants(parts.database, sender, situation.id)), None
    voter = parts.tickets.voter(situation.id, credential)
    voter.must_hold(unit_number)
    return situation.owner(unit_number), voter


async def _must_be_open(
    session: AsyncSession, situation: Situation, name: str, now: datetime
) -> Publication:
    """Refuse unless the publication is open; its share lock makes the closing wait for the commit."""
    row = await session.get(Publication, name, with_for_update={"read": True})
    if row is None or row.renovation_id != situation.id:
        raise refusal("publication.unknown", where=name)
    if row.state != PublicationState.OPEN or now >= row.closes_at:
        raise refusal("publication.closed", publication=name, at=row.closes_at.isoformat())
    return row
