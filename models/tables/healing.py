"""What needs attention: steps that broke and wait for reconciliation, or for a repair."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Id, Table, WorkflowId, word


class CaseTrouble(Table):
    """One step of a workflow that no attempt could do; the row goes when it is done or given up.

    `step` is the event that it would have written. `by_act` says that a person asked for it (and was
    told); else the engine takes the step again when it is told to go on. `error` names no person;
    under `reference` the logs have the whole error. `since` is the database's clock.
    """

    __tablename__ = "case_trouble"
    __table_args__ = (word("step"),)

    workflow_id: Mapped[WorkflowId] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(primary_key=True)
    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), index=True)
    by_act: Mapped[bool]
    error: Mapped[str]
    reference: Mapped[Id]
    since: Mapped[datetime]
