"""The committee's list of what is due, read from the database of the stack."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cli.demo.driver import Charge, Owed
from models.tables import Instalment, LedgerAccount
from models.values.ledger import AccountKind
from runtime.database import Database


class DatabaseDueList:
    """What the committee exports for the bank: each unit and its first instalment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def charges(self, renovation_id: str) -> tuple[Charge, ...]:
        """Every unit's first instalment that is above zero, by unit."""
        query = (
            select(Instalment.unit_number, Instalment.amount_fen)
            .where(
                Instalment.renovation_id == renovation_id,
                Instalment.number == 1,
                Instalment.amount_fen > 0,
            )
            .order_by(Instalment.unit_number)
        )

        async def read(session: AsyncSession) -> tuple[Charge, ...]:
            rows = await session.execute(query)
            return tuple(Charge(unit_number=unit, amount_fen=amount) for unit, amount in rows)

        # In a transaction, because that one waits for a server that is away.
        return await self._database.transaction(read)

    async def due(self, renovation_id: str, now: datetime) -> tuple[Charge, ...]:
        """What every unit owes by its account beyond what falls due later, by unit."""
        later = (
            select(Instalment.unit_number, func.sum(Instalment.amount_fen).label("fen"))
            .where(Instalment.renovation_id == renovation_id, Instalment.due_at > now)
            .group_by(Instalment.unit_number)
            .subquery()
        )
        due = LedgerAccount.balance_fen - func.coalesce(later.c.fen, 0)
        query = (
            select(LedgerAccount.name, due)
            .outerjoin(later, later.c.unit_number == LedgerAccount.name)
            .where(
                LedgerAccount.renovation_id == renovation_id,
                LedgerAccount.kind == AccountKind.HOUSEHOLD,
                due > 0,
            )
            .order_by(LedgerAccount.name)
        )

        async def read(session: AsyncSession) -> tuple[Charge, ...]:
            rows = await session.execute(query)
            return tuple(Charge(unit_number=unit, amount_fen=int(fen)) for unit, fen in rows)

        return await self._database.transaction(read)

    async def owed(self, renovation_id: str) -> tuple[Owed, ...]:
        """What stands above zero on the accounts of households and of those who pay beside them."""
        ours = (AccountKind.ESCROW, AccountKind.PROJECT)
        query = (
            select(LedgerAccount.kind, LedgerAccount.name, LedgerAccount.balance_fen)
            .where(
                LedgerAccount.renovation_id == renovation_id,
                LedgerAccount.balance_fen > 0,
                LedgerAccount.kind.not_in(ours),
            )
            .order_by(LedgerAccount.kind, LedgerAccount.name)
        )

        async def read(session: AsyncSession) -> tuple[Owed, ...]:
            rows = await session.execute(query)
            return tuple(Owed(kind=kind, name=name, amount_fen=fen) for kind, name, fen in rows)

        return await self._database.transaction(read)
