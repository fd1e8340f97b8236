"""Money moves in a test: through the journal, as the product does it, or by hand as one of the roles."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.acts import Done
from models.values.ledger import (
    ESCROW,
    PROJECT,
    AccountKind,
    LedgerAccount,
    Phase,
    Transfer,
    TransferKind,
    household,
)
from runtime.addresses import asyncpg_url
from runtime.database import Database
from runtime.ledger.booking import book
from runtime.ledger.reading import load_balances
from runtime.record.journal import Journal, Recorded
from tests.support.money import command

CONTRACTOR = LedgerAccount(kind=AccountKind.CONTRACTOR, name="k1")


def paid(name: str, unit: str, fen: int) -> Transfer:
    """A household pays."""
    return moved(name, household(unit), ESCROW, fen, TransferKind.PAYMENT)


def moved(
    name: str,
    source: LedgerAccount,
    target: LedgerAccount,
    fen: int,
    kind: TransferKind = TransferKind.CHARGE,
    phase: Phase = Phase.POSTED,
    **more: Any,
) -> Transfer:
    """A transfer of any kind."""
    return Transfer(
        id=name, source=source, target=target, amount_fen=fen, kind=kind, phase=phase, **more
    )


async def move(database: Database, rid: str, name: str, *transfers: Transfer) -> Done:
    """An event of the case and what it moves."""
    key = command(rid, name)

    async def inside(session: AsyncSession, now: datetime) -> Recorded[Done]:
        said = await book(session, rid, key.command_id, now, transfers)
        return Recorded(Done(command_id=key.command_id, kind="test.moved"), said)

    return await Journal(database).record(key, "test.moved", None, inside, Done)


async def fen_by_code(database: Database, rid: str) -> dict[str, tuple[int, int]]:
    """What stands on the accounts of a case and what of it is held, by their codes."""
    async with database.session() as session:
        found = await load_balances(session, rid)
    return {a.code: (each.balance_fen, each.held_fen) for a, each in found.items()}


@asynccontextmanager
async def hand(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of one role."""
    connection = await asyncpg.connect(asyncpg_url(url))
    try:
        yield connection
    finally:
        await connection.close()


Words = Callable[..., str]
ACCOUNT = (
    "(SELECT id FROM ledger_account WHERE renovation_id = '{0}' AND kind = '{1}' AND name = '{2}')"
)


def insert(rid: str, command_id: str, *rows: dict[str, Any]) -> str:
    """The statement that writes transfers by hand; accounts are named by (kind, name)."""
    values = [
        "({})".format(
            ", ".join(
                (
                    _text(row["id"]),
                    _text(f"{rid}#{command_id}"),
                    str(row.get("number", number)),
                    ACCOUNT.format(row.get("of", rid), *row["source"]),
                    ACCOUNT.format(rid, *row["target"]),
                    str(row["fen"]),
                    _text(row.get("kind", "charge")),
                    _text(row.get("phase", "posted")),
                    _text(row.get("pending")),
                    _text(row.get("reverses")),
                    _text(row.get("certificate")),
                    str(row.get("passed", "NULL")),
                    "now()",
                )
            )
        )
        for number, row in enumerate(rows, start=1)
    ]
    return (
        "INSERT INTO ledger_transfer (id, command_id, number, from_id, to_id, amount_fen, kind, phase,"
        f" pending_id, reverses_id, certificate_id, passed, event_at) VALUES {', '.join(values)}"
    )


def _text(word: str | None) -> str:
    return "NULL" if word is None else f"'{word}'"


__all__ = [
    "CONTRACTOR",
    "ESCROW",
    "PROJECT",
    "fen_by_code",
    "hand",
    "insert",
    "move",
    "moved",
    "paid",
]
