"""What is owed by a case and what goes out: certified work, retention, damages, refunds.

Owing and paying are two things. Work that is certified is owed at once; money goes out for it only as
far as the escrow holds it, and the rest stays owed.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate

from models.values.base import Value
from models.values.ledger import (
    ESCROW,
    PROJECT,
    AccountKind,
    LedgerAccount,
    Transfer,
    TransferKind,
    household,
)
from rules.cost_sharing.rounding import largest_remainder


class Payable(Value):
    """What may still go out under a contract, in fen, and as what.

    For works and for what was measured by a certificate; damages and a released retention without one.
    """

    kind: TransferKind
    contract_id: str
    amount_fen: int
    certificate_id: str | None = None


def retention(contract_id: str) -> LedgerAccount:
    """What is kept back of a contract."""
    return LedgerAccount(kind=AccountKind.RETENTION, name=contract_id)


def contractor(contract_id: str) -> LedgerAccount:
    """What is owed under a contract."""
    return LedgerAccount(kind=AccountKind.CONTRACTOR, name=contract_id)


def certified(
    certificate_id: str, contract_id: str, payable_fen: int, retention_fen: int
) -> tuple[Transfer, ...]:
    """Accepted work is owed to the contractor, less what is kept back (rules.md 4.2)."""
    kept = retention(contract_id)
    owed = (
        (f"{certificate_id}.owed", contractor(contract_id), payable_fen, TransferKind.CERTIFIED),
        (f"{certificate_id}.kept", kept, retention_fen, TransferKind.RETAINED),
    )
    return tuple(
        Transfer(id=name, source=account, target=PROJECT, amount_fen=fen, kind=kind)
        for name, account, fen, kind in owed
        if fen
    )


def compensated(contract_id: str, damages_fen: int) -> tuple[Transfer, ...]:
    """Damages are owed to a contractor that is not at fault."""
    if not damages_fen:
        return ()
    return (
        Transfer(
            id=f"{contract_id}.damages",
            source=contractor(contract_id),
            target=PROJECT,
            amount_fen=damages_fen,
            kind=TransferKind.DAMAGES,
        ),
    )


def bond_called(contract_id: str, bond_fen: int) -> tuple[Transfer, ...]:
    """The guarantor owes the performance bond; it lowers what the works cost."""
    if not bond_fen:
        return ()
    return (
        Transfer(
            id=f"{contract_id}.bond",
            source=PROJECT,
            target=LedgerAccount(kind=AccountKind.BOND, name=contract_id),
            amount_fen=bond_fen,
            kind=TransferKind.BOND_CALLED,
        ),
    )


def gained(gain_fen: int, carried_fen: Mapping[LedgerAccount, int]) -> dict[LedgerAccount, int]:
    """What performance bonds have brought above all that the works have cost, by what each carries of them.

    A contractor at fault does not get its bond back (Tendering Law art. 60); that what is gained is shared as what is
    lost would be, is [D] after rules 2.6. Empty where nobody carries anything.
    """
    by_code = {account.code: account for account, fen in carried_fen.items() if fen > 0}
    if not (gain_fen and by_code):
        return {}
    parts = largest_remainder(
        gain_fen, {code: carried_fen[account] for code, account in by_code.items()}
    )
    return {by_code[code]: fen for code, fen in parts.items() if fen}


def wages(contract_id: str) -> LedgerAccount:
    """What was paid in wages ahead of what is certified of a contract (农民工工资专用账户)."""
    return LedgerAccount(kind=AccountKind.WAGES, name=contract_id)


def wages_paid(key: str, contract_id: str, paid_fen: int) -> tuple[Transfer, ...]:
    """Money goes out to those who build (rules 4.2, E41)."""
    return _wages(f"{key}.wages", ESCROW, wages(contract_id), paid_fen)


def wages_recovered(key: str, contract_id: str, back_fen: int) -> tuple[Transfer, ...]:
    """What was paid in wages the contractor is owed no more."""
    return _wages(f"{key}.recovered", wages(contract_id), contractor(contract_id), back_fen)


def _wages(
    name: str, source: LedgerAccount, target: LedgerAccount, fen: int
) -> tuple[Transfer, ...]:
    if not fen:
        return ()
    kind = TransferKind.WAGES
    return (Transfer(id=name, source=source, target=target, amount_fen=fen, kind=kind),)


def paid_out(key: str, held_fen: int, owed: Sequence[Payable]) -> tuple[Transfer, ...]:
    """Pay certificates in their order as far as the money goes; the last one in part.

    An item that has passed no inspection is not paid as works: only what the supervising engineer has
    measured of a terminated contract is paid without one (Civil Code art. 806).
    """
    before = [0, *accumulate(each.amount_fen for each in owed)]
    sums = (
        (each, min(each.amount_fen, max(held_fen - spent, 0)))
        for each, spent in zip(owed, before, strict=False)
    )
    return tuple(
        Transfer(
            id=f"{key}.{each.certificate_id or f'{each.contract_id}.{each.kind}'}",
            source=ESCROW,
            target=retention(each.contract_id)
            if each.kind is TransferKind.RETENTION
            else contractor(each.contract_id),
            amount_fen=fen,
            kind=each.kind,
            certificate_id=each.certificate_id,
        )
        for each, fen in sums
        if fen > 0
    )


def withheld(contract_id: str, withheld_fen: int) -> tuple[Transfer, ...]:
    """What of a retention the contractor does not get makes the works cheaper (Civil Code art. 582)."""
    if not withheld_fen:
        return ()
    return (
        Transfer(
            id=f"{contract_id}.withheld",
            source=PROJECT,
            target=retention(contract_id),
            amount_fen=withheld_fen,
            kind=TransferKind.WITHHELD,
        ),
    )


def given_back(
    key: str, unit_number: str, back_fen: int, taken_over_fen: Mapping[LedgerAccount, int]
) -> tuple[Transfer, ...]:
    """What is too much of a debt that others had taken over goes back to them, each in its part (2.6)."""
    by_code = {account.code: account for account in taken_over_fen}
    parts = largest_remainder(
        back_fen, {code: taken_over_fen[account] for code, account in by_code.items()}
    )
    return tuple(
        Transfer(
            id=f"{key}.back.{unit_number}.{code}",
            source=by_code[code],
            target=household(unit_number),
            amount_fen=parts[code],
            kind=TransferKind.TAKEN_OVER,
        )
        for code in sorted(parts)
        if parts[code]
    )


def refunded(key: str, held_fen: int, back: Mapping[LedgerAccount, int]) -> tuple[Transfer, ...]:
    """Pay back; where less is held than is owed, everybody gets the same part of it."""
    by_code = {account.code: account for account in back}
    owed = {code: back[account] for code, account in by_code.items()}
    parts = largest_remainder(min(max(held_fen, 0), sum(owed.values())), owed)
    return tuple(
        Transfer(
            id=f"{key}.refund.{code}",
            source=ESCROW,
            target=by_code[code],
            amount_fen=parts[code],
            kind=TransferKind.REFUND,
        )
        for code in sorted(parts)
        if parts[code]
    )
