"""What an event of the journey means in the ledger: its transfers, and what they make of the balances.

Pure: the state that an event meets is an argument. `tests/rules/ledger` has the laws that hold for every
order of events: sums of zero, no escrow below zero, nothing paid that is not owed.
"""

from rules.ledger.balances import MOVES, left_after, posted, sum_fen
from rules.ledger.money_in import (
    charged,
    late_fee,
    promise_account,
    promised_by,
    received,
    short_name,
    taken_over,
)
from rules.ledger.money_out import (
    Payable,
    bond_called,
    certified,
    compensated,
    gained,
    given_back,
    paid_out,
    refunded,
    wages,
    wages_paid,
    wages_recovered,
    withheld,
)

__all__ = [
    "MOVES",
    "Payable",
    "bond_called",
    "certified",
    "charged",
    "compensated",
    "gained",
    "given_back",
    "late_fee",
    "left_after",
    "paid_out",
    "posted",
    "promise_account",
    "promised_by",
    "received",
    "refunded",
    "short_name",
    "sum_fen",
    "taken_over",
    "wages",
    "wages_paid",
    "wages_recovered",
    "withheld",
]
