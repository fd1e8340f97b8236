"""The second person: a proposal is listed, confirmed (then it is done), or withdrawn."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.ids import proposals_id
from models.tables import CaseWait, Proposal, Renovation
from models.values.actor import Actor
from models.values.refusal import Refused, refusal
from rules.four_eyes import (
    ACTS_OF_TWO,
    Proposed,
    Proposing,
    refuse_confirming,
    refuse_decided,
    refuse_withdrawing,
    state_of,
)
from runtime.privacy.keys import PersonKeys
from runtime.record.journal import Recorded
from service.bodies import Accepted
from service.channels.mandates import enter_mandate, refuse_agent
from service.channels.replacements import enter_sale
from service.ledger.deciding import MONEY, enter_assignment, enter_cash, enter_return
from service.parts import Parts
from service.proposals.acts import CONFIRMED, enter_act, send_confirmed
from service.proposals.bodies import (
    Confirmed,
    ConfirmedSheet,
    ConfirmProposals,
    NamedProposal,
    ProposalView,
    RefusedLine,
    WithdrawProposal,
)
from service.proposing import Effect
from service.recording import Details, accept, record
from service.residents.payments import tell_what_is_paid
from service.situation import Situation, load_opener, load_situation
from service.suggestions.answering import enter_answer

WITHDRAWN = "proposal.withdrawn"
FACTS = frozenset({"agent_fact", "buyers_fact"})
"""Hashes of numbers of identity, with which letters are entered: nobody is shown them."""
Enter = Callable[
    [Parts, Situation, AsyncSession, Proposal, str, datetime],
    Awaitable[Effect],
]
"""Does what was proposed, given the key of the confirmation and the tick."""
ENTER: Mapping[Proposing, Enter] = {
    Proposing.MANDATE: enter_mandate,
    Proposing.SALE: enter_sale,
    **{act: enter_act for act in Proposing if act in ACTS_OF_TWO},
    Proposing.SUGGESTION: enter_answer,
    Proposing.CASH: enter_cash,
    Proposing.ASSIGNMENT: enter_assignment,
    Proposing.RETURN: enter_return,
}


async def confirm_sheet(
    parts: Parts, situation: Situation, actor: Actor, command: ConfirmProposals
) -> ConfirmedSheet:
    """Confirm what was read, each line in a transaction of its own.

    Raises:
        Refused: as the first line was, where every line is refused.
    """
    plays_all = situation.clock == "told" and actor.id == await load_opener(
        parts.database, situation.id
    )
    confirmed: list[Confirmed] = []
    refused: list[RefusedLine] = []
    first: Refused | None = None
    for line in command.proposals:
        try:
            confirmed.append(
                await _confirm(parts, situation, actor, command.command_id, line, plays_all)
            )
        except Refused as why:
            first = first or why
            problem = why.problems[0]
            refused.append(RefusedLine(id=line.id, code=problem.code, params=dict(problem.params)))
    if first is not None and not confirmed:
        raise first
    return ConfirmedSheet(confirmed=tuple(confirmed), refused=tuple(refused))


async def withdraw_proposal(
    parts: Parts,
    situation: Situation,
    actor: Actor,
    proposal_id: str,
    command: WithdrawProposal,
) -> Accepted:
    """Take the own open proposal back; whoever may confirm may turn it down.

    Raises:
        Refused: `proposal.unknown`, `proposal.not_open`, `authority.wrong_role`.
    """
    # The proposal is named in the path: the same command for another one is another request.
    asked = command.model_copy(update={"reason": f"{proposal_id}/{command.reason}"})

    async def change(session: AsyncSession, now: datetime, _key: str) -> tuple[str, Details]:
        row = await _open_proposal(session, situation, proposal_id, now)
        refuse_withdrawing(_proposed(row), actor)
        await _decide(session, row, "withdrawn", actor, now)
        reason = hashlib.sha256(command.reason.encode()).hexdigest()
        return row.id, {"proposal": row.id, "act": row.act, "reason_sha256": reason}

    return await accept(parts.journal, situation, actor, command, WITHDRAWN, change, request=asked)


async def list_proposals(session: AsyncSession, situation: Situation) -> tuple[ProposalView, ...]:
    """The proposals of a case, the first one first; names and numbers of persons are in none."""
    rows = await session.scalars(
        select(Proposal)
        .where(Proposal.renovation_id == situation.id)
        .order_by(Proposal.proposed_at, Proposal.id)
    )
    return tuple(
        ProposalView(
            id=row.id,
            act=row.act,
            content={name: said for name, said in row.content.items() if name not in FACTS},
            content_sha256=row.content_sha256,
            state=state_of(_proposed(row), situation.stage_workflow_id, situation.now),
            proposed_by=row.proposed_by,
            proposed_at=row.proposed_at,
            expires_at=row.expires_at,
            decided_by=row.decided_by or "",
        )
        for row in rows
    )


async def _confirm(
    parts: Parts,
    situation: Situation,
    actor: Actor,
    command_id: str,
    line: NamedProposal,
    plays_all: bool,
) -> Confirmed:
    """Confirm one line: what was proposed is done now, in the name of both."""
    # Senders may not use "#", so the key of a line is never theirs.
    key = await parts.journal.key_of(f"{command_id}#{line.id}", situation.id, actor.id)

    async def inside(session: AsyncSession, now: datetime) -> Recorded[Confirmed]:
        row = await _open_proposal(session, situation, line.id, now)
        refuse_confirming(_proposed(row), actor.id, line.content_sha256, plays_all=plays_all)
        if row.act == Proposing.MANDATE and not plays_all:
            await refuse_agent(session, PersonKeys.of(parts.settings), row, actor)
        effect = await ENTER[Proposing(row.act)](parts, situation, session, row, key, now)
        await _decide(session, row, "confirmed", actor, now)
        details = {**effect.details, "proposed_by": row.proposed_by}
        if row.proposed_by == actor.id:
            details["training"] = True
        confirmed = Confirmed(
            command_id=command_id,
            id=effect.id,
            kind=effect.kind,
            happened_at=now.isoformat(),
        )
        return Recorded(confirmed, details, kind=effect.kind)

    done = await record(parts.journal, situation, actor, key, CONFIRMED, line, inside, Confirmed)
    async with parts.database.session() as session:
        row = await session.get_one(Proposal, line.id)
    if row.act in ACTS_OF_TWO:
        await _refuse_stale(parts, row)
        await send_confirmed(parts, row)
    if row.act in MONEY:
        await tell_what_is_paid(parts, situation)
    return done


async def _refuse_stale(parts: Parts, row: Proposal) -> None:
    """An act that was confirmed and refused is not sent again when its time or its stage is over: nobody alone has the rest.

    Raises:
        Refused: `proposal.not_open`.
    """
    key = await parts.journal.key_of(row.id, row.renovation_id, row.proposed_by)
    if await parts.journal.answered(key) is not None:
        return
    situation = await load_situation(parts.database, row.renovation_id)
    undecided = _proposed(row)._replace(decision="")
    refuse_decided(undecided, situation.stage_workflow_id, situation.now)


async def _open_proposal(
    session: AsyncSession, situation: Situation, proposal_id: str, now: datetime
) -> Proposal:
    """The proposal if it is open in the stage of now; the journal holds the case.

    Raises:
        Refused: `proposal.unknown`, `proposal.not_open`.
    """
    row = await session.get(Proposal, proposal_id)
    if row is None or row.renovation_id != situation.id:
        raise refusal("proposal.unknown", where=proposal_id)
    stage = (await session.get_one(Renovation, situation.id)).stage_workflow_id
    refuse_decided(_proposed(row), stage, now)
    return row


async def _decide(
    session: AsyncSession, row: Proposal, decision: str, actor: Actor, now: datetime
) -> None:
    row.decision, row.decided_by, row.decided_at = decision, actor.id, now
    workflow_id = proposals_id(row.renovation_id)
    await session.execute(
        delete(CaseWait).where(CaseWait.workflow_id == workflow_id, CaseWait.subject == row.id)
    )


def _proposed(row: Proposal) -> Proposed:
    return Proposed(
        row.id,
        row.proposed_by,
        row.content_sha256,
        row.stage,
        row.expires_at,
        row.decision or "",
    )
