"""What crosses Temporal in the inspection stage (检查验收)."""

from datetime import datetime
from typing import Literal

from models.messages.journey import Answer, Ticked


class WorksState(Ticked):
    """The works as the inspection stage sees them: item ids by state."""

    planned: tuple[str, ...] = ()
    reported: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    default: tuple[str, ...] = ()
    overdue_at: datetime | None = None
    """The earliest rectification deadline."""

    @property
    def finished(self) -> bool:
        """No item is open any more."""
        return not (self.planned or self.reported or self.rejected)

    @property
    def acceptable(self) -> bool:
        """Every item passed: a default is no end, and no items are no works."""
        return self.finished and bool(self.passed) and not self.default


class InspectionOutcome(Answer):
    """What the inspection stage hands on."""

    outcome: Literal["accepted"]
