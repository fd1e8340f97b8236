"""Sums of bank statements that are for no unit that anybody knows (待认领款项): kept, and shown to who decides."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import UnclaimedSum
from models.values.actor import Actor
from models.values.ledger import SumState, Unmatched
from rules.ledger.matching import StatementSum
from rules.ledger.unclaimed import unclaimed
from runtime.ledger.booking import book
from runtime.privacy.keys import PersonKeys, keys_for, open_all, seal
from runtime.settings import Settings
from service.bodies import CommandBody
from service.ledger.bodies import UnclaimedView
from service.parts import Parts
from service.recording import Details, accept
from service.residents.payments import load_booked_references, payment_id, refuse_nothing_due
from service.situation import Situation

KEPT = "cost_sharing.sums_unclaimed"


async def keep_unclaimed(
    parts: Parts, situation: Situation, actor: Actor, command_id: str, sums: Sequence[StatementSum]
) -> None:
    """Keep sums for which nobody is known: the money is in the escrow, and held.

    Raises:
        Refused: `cost_sharing.nothing_due`.
    """
    command = CommandBody(command_id=command_id)

    async def change(session: AsyncSession, now: datetime, key: str) -> tuple[str, Details]:
        await refuse_nothing_due(session, situation)
        # Another statement, or a report, may have told of them since they were looked at.
        told = [each.reference for each in sums]
        before = {
            *await load_kept(session, situation, told),
            *await load_booked_references(session, situation.id, told),
        }
        new = {sum_id(situation, each): each for each in sums if each.reference not in before}
        keys = await keys_for(session, PersonKeys.of(parts.settings), new)
        rows = [
            {
                "id": name,
                "renovation_id": situation.id,
                "reference": each.reference,
                "booked_on": each.booked_on,
                "amount_fen": each.amount_fen,
                "why": each.why,
                "words": seal(keys[name], name, json.dumps([each.payer, each.memo])),
                "command_id": key,
                "opened_at": now,
            }
            for name, each in new.items()
        ]
        if rows:
            await session.execute(insert(UnclaimedSum), rows)
        transfers = [one for name, each in new.items() for one in unclaimed(name, each.amount_fen)]
        booked = await book(session, situation.id, key, now, transfers)
        total = sum(each.amount_fen for each in new.values())
        return command_id, {"sums": len(new), "total_fen": total, **booked}

    await accept(parts.journal, situation, actor, command, KEPT, change)


def sum_id(situation: Situation, one: StatementSum) -> str:
    """The id of a sum: the same in whatever statement it comes."""
    name = payment_id(situation.id, one.reference)
    return f"{situation.id}.u{name.removeprefix(f'{situation.id}.p')}"


async def load_kept(
    session: AsyncSession, situation: Situation, references: Collection[str]
) -> dict[str, SumState]:
    """Those of the references that were for no unit before, and what became of them."""
    rows = await session.execute(
        select(UnclaimedSum.reference, UnclaimedSum.state).where(
            UnclaimedSum.renovation_id == situation.id, UnclaimedSum.reference.in_(references)
        )
    )
    return {reference: SumState(state) for reference, state in rows}


async def list_unclaimed(
    session: AsyncSession, settings: Settings, situation: Situation
) -> tuple[UnclaimedView, ...]:
    """The sums of a case in the order in which they were kept."""
    rows = (
        await session.scalars(
            select(UnclaimedSum)
            .where(UnclaimedSum.renovation_id == situation.id)
            .order_by(UnclaimedSum.opened_at, UnclaimedSum.id)
        )
    ).all()
    sealed = {row.id: row.words for row in rows if row.state == SumState.OPEN}
    opened = await open_all(session, PersonKeys.of(settings), sealed)
    return tuple(_view(row, opened.get(row.id, "")) for row in rows)


async def count_open(session: AsyncSession, situation: Situation) -> int:
    """How many sums of a case nobody has decided on."""
    query = select(func.count()).where(
        UnclaimedSum.renovation_id == situation.id, UnclaimedSum.state == SumState.OPEN
    )
    return await session.scalar(query) or 0


def _view(row: UnclaimedSum, words: str) -> UnclaimedView:
    payer, memo = json.loads(words) if words else ("", "")
    return UnclaimedView(
        id=row.id,
        reference=row.reference,
        booked_on=row.booked_on,
        amount_fen=row.amount_fen,
        why=Unmatched(row.why),
        state=SumState(row.state),
        opened_at=row.opened_at,
        decided_at=row.decided_at,
        payer=payer,
        memo=memo,
    )
