"""The official acts on a whole renovation: stop it, halt it, put its record right."""

from datetime import date
from typing import Literal

from pydantic import Field

from models.messages.acts.stages import Act
from models.values.actor import AddedOfficial, Role
from models.values.states import Annuller, SuspensionGround


class CancelRenovation(Act):
    """Stop the renovation: make safe, settle, refund, publish."""

    name = "cancel_renovation"
    target = "renovation"
    reason: str = Field(min_length=1, max_length=2000)


class CutSubsidy(Act):
    """A public subsidy pays less than it has promised (E15); `funding` is its id in the scheme."""

    name = "cut_subsidy"
    target = "renovation"
    funding: str
    amount_fen: int = Field(gt=0)
    document: str = ""
    reason: str = Field(min_length=1, max_length=2000)


class JoinLate(Act):
    """A home that does not pay for an item joins it later (E19); `document` is its signed application."""

    name = "join_late"
    target = "renovation"
    unit_number: str
    item: str
    document: str = Field(min_length=1, max_length=200)
    reason: str = Field(min_length=1, max_length=2000)


class BlockPayments(Act):
    """No money goes out any more but wages: the signatories have changed, or the account is frozen (E17)."""

    name = "block_payments"
    target = "renovation"
    ground: Literal["signatories", "frozen"]
    document: str = ""
    reason: str = Field(min_length=1, max_length=2000)


class UnblockPayments(Act):
    """The mandate of the account is signed again, or the account is free: what is owed goes out."""

    name = "unblock_payments"
    target = "renovation"
    document: str = Field(min_length=1, max_length=200)
    """The bank's word, or the new mandate."""
    reason: str = Field(min_length=1, max_length=2000)


class CorrectRenovation(Act):
    """Correct a small thing of an open case: what changes nobody's right and no money.

    What is empty stays as it is. `labels` are new names of officials by their ids; `officials` are
    those whom the opening left out: a bank, an engineer, a bidder.
    """

    name = "correct_renovation"
    target = "renovation"
    title: str = ""
    estate: str = ""
    ends_on: date | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    officials: tuple[AddedOfficial, ...] = ()
    reason: str = Field(min_length=1, max_length=2000)


class SuspendRenovation(Act):
    """Let the procedure stand still, its periods with it (E6); `document` is the order or the suit."""

    name = "suspend_renovation"
    target = "renovation"
    ground: SuspensionGround
    document: str = ""
    reason: str = Field(min_length=1, max_length=2000)


class ResumeRenovation(Act):
    """Let it go on: each period that ran has the time left that it had."""

    name = "resume_renovation"
    target = "renovation"
    reason: str = Field(min_length=1, max_length=2000)


class ExtendPeriod(Act):
    """Give more time for what is awaited or posted now: `what` and `subject` are its line of the agenda."""

    name = "extend_period"
    target = "renovation"
    what: str
    subject: str = ""
    days: int = Field(ge=1, le=365)
    reason: str = Field(min_length=1, max_length=2000)


class OrderCorrection(Act):
    """Order that what event `event` of the record did is put right within so many days."""

    name = "order_correction"
    target = "renovation"
    addressee: Role
    event: int = Field(ge=1)
    days: int = Field(ge=1, le=365)
    document: str = ""
    reason: str = Field(min_length=1, max_length=2000)


class ReportCorrected(Act):
    """Say that it was put right, and how: by whom the order addresses."""

    name = "report_corrected"
    target = "renovation"
    order_id: str
    report: str = Field(min_length=1, max_length=4000)


class LiftCorrection(Act):
    """Take an order of correction back."""

    name = "lift_correction"
    target = "renovation"
    order_id: str
    reason: str = Field(min_length=1, max_length=2000)


class AnnulVote(Act):
    """Annul what the owners have adopted, before there is a contract (E6); `document` is the judgment or decision.

    What followed from it is undone, money goes back, and a revised scheme may be put to another vote.
    """

    name = "annul_vote"
    target = "renovation"
    annulled_by: Annuller
    document: str = Field(min_length=1, max_length=200)
    reason: str = Field(min_length=1, max_length=2000)


class ReassignAct(Act):
    """Have an act done by another one of those who may: from now on `role` is awaited, and has the full time."""

    name = "reassign_act"
    target = "renovation"
    act: str
    subject: str = ""
    role: Role
    reason: str = Field(min_length=1, max_length=2000)
