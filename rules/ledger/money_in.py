"""What is owed to a case and what comes in: shares, the money plan, payments, relief."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence

from models.values.cost_sharing import FundedItem, FundingSource
from models.values.ledger import (
    ESCROW,
    LATE_FEES,
    PROJECT,
    AccountKind,
    LedgerAccount,
    Transfer,
    TransferKind,
    household,
)

NAME_LENGTH = 64
PAYS_FOR_OTHERS: Mapping[str, AccountKind] = {
    "subsidy": AccountKind.SUBSIDY,
    "fund": AccountKind.FUND,
    "relief": AccountKind.RELIEF,
}
"""By the source of a payment, who takes a household's debt over."""

PROMISES: Mapping[FundingSource, AccountKind] = {
    FundingSource.OPERATOR: AccountKind.OPERATOR,
    FundingSource.DEVELOPER: AccountKind.DEVELOPER,
    FundingSource.SUBSIDY: AccountKind.SUBSIDY,
    FundingSource.SOCIAL_CAPITAL: AccountKind.SOCIAL_CAPITAL,
    FundingSource.PUBLIC_REVENUE: AccountKind.PUBLIC_REVENUE,
    FundingSource.MAINTENANCE_FUND: AccountKind.FUND,
    FundingSource.EXTRA_SUBSIDY: AccountKind.SUBSIDY,
}


def promised_by(funded: Sequence[FundedItem]) -> dict[LedgerAccount, int]:
    """What everybody but the owners is to pay by the money plan, in fen, each by its own account."""
    sums: Counter[LedgerAccount] = Counter()
    for item in funded:
        for part in item.contributions:
            sums[promise_account(part.source, part.funding_id)] += part.amount_fen
    return dict(sums)


def promise_account(source: FundingSource, funding_id: str) -> LedgerAccount:
    """On which account stands what a source of the money plan is to pay."""
    return LedgerAccount(kind=PROMISES[source], name=short_name(funding_id))


def short_name(payer: str) -> str:
    """The name of a payer's account: its own, or a hash of one that is longer than a name may be."""
    return payer if len(payer) <= NAME_LENGTH else hashlib.sha256(payer.encode()).hexdigest()


def charged(
    key: str,
    kind: TransferKind,
    before: Mapping[LedgerAccount, int],
    after: Mapping[LedgerAccount, int],
) -> tuple[Transfer, ...]:
    """Bring what is charged to each account from one sum to another, in fen; nothing where they agree.

    A later computation changes what an earlier one charged: the difference is a transfer of its own,
    so that nothing that was booked is changed.
    """
    accounts = sorted(before.keys() | after.keys(), key=lambda account: account.code)
    return tuple(
        Transfer(
            id=f"{key}.{kind}.{account.code}",
            source=PROJECT if more > 0 else account,
            target=account if more > 0 else PROJECT,
            amount_fen=abs(more),
            kind=kind,
        )
        for account in accounts
        if (more := after.get(account, 0) - before.get(account, 0))
    )


def received(
    payment_id: str, unit_number: str, amount_fen: int, source: str
) -> tuple[Transfer, ...]:
    """Money that came in for a unit: from its household, or from who pays in its place.

    Whoever pays in its place takes the household's debt over first; both happen or none.
    """
    if source == "owner":
        return (_payment(payment_id, household(unit_number), amount_fen),)
    payer = LedgerAccount(kind=PAYS_FOR_OTHERS[source])
    return (
        taken_over(payment_id, unit_number, amount_fen, payer),
        _payment(f"{payment_id}.in", payer, amount_fen),
    )


def taken_over(
    payment_id: str, unit_number: str, amount_fen: int, payer: LedgerAccount
) -> Transfer:
    """Somebody owes in a household's place from now on (E14); no money has come in by that."""
    return Transfer(
        id=payment_id,
        source=household(unit_number),
        target=payer,
        amount_fen=amount_fen,
        kind=TransferKind.TAKEN_OVER,
    )


def late_fee(payment_id: str, unit_number: str, number: int, amount_fen: int) -> Transfer:
    """A home owes the owners together what it has to pay for paying an instalment late; once of each payment."""
    return Transfer(
        id=f"{payment_id}.fee.{number}",
        source=LATE_FEES,
        target=household(unit_number),
        amount_fen=amount_fen,
        kind=TransferKind.LATE_FEE,
    )


def _payment(name: str, payer: LedgerAccount, amount_fen: int) -> Transfer:
    return Transfer(
        id=name, source=payer, target=ESCROW, amount_fen=amount_fen, kind=TransferKind.PAYMENT
    )
