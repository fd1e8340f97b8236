"""The only way into the ledger: all transfers of one event, in its transaction."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import LedgerGroup
from models.values.ledger import Transfer, TransferKind
from proof.ledger import HASH, transfers_hash
from runtime.record.journal import id_from

OPEN = text("""
INSERT INTO ledger_account (renovation_id, kind, name, never_negative)
SELECT CAST(:case AS varchar), kind, name, kind = 'escrow'
FROM unnest(CAST(:kinds AS text[]), CAST(:names AS text[])) AS new (kind, name)
WHERE NOT EXISTS (SELECT 1 FROM ledger_account a
  WHERE a.renovation_id = CAST(:case AS varchar) AND a.kind = new.kind AND a.name = new.name)
ORDER BY kind, name
ON CONFLICT (renovation_id, kind, name) DO NOTHING
""")
BOOK = text("""
INSERT INTO ledger_transfer (id, command_id, number, from_id, to_id, amount_fen, kind, phase,
  pending_id, reverses_id, expires_at, certificate_id, passed, event_at)
SELECT new.id, :command, new.number,
  (SELECT s.id FROM ledger_account s
    WHERE s.renovation_id = :case AND s.kind = new.from_kind AND s.name = new.from_name),
  (SELECT t.id FROM ledger_account t
    WHERE t.renovation_id = :case AND t.kind = new.to_kind AND t.name = new.to_name),
  new.amount_fen, new.kind, new.phase, new.pending_id, new.reverses_id, new.expires_at, new.certificate_id,
  new.passed, :moment
FROM unnest(CAST(:ids AS text[]), CAST(:from_kinds AS text[]), CAST(:from_names AS text[]),
  CAST(:to_kinds AS text[]), CAST(:to_names AS text[]), CAST(:amounts AS bigint[]),
  CAST(:transfer_kinds AS text[]), CAST(:phases AS text[]), CAST(:pending AS text[]),
  CAST(:reverses AS text[]), CAST(:expires AS timestamptz[]), CAST(:certificates AS text[]),
  CAST(:passed AS boolean[]))
WITH ORDINALITY AS new (id, from_kind, from_name, to_kind, to_name, amount_fen, kind, phase, pending_id,
  reverses_id, expires_at, certificate_id, passed, number)
""")
"""Each account is looked up by its unique index: joined, without statistics, all of a case are read for each."""


def key_of(renovation_id: str, command_id: str) -> str:
    """The first part of the ids of an event's transfers: the same command names the same ones."""
    return f"{renovation_id}.{id_from(command_id)}"


async def book(
    session: AsyncSession,
    renovation_id: str,
    command_id: str,
    event_at: datetime,
    transfers: Sequence[Transfer],
) -> dict[str, JsonValue]:
    """Write the transfers of the event that the command writes; accounts are opened as they are named.

    Returns what the event says of them: their hash, so that the record answers for the ledger.

    The database refuses at once what breaks a limit, and at the commit a group without its event.

    Raises:
        IntegrityError: a transfer's id is taken, an account would go below its limit, money for works
            without a passed inspection, a wrong decision or reversal.
    """
    if not transfers:
        return {}
    await session.flush()
    accounts = sorted(
        {each for one in transfers for each in (one.source, one.target)},
        key=lambda account: account.code,
    )
    opened = {"kinds": [a.kind.value for a in accounts], "names": [a.name for a in accounts]}
    await session.execute(OPEN, {"case": renovation_id, **opened})
    session.add(
        LedgerGroup(command_id=command_id, renovation_id=renovation_id, transfers=len(transfers))
    )
    await session.flush()
    where = {"case": renovation_id, "command": command_id, "moment": event_at}
    await session.execute(BOOK, {**where, **_columns(transfers)})
    return {HASH: transfers_hash(transfers)}


def _columns(transfers: Sequence[Transfer]) -> dict[str, object]:
    return {
        "ids": [each.id for each in transfers],
        "from_kinds": [each.source.kind.value for each in transfers],
        "from_names": [each.source.name for each in transfers],
        "to_kinds": [each.target.kind.value for each in transfers],
        "to_names": [each.target.name for each in transfers],
        "amounts": [each.amount_fen for each in transfers],
        "transfer_kinds": [each.kind.value for each in transfers],
        "phases": [each.phase.value for each in transfers],
        "pending": [each.pending_id for each in transfers],
        "reverses": [each.reverses_id for each in transfers],
        "expires": [each.expires_at for each in transfers],
        "certificates": [each.certificate_id for each in transfers],
        "passed": [True if each.kind is TransferKind.WORKS else None for each in transfers],
    }
