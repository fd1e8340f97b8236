"""The bodies of sums that wait for an owner, and of cash."""

from datetime import date, datetime
from typing import Annotated

from models.fields import Id, PositiveFen, Reason, Reference, UnitNumber, entries
from models.values.base import Carried, Value
from models.values.ledger import SumState, Unmatched
from rules.ledger.matching import SumPart
from service.bodies import CommandBody

MOST_UNITS = 100


class AssignSum(CommandBody):
    """For which units a sum is; of several each gets what it owes, and the first the rest."""

    sum_id: Id
    unit_numbers: Annotated[tuple[UnitNumber, ...], *entries(MOST_UNITS, 1)]


class ReturnSum(CommandBody):
    """That a sum is nobody's here and goes back to whoever paid it, and why."""

    sum_id: Id
    reason: Reason


class ReceiveCash(CommandBody):
    """Cash that was counted for a unit, in fen, with the number of the receipt that was given for it."""

    unit_number: UnitNumber
    amount_fen: PositiveFen
    receipt: Reference


class AssignedSum(Value):
    """What a second person confirms of an assignment; in fen."""

    sum_id: str
    reference: str
    amount_fen: int
    parts: tuple[SumPart, ...]


class ReturnedSum(Value):
    """What a second person confirms of a return; in fen."""

    sum_id: str
    reference: str
    amount_fen: int
    reason: str


class CountedCash(Value):
    """What a second person confirms of cash: they have counted it too; in fen."""

    unit_number: str
    amount_fen: int
    receipt: str


class UnclaimedView(Carried):
    """A sum that named no unit, in fen; payer and words only as long as it is open."""

    id: str
    reference: str
    booked_on: date
    amount_fen: int
    why: Unmatched
    state: SumState
    opened_at: datetime
    decided_at: datetime | None
    payer: str = ""
    memo: str = ""
