"""Money that came in and nobody knows for whom: it is there, and held, until it has an owner or goes back."""

from models.values.ledger import (
    ESCROW,
    AccountKind,
    LedgerAccount,
    Phase,
    Transfer,
    TransferKind,
)

SUSPENSE = LedgerAccount(kind=AccountKind.SUSPENSE)


def unclaimed(sum_id: str, amount_fen: int) -> tuple[Transfer, ...]:
    """A sum without an owner comes in, and what would send it back is pending: nothing is paid of it."""
    came_in = Transfer(
        id=sum_id,
        source=SUSPENSE,
        target=ESCROW,
        amount_fen=amount_fen,
        kind=TransferKind.PAYMENT,
    )
    held = Transfer(
        id=_held(sum_id),
        source=ESCROW,
        target=SUSPENSE,
        amount_fen=amount_fen,
        kind=TransferKind.REFUND,
        phase=Phase.PENDING,
    )
    return came_in, held


def claimed(sum_id: str, amount_fen: int) -> tuple[Transfer, ...]:
    """It has an owner: it is free, and taken back, so that the payments of its units stand in its place."""
    taken_back = Transfer(
        id=f"{sum_id}.back",
        source=ESCROW,
        target=SUSPENSE,
        amount_fen=amount_fen,
        kind=TransferKind.REVERSAL,
        reverses_id=sum_id,
    )
    return _decided(sum_id, amount_fen, Phase.VOID), taken_back


def sent_back(sum_id: str, amount_fen: int) -> tuple[Transfer, ...]:
    """It goes back to whoever paid it: what was pending is posted."""
    return (_decided(sum_id, amount_fen, Phase.POST),)


def _held(sum_id: str) -> str:
    return f"{sum_id}.held"


def _decided(sum_id: str, amount_fen: int, phase: Phase) -> Transfer:
    return Transfer(
        id=f"{sum_id}.{phase}",
        source=ESCROW,
        target=SUSPENSE,
        amount_fen=amount_fen,
        kind=TransferKind.REFUND,
        phase=phase,
        pending_id=_held(sum_id),
    )
