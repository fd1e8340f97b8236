"""Two people say for whom a sum is, or that it goes back; and two people take cash."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Proposal, UnclaimedSum
from models.values.actor import Actor
from models.values.base import Value
from models.values.ledger import SumState, Transfer
from models.values.refusal import refusal
from rules.four_eyes import Proposing
from rules.ledger.matching import split
from rules.ledger.unclaimed import claimed, sent_back
from rules.time.deadlines import deadline
from runtime.calendars import chinese_calendar
from runtime.ledger.blocks import is_blocked
from runtime.ledger.booking import book
from runtime.ledger.payments import NewPayment
from runtime.privacy.keys import destroy_keys
from runtime.record.journal import id_from
from service.ledger.bodies import (
    AssignedSum,
    AssignSum,
    CountedCash,
    ReceiveCash,
    ReturnedSum,
    ReturnSum,
)
from service.parts import Parts
from service.proposing import Ask, Effect, ProposalMade, propose
from service.reading.money import list_instalments
from service.recording import refuse_unknown_units
from service.residents.payments import (
    await_end_if_settled,
    book_payments,
    payment_id,
    refuse_payments,
)
from service.situation import Situation

ASSIGNED, RETURNED, CASH = (
    "cost_sharing.sum_assigned",
    "cost_sharing.sum_returned",
    "cost_sharing.cash_received",
)
MONEY = frozenset({Proposing.ASSIGNMENT.value, Proposing.CASH.value, Proposing.RETURN.value})
"""What moves money when it is confirmed: the last account may be settled with it."""


async def propose_assignment(
    parts: Parts, situation: Situation, actor: Actor, command: AssignSum
) -> ProposalMade:
    """Say for which units a sum is; it counts from the confirmation of a second person.

    Raises:
        Refused: `statement.sum_unknown`, `statement.sum_decided`, `cost_sharing.unit_unknown`.
    """

    async def prepare(session: AsyncSession, now: datetime, key: str) -> Ask:
        row = await _open_sum(session, situation, command.sum_id)
        units = tuple(dict.fromkeys(command.unit_numbers))
        await refuse_unknown_units(session, situation, set(units), "cost_sharing.unit_unknown")
        owed: dict[str, int] = {}
        for each in await list_instalments(session, situation):
            owed[each.unit_number] = owed.get(each.unit_number, 0) + each.open_fen
        content = AssignedSum(
            sum_id=row.id,
            reference=row.reference,
            amount_fen=row.amount_fen,
            parts=split(row.amount_fen, units, owed),
        )
        await _refuse(session, situation, _payments(situation, content, key), row.reference)
        return _ask(situation, "u", content, now, key)

    act = Proposing.ASSIGNMENT
    return await propose(
        parts.journal, situation, actor, command, act, ASSIGNED, command, prepare, into=ProposalMade
    )


async def enter_assignment(
    _parts: Parts,
    situation: Situation,
    session: AsyncSession,
    proposal: Proposal,
    key: str,
    now: datetime,
) -> Effect:
    """Book the sum as payments of its units; what held it is void."""
    said = AssignedSum.model_validate(proposal.content)
    row = await _open_sum(session, situation, said.sum_id)
    rows = _payments(situation, said, key, row.booked_on)
    joined = await _refuse(session, situation, rows, row.reference)
    await _decide(session, row, SumState.ASSIGNED, now)
    beside = claimed(row.id, row.amount_fen)
    details = await book_payments(session, situation, key, now, rows, beside, joined=joined)
    return Effect(row.id, ASSIGNED, details)


async def propose_return(
    parts: Parts, situation: Situation, actor: Actor, command: ReturnSum
) -> ProposalMade:
    """Say that a sum goes back to whoever paid it; it counts from the confirmation of a second person.

    Raises:
        Refused: `statement.sum_unknown`, `statement.sum_decided`.
    """

    async def prepare(session: AsyncSession, now: datetime, key: str) -> Ask:
        row = await _open_sum(session, situation, command.sum_id)
        content = ReturnedSum(
            sum_id=row.id,
            reference=row.reference,
            amount_fen=row.amount_fen,
            reason=command.reason,
        )
        return _ask(situation, "u", content, now, key)

    act = Proposing.RETURN
    return await propose(
        parts.journal, situation, actor, command, act, RETURNED, command, prepare, into=ProposalMade
    )


async def enter_return(
    _parts: Parts,
    situation: Situation,
    session: AsyncSession,
    proposal: Proposal,
    key: str,
    now: datetime,
) -> Effect:
    """Pay the sum back out of what was held for it.

    Raises:
        Refused: `cost_sharing.payments_blocked`, and what `propose_return` refuses.
    """
    said = ReturnedSum.model_validate(proposal.content)
    if await is_blocked(session, situation.id):
        raise refusal("cost_sharing.payments_blocked", where=situation.id)
    row = await _open_sum(session, situation, said.sum_id)
    await _decide(session, row, SumState.RETURNED, now)
    transfers: tuple[Transfer, ...] = sent_back(row.id, row.amount_fen)
    booked = await book(session, situation.id, key, now, transfers)
    await await_end_if_settled(session, situation, now)
    details: dict[str, JsonValue] = {"total_fen": row.amount_fen, "reason": said.reason, **booked}
    return Effect(row.id, RETURNED, details)


async def propose_cash(
    parts: Parts, situation: Situation, actor: Actor, command: ReceiveCash
) -> ProposalMade:
    """Say that cash was counted for a unit; it is in the count when a second person has counted it too.

    Raises:
        Refused: `cost_sharing.nothing_due`, `cost_sharing.unit_unknown`, `cost_sharing.payment_booked`
            where money came in under the same receipt.
    """
    said = CountedCash.model_validate(command.model_dump(exclude={"command_id"}))

    async def prepare(session: AsyncSession, now: datetime, key: str) -> Ask:
        await _refuse(session, situation, _cash(situation, said, key))
        return _ask(situation, "k", said, now, key)

    act = Proposing.CASH
    return await propose(
        parts.journal, situation, actor, command, act, CASH, command, prepare, into=ProposalMade
    )


async def enter_cash(
    _parts: Parts,
    situation: Situation,
    session: AsyncSession,
    proposal: Proposal,
    key: str,
    now: datetime,
) -> Effect:
    """Book cash that two people have counted: it was paid when the first of them had it."""
    said = CountedCash.model_validate(proposal.content)
    paid_on = proposal.proposed_at.astimezone(ZoneInfo(situation.timetable.zone)).date()
    rows = _cash(situation, said, key, paid_on)
    joined = await _refuse(session, situation, rows)
    details = await book_payments(session, situation, key, now, rows, joined=joined)
    return Effect(rows[0].id, CASH, details)


def _ask(situation: Situation, letter: str, content: Value, now: datetime, key: str) -> Ask:
    timetable = situation.timetable
    until = deadline(now, timetable.proposal, chinese_calendar(), timetable.zone)
    return Ask(f"{letter}{id_from(key)}", content, until)


def _payments(
    situation: Situation, said: AssignedSum, key: str, paid_on: date | None = None
) -> tuple[NewPayment, ...]:
    """Under the references that the statement's import would have given them."""
    return tuple(
        _owners(
            situation,
            f"{said.reference}/{place}" if place else said.reference,
            f"{key}/{place + 1}",
            part.unit_number,
            part.amount_fen,
        ).model_copy(update={"paid_on": paid_on})
        for place, part in enumerate(said.parts)
    )


