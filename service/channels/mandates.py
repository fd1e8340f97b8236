"""The register of mandates, and the ballots that agents cast on them."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from pydantic import JsonValue, SecretStr
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import BallotBox, Mandate, MandateRevocation, Proposal, RollEntry
from models.values.actor import Actor
from models.values.base import Value
from models.values.refusal import refusal, refuse_if_any
from rules.ballots.ballot import Choices
from rules.ballots.mandates import (
    Mandated,
    agent_id_of,
    ballot_problems,
    carried_problems,
    entries_held_by,
    instruction_digest,
    instructions_obeyed,
    mandate_limit,
    proxy_command,
    registration_problems,
)
from rules.duties import Duty, same_name
from rules.four_eyes import Proposing
from rules.voting import pack_for, rule_of
from rules.voting.live.beside import Weight
from rules.voting.live.weighing import caps_on_shares
from runtime.ballots.boxes import load_running_boxes
from runtime.privacy.keys import PersonKeys, names_of, put_person
from runtime.record.journal import load_tick
from service.access.facts import slow_hash
from service.access.letters import new_letter
from service.access.tickets import Shown
from service.access.units import lock_mandate, refuse_replaced_agent
from service.ballots.receipts import IssuedReceipt
from service.bodies import Accepted, CastBallot
from service.channels.bodies import (
    CastProxyBallot,
    RegisterMandate,
    RevokeMandate,
    RevokeOwnMandate,
)
from service.channels.open_box import load_entry, lock_open_box, motions_by_id, running_box
from service.channels.register import load_register
from service.http.credentials import keyed_hash
from service.notices.outbox import notice_to_units
from service.parts import Parts
from service.proposing import Ask, Effect, ProposalMade, propose
from service.recording import Details, accept
from service.situation import Situation

REGISTERED = "voting.mandate_registered"


class AskedMandate(Value):
    """A registration as the journal hashes it: no name, no document number, no readable instruction."""

    unit_number: str
    agent_id: str
    motions: tuple[str, ...]
    document: str
    valid_from: datetime
    valid_until: datetime
    instructions: dict[str, str]


class ShownMandate(AskedMandate):
    """A registration of an agent who agrees to be shown by name to the owners of the vote."""

    agent_shown: bool = True


class ProposedMandate(AskedMandate):
    """What a second person confirms: the registration and its box.

    `agent_shown` is the consent of the paper. With `agent_fact` the agent's letter is entered: the number of the document, slowly hashed.
    """

    box_id: str
    agent_fact: str = ""
    agent_shown: bool = False


def mandate_key(receipt_key: SecretStr) -> bytes:
    """The key of agents' ids and instructions, derived from the key of the receipts."""
    return keyed_hash(receipt_key, b"gongjian/mandates")


async def register_mandate(
    parts: Parts, situation: Situation, actor: Actor, command: RegisterMandate
) -> ProposalMade:
    """Propose a mandate: one for an owner, so many for an agent, while the box is not closed.

    It counts from the confirmation of a second person (`enter_mandate`).
    """
    key, people = mandate_key(parts.settings.receipt_key), PersonKeys.of(parts.settings)
    named = await parts.journal.key_of(command.command_id, situation.id, actor.id)
    mandate_id = f"m{hashlib.sha256(f'{situation.id}/{named}'.encode()).hexdigest()[:31]}"
    asked = AskedMandate(
        unit_number=command.unit_number,
        agent_id=agent_id_of(key, situation.id, command.agent_identity),
        motions=tuple(dict.fromkeys(command.motions)),
        document=command.document,
        valid_from=command.valid_from,
        valid_until=command.valid_until,
        instructions={
            motion: instruction_digest(key, mandate_id, motion, said)
            for motion, said in command.instructions.items()
        },
    )

    # The agent enters with a link that another official hands over, and with the own number.
    known = await slow_hash(command.agent_identity, told=situation.clock == "told")

    async def prepare(session: AsyncSession, now: datetime, _key: str) -> Ask:
        box = await lock_open_box(session, situation, command.box_id, asked.motions, early=True)
        entry = await load_entry(session, box, command.unit_number)
        said = command.instructions
        await _refuse(session, situation, box, entry, said, mandate_id, asked, now)
        if situation.clock != "told":
            await _refuse_own(session, people, actor, command.agent_name)
        # The name of who was known before stays as it was written first.
        await put_person(session, people, asked.agent_id, command.agent_name)
        shown = command.agent_shown
        content = ProposedMandate(
            **asked.model_dump(), box_id=box.id, agent_fact=known, agent_shown=shown
        )
        return Ask(mandate_id, content, box.closes_at)

    # Without the consent the request is hashed as the releases before did.
    request = ShownMandate(**asked.model_dump()) if command.agent_shown else asked
    act, kind, into = Proposing.MANDATE, REGISTERED, ProposalMade
    return await propose(
        parts.journal, situation, actor, command, act, kind, request, prepare, into=into
    )


