"""What crosses Temporal in the inspection stage (检查验收)."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from models.messages.journey import Answer, Ticked
from models.messages.progress import Progress


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


class InspectionOutcome(Answer):
    """What the inspection stage hands on."""

    outcome: Literal["accepted"]


class InspectionProgress(Progress):
    """How far the works have come; `works` is None before they are begun."""

    ANSWERS: ClassVar[Mapping[str, type[Answer]]] = {
        "inspection.works_begun": WorksState,
        "inspection.item_reported": WorksState,
        "inspection.inspection_recorded": WorksState,
        "inspection.rectification_reported": WorksState,
        "inspection.rectification_overdue": WorksState,
        "inspection.works_accepted": WorksState,
        "inspection.payment_released": InspectionOutcome,
    }

    works: WorksState | None = None
    accepted: bool = False
    outcome: InspectionOutcome | None = None

    def moved(self, step: str, answer: Answer) -> Self:
        """Every write answers how the works stand; the last one hands on."""
        if isinstance(answer, InspectionOutcome):
            return self.model_copy(update={"outcome": answer})
        accepted = self.accepted or step == "inspection.works_accepted"
        return self.model_copy(update={"works": answer, "accepted": accepted})
