"""Work items, inspections and the certificates that release money."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import CommandId, Fen, Id, Table, not_negative, one_of, refers
from models.values.inspection import ItemState
from models.values.states import CertificateState


class WorkItem(Table):
    """One piece of work that is inspected and paid on its own; concealed works before covering.

    `contract_id` is the contract under which it is built, and stays when it has passed; None while
    it is still to be tendered again. `cure_until` ends the notice to cure that stands on it.
    """

    __tablename__ = "work_item"
    __table_args__ = (
        one_of("state", *ItemState),
        *not_negative("value_fen"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), index=True)
    building: Mapped[Id]
    title: Mapped[str]
    concealed: Mapped[bool] = mapped_column(server_default=text("false"))
    value_fen: Mapped[Fen]
    state: Mapped[ItemState] = mapped_column(server_default="planned")
    contract_id: Mapped[Id | None] = mapped_column(ForeignKey("contract.id"))
    cure_until: Mapped[datetime | None]


class Inspection(Table):
    """One inspection and its outcome. A wrong one is superseded by a later one, never changed.

    Only the inspection at completion may be about the works as a whole (no `item_id`).
    """

    __tablename__ = "inspection"
    __table_args__ = (
        one_of("kind", "material", "concealed", "stage", "completion"),
        one_of("outcome", "PASS", "PASS_WITH_MINOR", "FAIL"),
        CheckConstraint("round > 0", name="round_positive"),
        CheckConstraint("item_id IS NOT NULL OR kind = 'completion'", name="item_known"),
        Index(None, "renovation_id", "item_id"),
        UniqueConstraint("id", "item_id", "passed"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"))
    item_id: Mapped[Id | None] = mapped_column(ForeignKey("work_item.id"))
    round: Mapped[int]
    kind: Mapped[str]
    outcome: Mapped[str]
    inspector_id: Mapped[Id]
    defects: Mapped[list[JsonValue]] = mapped_column(JSONB)
    recorded_at: Mapped[datetime]
    supersedes: Mapped[Id | None] = mapped_column(ForeignKey("inspection.id"), unique=True)
    contract_id: Mapped[Id | None] = mapped_column(ForeignKey("contract.id"))
    """Whose work was inspected; `round` counts the inspections of the item under this contract."""
    passed: Mapped[bool] = mapped_column(Computed("outcome <> 'FAIL'", persisted=True))


class Certificate(Table):
    """A payment certificate: certified - retention - deductions = payable, all in fen."""

    __tablename__ = "certificate"
    __table_args__ = (
        one_of("state", *CertificateState),
        *not_negative("certified_fen", "retention_fen", "deductions_fen", "payable_fen"),
        CheckConstraint(
            "payable_fen = certified_fen - retention_fen - deductions_fen", name="sums_up"
        ),
        CheckConstraint("(passed IS TRUE) = (inspection_id IS NOT NULL)", name="passed_inspection"),
        refers(("inspection_id", "item_id", "passed"), "inspection", ("id", "item_id", "passed")),
        UniqueConstraint("id", "passed"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), index=True)
    item_id: Mapped[Id | None] = mapped_column(ForeignKey("work_item.id"))
    certified_fen: Mapped[Fen]
    retention_fen: Mapped[Fen]
    deductions_fen: Mapped[Fen]
    payable_fen: Mapped[Fen]
    state: Mapped[CertificateState] = mapped_column(server_default="blocked")
    approved_by: Mapped[Id]
    contract_id: Mapped[Id | None] = mapped_column(ForeignKey("contract.id"), index=True)
    inspection_id: Mapped[Id | None]
    """The inspection that the item passed; without one no money goes out for it as works."""
    passed: Mapped[bool | None]


class RetentionRelease(Table):
    """What becomes of the retention of a contract when its defect liability is over: nothing goes out without it."""

    __tablename__ = "retention_release"
    __table_args__ = tuple(not_negative("released_fen", "withheld_fen"))

    contract_id: Mapped[Id] = mapped_column(ForeignKey("contract.id"), primary_key=True)
    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), index=True)
    liability_until: Mapped[datetime]
    released_fen: Mapped[Fen]
    withheld_fen: Mapped[Fen]
    decided_by: Mapped[Id]
    decided_at: Mapped[datetime]


class PartConsent(Table):
    """The owner of a unit agrees that a work occupies part of it (E9); `work_id` is the scheme's.

    Rows are only added: the one with the highest `number` says what the owner wants now.
    """

    __tablename__ = "part_consent"
    __table_args__ = (CheckConstraint("number > 0", name="number_positive"),)

    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), primary_key=True)
    work_id: Mapped[Id] = mapped_column(primary_key=True)
    unit_number: Mapped[Id] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, server_default="1")
    given: Mapped[bool] = mapped_column(server_default=text("true"))
    command_id: Mapped[CommandId] = mapped_column(unique=True)
    consented_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
