"""What crosses Temporal while a case is in warranty (保修期): the retention, its release, the end of the money."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self

from pydantic import Field

from models.messages.cost_sharing import RefundSheet, Relieved
from models.messages.journey import Answer, Ticked
from models.messages.progress import Progress
from models.messages.publication import PublicationClosing


class WarrantyPhase(StrEnum):
    """What the warranty waits for."""

    PREPARING = "preparing"
    LIABILITY = "liability"
    RELEASE = "release"
    FINISHED = "finished"


class WarrantyPeriod(Ticked):
    """Until when the contractors answer for defects, and of how many contracts something is kept back.

    Of a case that has `stopped` the sheet of refunds is the account of the works.
    """

    liability_until: datetime
    kept: int = Field(ge=0)
    stopped: bool = False


class LiabilityOver(Answer):
    """The time of the defect liability is over: what is kept back is due."""


class RetentionDecided(Answer):
    """What becomes of one contract's retention was decided; of so many it is still to be."""

    left: int = Field(ge=0)

    withheld_fen: int = Field(default=0, ge=0)


class WarrantyOutcome(Answer):
    """Whether every account of the case is settled; with it the warranty ends."""

    settled: bool = True


class WarrantyProgress(Progress):
    """How far the end of the money has come; `kept` counts the contracts whose retention is undecided.

    `drawn` counts the accounts that were drawn, `ordered` those whose refunds were ordered; `published` says
    that the last one has been posted. `looks` counts the looks at accounts that were not settled.
    """

    ANSWERS: ClassVar[Mapping[str, type[Answer]]] = {
        "warranty.begun": WarrantyPeriod,
        "warranty.liability_over": LiabilityOver,
        "warranty.retention_released": RetentionDecided,
        "warranty.account_drawn": RefundSheet,
        "warranty.refunds_ordered": RefundSheet,
        "cost_sharing.relief_approved": Relieved,
        "warranty.accounts_awaited": WarrantyOutcome,
        "warranty.ended": WarrantyOutcome,
    }

    period: WarrantyPeriod | None = None
    due: bool = False
    """The liability is over: what is kept back is to be released."""
    kept: int = 0
    withheld: bool = False
    drawn: int = 0
    published: bool = False
    ordered: int = 0
    looks: int = 0
    settled: bool = False
    """The service has said that the last account is settled; the record has the money."""
    outcome: WarrantyOutcome | None = None

    @property
    def phase(self) -> WarrantyPhase:
        """What it waits for now."""
        if self.outcome is not None:
            return WarrantyPhase.FINISHED
        if self.period is None:
            return WarrantyPhase.PREPARING
        if self.kept and not self.due:
            return WarrantyPhase.LIABILITY
        return WarrantyPhase.RELEASE if self.kept else WarrantyPhase.FINISHED

    @property
    def account_due(self) -> bool:
        """Whether the account is to be drawn, or drawn again because something was withheld since."""
        return self.drawn == 0 or (self.drawn == 1 and self.withheld)

    def moved(self, step: str, answer: Answer) -> Self:
        """The liability begins and ends, and contract by contract the retention is decided on."""
        now: dict[str, object] = {}
        match answer:
            case WarrantyPeriod():
                done = {"drawn": 1, "ordered": 1, "published": True} if answer.stopped else {}
                now = {"period": answer, "kept": answer.kept, **done}
            case LiabilityOver():
                now = {"due": True}
            case RetentionDecided():
                now = {"kept": answer.left, "withheld": self.withheld or answer.withheld_fen > 0}
            case RefundSheet() if step == "warranty.account_drawn":
                now = {"drawn": self.drawn + 1, "published": False}
            case RefundSheet():
                now = {"ordered": self.drawn}
            case PublicationClosing():
                now = {"published": True}
            case WarrantyOutcome(settled=True):
                now = {"outcome": answer}
            case WarrantyOutcome():
                now = {"looks": self.looks + 1}
        return self.model_copy(update=now)