async def enter_mandate(
    _parts: Parts,
    situation: Situation,
    session: AsyncSession,
    proposal: Proposal,
    key: str,
    now: datetime,
) -> Effect:
    """Enter a confirmed mandate in the register: what stood in its way when it was proposed still does."""
    asked = ProposedMandate.model_validate(proposal.content)
    box = await lock_open_box(session, situation, asked.box_id, early=True)
    entry = await load_entry(session, box, asked.unit_number)
    # The instructions were looked at when they could be read.
    await _refuse(session, situation, box, entry, {}, proposal.id, asked, now)
    session.add(_row(box, entry, proposal.id, asked, proposal.proposed_by, key))
    await session.flush()
    session.add(
        new_letter(
            situation,
            f"l{proposal.id[1:]}",
            "agent",
            asked.unit_number,
            proposal.proposed_by,
            fact_hash=asked.agent_fact,
            mandate_id=proposal.id,
        )
    )
    # At once, and alone: whoever has given no mandate takes it back before anybody votes on it (E4).
    session.add(
        notice_to_units(
            situation.id,
            key,
            "mandate_registered",
            (asked.unit_number,),
            now,
            unit=asked.unit_number,
            closes_at=box.closes_at.isoformat(),
        )
    )
    return Effect(proposal.id, REGISTERED, _details(box, entry, proposal.id, asked))


async def refuse_agent(
    session: AsyncSession, people: PersonKeys, proposal: Proposal, actor: Actor
) -> None:
    """The agent of a mandate does not confirm it.

    Raises:
        Refused: `mandate.own_register`.
    """
    asked = ProposedMandate.model_validate(proposal.content)
    names = await names_of(session, people, [asked.agent_id], shown=False)
    await _refuse_own(session, people, actor, names.get(asked.agent_id, ""))


async def _refuse_own(
    session: AsyncSession, people: PersonKeys, actor: Actor, agent_name: str
) -> None:
    """Who keeps the register is no agent in it. An official's number is not known here: a namesake counts too."""
    names = await names_of(session, people, [actor.id], shown=False)
    # Whom a case's own correction added is known by the label of the role alone.
    if same_name(names.get(actor.id) or actor.label, agent_name):
        raise refusal(Duty.REGISTER_AGENT.value, where="agent_name", actor=actor.id)


async def revoke_mandate(
    parts: Parts, situation: Situation, actor: Actor, mandate_id: str, command: RevokeMandate
) -> Accepted:
    """Take a mandate back; a ballot that was cast on it before stays until the owner votes."""
    # The mandate is named in the path: the same command for another one is another request.
    asked = command.model_copy(update={"reason": f"{mandate_id}/{command.reason}"})

    async def change(session: AsyncSession, _now: datetime, name: str) -> tuple[str, Details]:
        row = await session.get(Mandate, mandate_id)
        if row is None or not await _is_running(session, situation, row.box_id):
            raise refusal("mandate.unknown", where=mandate_id)
        box = await lock_open_box(session, situation, row.box_id, early=True)
        await lock_mandate(session, mandate_id)
        if await session.get(MandateRevocation, mandate_id) is not None:
            raise refusal("mandate.revoked", where=mandate_id)
        session.add(
            MandateRevocation(
                mandate_id=mandate_id,
                reason=command.reason,
                revoked_by=actor.id,
                command_id=name,
                revoked_at=func.clock_timestamp(),
            )
        )
        digest = hashlib.sha256(command.reason.encode()).hexdigest()
        return mandate_id, {"box": box.id, "mandate": mandate_id, "reason_sha256": digest}

    kind = "voting.mandate_revoked"
    return await accept(parts.journal, situation, actor, command, kind, change, request=asked)


async def revoke_own_mandate(
    parts: Parts, situation: Situation, unit_number: str, command: RevokeOwnMandate
) -> Accepted:
    """The owner of a unit takes the last mandate of the own entry back.

    Raises:
        Refused: `mandate.unknown` where there is none; as `revoke_mandate` does.
    """
    async with parts.database.session() as session:
        box = await running_box(session, situation, command.box_id)
        entry = await load_entry(session, box, unit_number)
        found = await session.scalar(
            select(Mandate.id)
            .where(Mandate.box_id == box.id, Mandate.entry_id == entry.entry_id)
            .order_by(Mandate.registered_at.desc(), Mandate.id)
            .limit(1)
        )
    if found is None:
        raise refusal("mandate.unknown", where=unit_number)
    revoking = RevokeMandate(command_id=command.command_id, reason=command.reason)
    owner = situation.owner(unit_number)
    return await revoke_mandate(parts, situation, owner, found, revoking)


