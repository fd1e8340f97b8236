"""What comes in from homes that have joined an item later (E19): their neighbours are credited, the item is theirs to use."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.command import Command
from models.values.ledger import PAYERS, AccountKind, household
from runtime.ledger.payments import NewPayment
from runtime.ledger.reading import load_balances
from runtime.ledger.refunds import load_owing, order_credits
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
    balances = await load_balances(session, situation.id, AccountKind.HOUSEHOLD, *PAYERS)
    before = {account: each.balance_fen for account, each in balances.items()}
    homes = [household(unit) for unit in sorted(came_fen)]
    after = before | {home: before.get(home, 0) - came_fen[home.name] for home in homes}
    paid = [home.name for home in homes if after[home] <= 0 < before.get(home, 0)]
    if not paid:
        return
    owing = await load_owing(session, situation.id, joined, after)
    awaited = await load_awaited(session, situation, owing) if owing else {}
    await order_credits(session, situation.id, awaited)
    command = Command(command_id=key, renovation_id=situation.id)
    for unit in paid:
        session.add(notice_of(command, "committee", "joined_paid", {"unit": unit}, now))
        only: dict[str, JsonValue] = {"unit": unit, "only": [unit]}
        session.add(notice_of(command, "units", "joined_paid", only, now))