def _cash(
    situation: Situation, said: CountedCash, key: str, paid_on: date | None = None
) -> tuple[NewPayment, ...]:
    reference = f"cash/{said.receipt}"
    row = _owners(situation, reference, f"{key}/1", said.unit_number, said.amount_fen)
    return (row.model_copy(update={"paid_on": paid_on}),)


def _owners(
    situation: Situation, reference: str, command_id: str, unit: str, fen: int
) -> NewPayment:
    return NewPayment(
        id=payment_id(situation.id, reference),
        command_id=command_id,
        unit_number=unit,
        amount_fen=fen,
        source="owner",
        reference=reference,
    )


async def _refuse(
    session: AsyncSession, situation: Situation, rows: Sequence[NewPayment], assigned: str = ""
) -> frozenset[str]:
    units, references = [each.unit_number for each in rows], [each.reference for each in rows]
    return await refuse_payments(session, situation, units, references, assigned)


async def _open_sum(session: AsyncSession, situation: Situation, name: str) -> UnclaimedSum:
    """The sum, as long as nobody has decided; the journal holds the case.

    Raises:
        Refused: `statement.sum_unknown`, `statement.sum_decided`.
    """
    row = await session.get(UnclaimedSum, name, populate_existing=True)
    if row is None or row.renovation_id != situation.id:
        raise refusal("statement.sum_unknown", where="sum_id")
    if row.state != SumState.OPEN:
        raise refusal("statement.sum_decided", where="sum_id", state=row.state)
    return row


async def _decide(session: AsyncSession, row: UnclaimedSum, state: SumState, now: datetime) -> None:
    """What is decided needs the payer's words no more."""
    row.state, row.decided_at, row.words = state, now, b""
    await destroy_keys(session, [row.id])
