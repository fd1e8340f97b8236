"""Inspection: what is known of a work item, what an inspection makes of it, and what is then paid.

Money in fen; parts of a whole in permille.
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field, model_validator

from models.values.base import Carried
from models.values.decisions.decision import Decision

InspectionKind = Literal["material", "concealed", "stage", "completion"]
InspectionOutcome = Literal["PASS", "PASS_WITH_MINOR", "FAIL"]


class ItemState(StrEnum):
    """Where a work item stands."""

    PLANNED = "planned"
    REPORTED = "reported"
    """The contractor says it is ready: an inspection is due."""
    PASSED = "passed"
    REJECTED = "rejected"
    """The last inspection failed: the contractor puts it right (整改)."""
    DEFAULT = "default"
    """The contractor is in default: the item is not certified and not paid."""
    CANCELLED = "cancelled"


class PastInspection(Carried):
    """One inspection of an item that is on record; never changed, only followed."""

    round: int = Field(ge=1)
    kind: InspectionKind
    outcome: InspectionOutcome
    inspector_id: str
    recorded_at: datetime
    """Case time; the rectification period runs from it."""


class ItemFacts(Carried):
    """A work item as an inspector finds it; `history` in order of recording."""

    id: str
    concealed: bool = False
    state: ItemState
    value_fen: int = Field(ge=0)
    history: tuple[PastInspection, ...] = ()

    @property
    def failed_rounds(self) -> int:
        """How many inspections of this item failed so far."""
        return sum(past.outcome == "FAIL" for past in self.history)

    @property
    def last_failure(self) -> PastInspection | None:
        """The failure that the next inspection has to look at; None when the last one passed."""
        last = self.history[-1] if self.history else None
        return last if last is not None and last.outcome == "FAIL" else None

    @property
    def seen_before_cover(self) -> bool:
        """The last inspection of its concealed works (隐蔽工程验收) passed."""
        seen = [past.outcome for past in self.history if past.kind == "concealed"]
        return bool(seen) and seen[-1] != "FAIL"


class InspectionResult(Carried):
    """What an inspection makes of an item, and the count of failed rounds behind it."""

    state: ItemState
    round: int = Field(ge=1)
    """The number of this inspection of the item, from 1."""
    failed_rounds: int = Field(ge=0)
    decision: Decision
    """Failed rounds against the limit."""


class ItemPayment(Carried):
    """What one passed item brings: certified - retention - deductions = payable, all fen."""

    item_id: str
    certified_fen: int = Field(ge=0)
    retention_fen: int = Field(ge=0)
    deductions_fen: int = Field(default=0, ge=0)
    payable_fen: int = Field(ge=0)

    @model_validator(mode="after")
    def _adds_up(self) -> "ItemPayment":
        if self.certified_fen - self.retention_fen - self.deductions_fen != self.payable_fen:
            raise ValueError("payable is certified less retention and deductions")
        return self


class WorksPayment(Carried):
    """The final account of the accepted works; every figure a page or a court wants to see."""

    contract_fen: int = Field(ge=0)
    passed_fen: int = Field(ge=0)
    """Value of the passed items at contract prices."""
    default_fen: int = Field(ge=0)
    """Value of the items in default at contract prices: not certified, not paid."""
    omissions_fen: int = Field(ge=0)
    certified_fen: int = Field(ge=0)
    retention_agreed_permille: int = Field(ge=0, le=1_000)
    """As the contract says; where that is above the cap, only the cap is kept and a check has failed."""
    retention_permille: int = Field(ge=0, le=1_000)
    retention_fen: int = Field(ge=0)
    deductions_fen: int = Field(ge=0)
    payable_fen: int = Field(ge=0)
    items: tuple[ItemPayment, ...]
    decision: Decision

    @model_validator(mode="after")
    def _adds_up(self) -> "WorksPayment":
        if self.passed_fen - self.omissions_fen != self.certified_fen:
            raise ValueError("certified is the passed value less the omissions")
        for name in ("certified_fen", "retention_fen", "deductions_fen", "payable_fen"):
            if sum(getattr(item, name) for item in self.items) != getattr(self, name):
                raise ValueError(f"the items sum to the account in {name}")
        return self


class ContractSettlement(Carried):
    """What is owed under a contract that was terminated, and what the performance bond brings."""

    contract_fen: int = Field(ge=0)
    passed_fen: int = Field(ge=0)
    """Items that passed their inspection, at the contract's prices."""
    measured_fen: int = Field(ge=0)
    """Work of acceptable quality on the other items, as the supervising engineer measured it."""
    certified_fen: int = Field(ge=0)
    retention_agreed_permille: int = Field(ge=0, le=1_000)
    """As the contract says; where that is above the cap, only the cap is kept and a check has failed."""
    retention_permille: int = Field(ge=0, le=1_000)
    retention_fen: int = Field(ge=0)
    payable_fen: int = Field(ge=0)
    damages_fen: int = Field(ge=0)
    """Owed to a contractor that is not at fault."""
    bond_called_fen: int = Field(ge=0)
    cost_fen: int
    """What the contract has cost in the end; below zero where the bond brings more than was owed."""
    items: tuple[ItemPayment, ...]
    decision: Decision

    @model_validator(mode="after")
    def _adds_up(self) -> "ContractSettlement":
        if self.passed_fen + self.measured_fen != self.certified_fen:
            raise ValueError("certified is what passed and what was measured")
        if self.certified_fen + self.damages_fen - self.bond_called_fen != self.cost_fen:
            raise ValueError("the cost is certified work and damages less the bond")
        for name in ("certified_fen", "retention_fen", "payable_fen"):
            if sum(getattr(item, name) for item in self.items) != getattr(self, name):
                raise ValueError(f"the items sum to the account in {name}")
        return self


class ContractCosts(Carried):
    """What some contracts have cost so far."""

    certified_fen: int = Field(default=0, ge=0)
    damages_fen: int = Field(default=0, ge=0)
    bonds_fen: int = Field(default=0, ge=0)
    """What their performance bonds have brought."""
    withheld_fen: int = Field(default=0, ge=0)
    """What of their retentions was withheld."""

    @property
    def net_fen(self) -> int:
        """Below zero where the bonds brought more than was owed: that goes into the rest."""
        return self.certified_fen + self.damages_fen - self.bonds_fen - self.withheld_fen
