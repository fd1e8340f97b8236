"""What comes in from homes that have joined an item later (E19): their neighbours are credited, the item is theirs to use."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.command import Command
from models.tables import LedgerAccount as Account
from models.values.ledger import AccountKind
from runtime.ledger.payments import NewPayment
from runtime.ledger.refunds import order_credits
from runtime.outbox import notice_of
from service.reading.reasons import load_awaited
from service.situation import Situation


async def credit_on(
    session: AsyncSession,
    situation: Situation,
    key: str,
    now: datetime,
    rows: Sequence[NewPayment],
    joined: Collection[str],
) -> None:
    """Once a home that has joined has paid, what it leaves over goes back to those who paid before (rules 2.5).

    `joined` are all that have; `rows` are the payments of this write, which are not booked yet.
    """
    came_fen: Counter[str] = Counter()
    for each in rows:
        if each.unit_number in joined:
            came_fen[each.unit_number] += each.amount_fen
    if not came_fen:
        return
    found = await session.execute(
        select(Account.name, Account.balance_fen).where(
            Account.renovation_id == situation.id,
            Account.kind == AccountKind.HOUSEHOLD,
            Account.name.in_(joined),
        )
    )
    before = {unit: int(fen) for unit, fen in found}
    owing = {unit for unit, fen in before.items() if fen > came_fen[unit]}
    paid = sorted(unit for unit in came_fen if before.get(unit, 0) > 0 and unit not in owing)
    if not paid:
        return
    awaited = await load_awaited(session, situation, owing) if owing else {}
    await order_credits(session, situation.id, awaited)
    command = Command(command_id=key, renovation_id=situation.id)
    for unit in paid:
        session.add(notice_of(command, "committee", "joined_paid", {"unit": unit}, now))
        only: dict[str, JsonValue] = {"unit": unit, "only": [unit]}
        session.add(notice_of(command, "units", "joined_paid", only, now))
