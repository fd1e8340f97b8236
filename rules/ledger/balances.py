"""Every balance again from the transfers alone."""

from collections.abc import Iterable, Mapping, Sequence

from models.values.ledger import AccountBalance, LedgerAccount, Phase, Transfer
from models.values.refusal import refusal

MOVES = (Phase.POSTED, Phase.POST)
"""In these phases money leaves one account and comes to the other."""


def posted(transfers: Iterable[Transfer]) -> dict[LedgerAccount, AccountBalance]:
    """The balance of every account that the transfers name, whatever their order.

    Refused: a decision on what is not pending, or on one that is decided; a transfer that is taken
    back twice, or of which another sum is taken back; an id twice.
    """
    known: dict[str, Transfer] = {}
    for transfer in transfers:
        if transfer.id in known:
            raise refusal("ledger.transfer_twice", where=transfer.id)
        known[transfer.id] = transfer
    _refuse_wrong_links(known)
    sums: dict[LedgerAccount, list[int]] = {}
    for transfer in known.values():
        source, target = (
            sums.setdefault(account, [0, 0, 0]) for account in (transfer.source, transfer.target)
        )
        if transfer.phase in MOVES:
            for side, fen in ((source, -transfer.amount_fen), (target, transfer.amount_fen)):
                side[0] += fen
                side[2] += 1
        if transfer.phase is Phase.PENDING:
            source[1] += transfer.amount_fen
        elif transfer.pending_id is not None:
            source[1] -= known[transfer.pending_id].amount_fen
    return {
        account: AccountBalance(account=account, balance_fen=fen, held_fen=held, entries=entries)
        for account, (fen, held, entries) in sums.items()
    }


def sum_fen(balances: Iterable[AccountBalance]) -> int:
    """The sum of all balances of a case: zero, always."""
    return sum(each.balance_fen for each in balances)


def left_after(
    open_fen: Mapping[LedgerAccount, int], transfers: Sequence[Transfer]
) -> dict[LedgerAccount, int]:
    """What stands on the accounts that are not settled once these transfers are booked."""
    left = dict(open_fen)
    for transfer in transfers:
        left[transfer.source] = left.get(transfer.source, 0) - transfer.amount_fen
        left[transfer.target] = left.get(transfer.target, 0) + transfer.amount_fen
    return {account: fen for account, fen in left.items() if fen}


def _refuse_wrong_links(known: Mapping[str, Transfer]) -> None:
    decided: set[str] = set()
    for transfer in known.values():
        other = transfer.pending_id or transfer.reverses_id
        if other is None:
            continue
        first = known.get(other)
        taken_back = transfer.reverses_id is not None
        fits = first is not None and (_reverses if taken_back else _decides)(transfer, first)
        if not fits or other in decided:
            raise refusal("ledger.link_wrong", where=transfer.id, other=other)
        decided.add(other)


def _decides(transfer: Transfer, pending: Transfer) -> bool:
    whole = transfer.amount_fen == pending.amount_fen
    return (
        pending.phase is Phase.PENDING
        and (transfer.source, transfer.target) == (pending.source, pending.target)
        and transfer.amount_fen <= pending.amount_fen
        and (whole or transfer.phase is Phase.POST)
    )


def _reverses(transfer: Transfer, first: Transfer) -> bool:
    return (
        first.phase in MOVES
        and first.reverses_id is None
        and (transfer.source, transfer.target) == (first.target, first.source)
        and transfer.amount_fen == first.amount_fen
    )
