"""What crosses Temporal while a case is in warranty (保修期): the retention, its release, the end of the money."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self

from pydantic import Field

from models.messages.journey import Answer, Ticked
from models.messages.progress import Progress


class WarrantyPhase(StrEnum):
    """What the warranty waits for."""

    PREPARING = "preparing"
    LIABILITY = "liability"
    RELEASE = "release"
    FINISHED = "finished"


class WarrantyPeriod(Ticked):
    """Until when the contractors answer for defects, and of how many contracts something is kept back."""

    liability_until: datetime
    kept: int = Field(ge=0)


class LiabilityOver(Answer):
    """The time of the defect liability is over: what is kept back is due."""


class RetentionDecided(Answer):
    """What becomes of one contract's retention was decided; of so many it is still to be."""

    left: int = Field(ge=0)


class WarrantyOutcome(Answer):
    """Nothing is kept back any more."""

    contracts: int = Field(default=0, ge=0)


class WarrantyProgress(Progress):
    """How far the end of the money has come; `kept` counts the contracts whose retention is undecided."""

    ANSWERS: ClassVar[Mapping[str, type[Answer]]] = {
        "warranty.begun": WarrantyPeriod,
        "warranty.liability_over": LiabilityOver,
        "warranty.retention_released": RetentionDecided,
        "warranty.ended": WarrantyOutcome,
    }

    period: WarrantyPeriod | None = None
    due: bool = False
    """The liability is over: what is kept back is to be released."""
    kept: int = 0
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

    def moved(self, _step: str, answer: Answer) -> Self:
        """The liability begins and ends, and contract by contract the retention is decided on."""
        now: dict[str, object] = {}
        match answer:
            case WarrantyPeriod():
                now = {"period": answer, "kept": answer.kept}
            case LiabilityOver():
                now = {"due": True}
            case RetentionDecided():
                now = {"kept": answer.left}
            case WarrantyOutcome():
                now = {"outcome": answer}
        return self.model_copy(update=now)
