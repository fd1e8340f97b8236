"""The ledger of a case: its accounts, and transfers between two of them, in fen.

A transfer takes its amount from one account and gives it to another, so that the balances of a case
sum to zero at every moment. A balance is what came to an account less what left it: what the escrow
holds and what a household owes are above zero, what is owed to a contractor is below.
"""

from datetime import datetime
from enum import StrEnum

from pydantic import Field, model_validator

from models.values.base import Value


class AccountKind(StrEnum):
    """Whose an account is, or what it is for."""

    ESCROW = "escrow"
    """The dedicated account of the case (专户): the money that is there. Never below zero."""
    PROJECT = "project"
    """What the works cost less what is charged for them; zero when both are the same."""
    HOUSEHOLD = "household"
    """What a unit owes; below zero it has a credit. Named by the unit's number."""
    FUND = "fund"
    """The maintenance fund (维修资金), which pays or owes in a household's place."""
    SUBSIDY = "subsidy"
    OPERATOR = "operator"
    DEVELOPER = "developer"
    SOCIAL_CAPITAL = "social_capital"
    PUBLIC_REVENUE = "public_revenue"
    RELIEF = "relief"
    """Whoever takes over a household's debt because of hardship owes it."""
    POOL = "pool"
    """The neighbours' mutual aid (邻里互助)."""
    CONTRACTOR = "contractor"
    """Below zero it is owed for certified work. Named by its contract."""
    RETENTION = "retention"
    """What is kept back of a contract (质量保证金), owed later."""
    BOND = "bond"
    """What the guarantor of a contract owes once the performance bond is called."""
    WAGES = "wages"
    """What was paid in wages ahead of what is certified. Named by its contract."""
    SUSPENSE = "suspense"
    """What came in and nobody knows for whom."""


class TransferKind(StrEnum):
    """Why something moves."""

    CHARGE = "charge"
    """A household's share, or what is taken off it."""
    PROMISE = "promise"
    """What others are to pay by the money plan; it is owed, not there."""
    PAYMENT = "payment"
    """Money comes in."""
    TAKEN_OVER = "taken_over"
    """Somebody else owes or pays what a household owed."""
    CERTIFIED = "certified"
    """Accepted or measured work is owed to the contractor."""
    RETAINED = "retained"
    DAMAGES = "damages"
    """Owed to a contractor that is not at fault."""
    BOND_CALLED = "bond_called"
    GAIN = "gain"
    """What performance bonds have brought above all that the works have cost; whoever would have carried it has it."""
    WORKS = "works"
    """Money goes out for an item that has passed its inspection."""
    MEASURED = "measured"
    """Money goes out for work of a terminated contract, as the supervising engineer measured it."""
    RETENTION = "retention"
    """Money goes out for what was kept back, once its release is decided."""
    WITHHELD = "withheld"
    """Of what was kept back, what the contractor does not get: the works cost less by that."""
    WAGES = "wages"
    """Money goes out in wages, or what went out is taken off what the contractor is owed."""
    COMPENSATION = "compensation"
    """Money goes out for damages that the settlement of a contract found."""
    LATE_FEE = "late_fee"
    """A home owes the owners together a fee for paying late, or owes it no longer."""
    REFUND = "refund"
    REVERSAL = "reversal"


class Phase(StrEnum):
    """Whether a transfer moves money, holds it, or decides on one that holds it."""

    POSTED = "posted"
    PENDING = "pending"
    """Held: it can be spent on nothing else until it is posted, void or its time is over."""
    POST = "post"
    """Of a pending one, in full or in part; the rest is free again."""
    VOID = "void"
    EXPIRED = "expired"


class Unmatched(StrEnum):
    """Why a sum on a statement is for no unit."""

    NO_UNIT = "no_unit"
    SEVERAL_UNITS = "several_units"
    """It names several, and is not what they owe together."""


class SumState(StrEnum):
    """What has become of a sum that was for no unit."""

    OPEN = "open"
    ASSIGNED = "assigned"
    RETURNED = "returned"
    """It went back to whoever paid it."""


class LedgerAccount(Value):
    """One account of a case; those of which a case has several are told apart by a name."""

    kind: AccountKind
    name: str = Field(default="", max_length=64)

    @property
    def code(self) -> str:
        """How it is written: `household/3-2-501`, `escrow`."""
        return f"{self.kind}/{self.name}" if self.name else self.kind.value


PAYERS = (
    AccountKind.FUND,
    AccountKind.SUBSIDY,
    AccountKind.OPERATOR,
    AccountKind.DEVELOPER,
    AccountKind.SOCIAL_CAPITAL,
    AccountKind.PUBLIC_REVENUE,
    AccountKind.RELIEF,
    AccountKind.POOL,
)
"""Who pays beside the households: what the money plan gives them, or what they took over."""
ESCROW = LedgerAccount(kind=AccountKind.ESCROW)
PROJECT = LedgerAccount(kind=AccountKind.PROJECT)
LATE_FEES = LedgerAccount(kind=AccountKind.PUBLIC_REVENUE)
"""What late fees bring is revenue of all owners (公共收益, Civil Code art. 282); nothing of the money plan has no name."""


def household(unit_number: str) -> LedgerAccount:
    """The account of a unit."""
    return LedgerAccount(kind=AccountKind.HOUSEHOLD, name=unit_number)


def account_named(code: str) -> LedgerAccount:
    """The account that is written so.

    Raises:
        ValueError: there is no such kind.
    """
    kind, _, name = code.partition("/")
    return LedgerAccount(kind=AccountKind(kind), name=name)


class Transfer(Value):
    """`amount_fen` leaves `source` and comes to `target`; it is never changed, and its id never used again."""

    id: str = Field(min_length=1, max_length=200)
    source: LedgerAccount
    target: LedgerAccount
    amount_fen: int = Field(gt=0)
    kind: TransferKind
    phase: Phase = Phase.POSTED
    pending_id: str | None = None
    """Of the pending transfer on which this one decides."""
    reverses_id: str | None = None
    """Of the transfer that this one takes back, whole."""
    expires_at: datetime | None = None
    """Of a pending one, in case time."""
    certificate_id: str | None = None
    """The certificate under which money goes out for works."""

    @model_validator(mode="after")
    def _fits(self) -> "Transfer":
        if self.source == self.target:
            raise ValueError("a transfer goes from one account to another")
        if (self.phase in (Phase.POST, Phase.VOID, Phase.EXPIRED)) != (self.pending_id is not None):
            raise ValueError("what decides on a pending transfer names it, and nothing else does")
        if self.expires_at is not None and self.phase is not Phase.PENDING:
            raise ValueError("only what is pending has an end")
        return self


class AccountBalance(Value):
    """What stands on an account, and what of it is held by pending transfers."""

    account: LedgerAccount
    balance_fen: int = 0
    held_fen: int = 0
    entries: int = 0

    @property
    def free_fen(self) -> int:
        """What may be spent."""
        return self.balance_fen - self.held_fen
