"""What crosses Temporal in the inspection stage (检查验收)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self

from pydantic import model_validator

from models.messages.journey import Answer, Ticked
from models.messages.progress import Progress
from models.values.states import AfterTermination, TerminationGround


class WorksState(Ticked):
    """The works as the inspection stage sees them: how many items are in which state.

    Which they are is in the tables: a list of 2,000 ids in every answer would fill the history.
    """

    open_items: int = 0
    """Planned, reported or rejected."""
    passed_items: int = 0
    default_items: int = 0
    overdue_at: datetime | None = None
    """The earliest rectification deadline."""
    unnoticed_items: int = 0
    """In default, and no notice to cure stands on them yet. Earlier releases gave none."""
    cure_until: datetime | None = None
    """The earliest end of a notice to cure after which nobody was asked what follows."""
    idle_at: datetime | None = None
    """When works that have not begun, or stand still, are the contractor's default. Earlier releases gave none."""

    @model_validator(mode="before")
    @classmethod
    def _from_lists(cls, value: object) -> object:
        # In histories of earlier releases the ids themselves stand here, by state.
        if not isinstance(value, dict) or "planned" not in value:
            return value
        listed = {name: len(value.get(name, ())) for name in ("planned", "reported", "rejected")}
        counts = {
            "open_items": sum(listed.values()),
            "passed_items": len(value.get("passed", ())),
            "default_items": len(value.get("default", ())),
        }
        return {**value, **counts}

    @property
    def finished(self) -> bool:
        """No item is open any more."""
        return not self.open_items

    @property
    def acceptable(self) -> bool:
        """Every item passed: a default is no end, and no items are no works."""
        return self.finished and self.passed_items > 0 and not self.default_items


class TerminationStep(Answer):
    """A step on the way from the termination of a contract to its settlement."""

    contract_id: str


class WorksResult(StrEnum):
    """How the works of a contract end."""

    ACCEPTED = "accepted"
    TERMINATED = "terminated"


class InspectionOutcome(Answer):
    """What the inspection stage hands on; the rest says how a contract ended, if it was terminated."""

    outcome: WorksResult
    ground: TerminationGround | None = None
    then: AfterTermination | None = None


class WorksPhase(StrEnum):
    """What the inspection stage is at."""

    WORKS = "works"
    SAFETY = "safety"
    """The contract is terminated: first of all the site is made safe."""
    MEASUREMENT = "measurement"
    SETTLEMENT = "settlement"


PHASE_AFTER: Mapping[str, WorksPhase] = {
    "inspection.contract_terminated": WorksPhase.SAFETY,
    "inspection.site_made_safe": WorksPhase.MEASUREMENT,
    "inspection.works_measured": WorksPhase.SETTLEMENT,
}


class InspectionProgress(Progress):
    """How far the works have come; `works` is None before they are begun."""

    ANSWERS: ClassVar[Mapping[str, type[Answer]]] = {
        "inspection.works_begun": WorksState,
        "inspection.progress_reported": WorksState,
        "inspection.item_reported": WorksState,
        "inspection.inspection_recorded": WorksState,
        "inspection.rectification_reported": WorksState,
        "inspection.rectification_overdue": WorksState,
        "inspection.cure_noticed": WorksState,
        "inspection.standstill_noticed": WorksState,
        "inspection.termination_asked": WorksState,
        "inspection.works_accepted": WorksState,
        "inspection.payment_released": InspectionOutcome,
        "inspection.contract_terminated": TerminationStep,
        "inspection.site_made_safe": TerminationStep,
        "inspection.works_measured": TerminationStep,
        "inspection.contract_settled": InspectionOutcome,
    }

    works: WorksState | None = None
    accepted: bool = False
    phase: WorksPhase = WorksPhase.WORKS
    outcome: InspectionOutcome | None = None

    def moved(self, step: str, answer: Answer) -> Self:
        """Every write answers how the works stand; the last one hands on."""
        if isinstance(answer, InspectionOutcome):
            return self.model_copy(update={"outcome": answer})
        if isinstance(answer, TerminationStep):
            return self.model_copy(update={"phase": PHASE_AFTER[step]})
        accepted = self.accepted or step == "inspection.works_accepted"
        return self.model_copy(update={"works": answer, "accepted": accepted})