async def cast_by_agent(
    parts: Parts, situation: Situation, agent: Shown, command: CastProxyBallot
) -> tuple[IssuedReceipt, bool]:
    """Cast an agent's ballot on a mandate; returns the receipt and whether the ballot is new.

    Raises:
        Refused: `credential.replaced` where the agent got another letter since; `mandate.…` where the mandate does not allow the ballot; what the box refuses.
    """
    key, mandate_id = mandate_key(parts.settings.receipt_key), agent.holder
    async with parts.database.held() as session:
        # Held until the ballot is committed: a revocation comes before it or after it.
        await lock_mandate(session, mandate_id, shared=True)
        row = await session.get(Mandate, mandate_id)
        if row is None:
            raise refusal("mandate.unknown", where=mandate_id)
        if not await _is_running(session, situation, row.box_id):
            raise refusal("mandate.other_vote", where=mandate_id)
        await refuse_replaced_agent(session, agent, row.unit_number)
        box = await running_box(session, situation, row.box_id)
        (standing_mandate,) = await load_register(session, box, mandate_id=mandate_id)
        given = {motion: str(digest) for motion, digest in row.instructions.items()}
        obeyed = instructions_obeyed(key, mandate_id, given, command.choices)
        now = await load_tick(session, situation.id)
        refuse_if_any(ballot_problems(standing_mandate, command.choices, obeyed, now))
        ballot = CastBallot(
            command_id=proxy_command(key, mandate_id, command.command_id),
            unit_number=row.unit_number,
            choices=command.choices,
            box_id=command.box_id or row.box_id,
        )
        return await parts.intake.cast(situation.id, ballot, "proxy")


async def _is_running(session: AsyncSession, situation: Situation, box_id: str) -> bool:
    """Is it a box of the running vote?"""
    return any(box.id == box_id for box in await load_running_boxes(session, situation.id))


async def _refuse(
    session: AsyncSession,
    situation: Situation,
    box: BallotBox,
    entry: RollEntry,
    instructions: Choices,
    mandate_id: str,
    asked: AskedMandate,
    now: datetime,
) -> None:
    if entry.excluded_reason is not None:
        raise refusal("voting.unit_excluded", unit=asked.unit_number, reason=entry.excluded_reason)
    new = Mandated(
        mandate_id,
        entry.entry_id,
        asked.agent_id,
        asked.motions,
        asked.valid_from,
        asked.valid_until,
    )
    pack, register = pack_for(situation.rule_pack), await load_register(session, box, new=new)
    motions = motions_by_id(box)
    caps = caps_on_shares(rule_of(pack, motion) for motion in motions.values())
    problems = registration_problems(new, instructions, motions, register, mandate_limit(pack), now)
    if caps:
        held = {*entries_held_by(new.agent_id, register), new.entry_id}
        carried, roll = await _weight(session, box, held), await _weight(session, box)
        problems += carried_problems(caps, carried, roll)
    refuse_if_any(problems)


async def _weight(session: AsyncSession, box: BallotBox, of: set[str] | None = None) -> Weight:
    """What everybody who may vote weighs together, or some of them; unknown shares are none."""
    sums = (func.sum(each) for each in (RollEntry.heads, RollEntry.area_dm2, RollEntry.shares))
    query = select(*sums).where(RollEntry.box_id == box.id, RollEntry.excluded_reason.is_(None))
    if of is not None:
        query = query.where(RollEntry.entry_id.in_(of))
    return Weight(*(int(each or 0) for each in (await session.execute(query)).one()))


def _row(
    box: BallotBox,
    entry: RollEntry,
    mandate_id: str,
    asked: AskedMandate,
    registered_by: str,
    command_id: str,
) -> Mandate:
    return Mandate(
        id=mandate_id,
        box_id=box.id,
        entry_id=entry.entry_id,
        unit_number=asked.unit_number,
        agent_id=asked.agent_id,
        motions=list(asked.motions),
        document=asked.document,
        valid_from=asked.valid_from,
        valid_until=asked.valid_until,
        instructions=dict(asked.instructions),
        registered_by=registered_by,
        command_id=command_id,
        registered_at=func.clock_timestamp(),
    )


def _details(
    box: BallotBox, entry: RollEntry, mandate_id: str, asked: AskedMandate
) -> Mapping[str, JsonValue]:
    return {
        "box": box.id,
        "mandate": mandate_id,
        "entry": entry.pseudonym,
        "agent": asked.agent_id,
        "motions": ", ".join(asked.motions),
        "bound_on": ", ".join(sorted(asked.instructions)),
        "document": asked.document,
    }
