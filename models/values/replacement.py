"""A sale after the roll was frozen: the buyer replaces the seller, and the log says so (rules 1.4.1)."""

from datetime import date

from models.values.base import Carried


class Sale(Carried):
    """What the register shows: one unit went from one set of owners to another.

    The keys are stored owner keys; no names. `evidence` is the number of the register's extract.
    """

    unit_number: str
    seller_key: str
    buyer_key: str
    registered_on: date
    evidence: str


class Replacement(Carried):
    """A sale that took effect on a frozen roll. The entry, its heads and its area stay as frozen."""

    entry_id: str
    unit_number: str
    generation: int
    """Of the unit's credential: 0 was handed out at the freeze, each sale adds one."""
    shared: bool
    """The entry has other units, whose owner keeps them: seller and buyer are now like co-owners
    (共有), with one vote between them (V-CN-4)."""
    buyer_key: str
    registered_on: date
    evidence: str
