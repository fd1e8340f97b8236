"""Bank statements (银行流水) as banks export them: tables in Chinese, CAMT.053 (ISO 20022), MT940 (SWIFT).

Whatever the format, a statement is a list of sums that came in or went out, with the bank's own words.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from datetime import date

from formats.journals import yuan
from models.values.base import Value
from models.values.refusal import problem, refusal, refuse_if_any

FEN = 100
MOST_PROBLEMS = 100
"""So many wrong lines of a statement are told; who mends them sees the rest."""
YUAN = re.compile(r"人民币.*|rmb|cny|156", re.IGNORECASE)
"""How banks name the money of an account of ours; whoever names none means it."""


class StatementLine(Value):
    """One sum on an account, in fen: above zero it came in."""

    place: str
    """Where it stands in the file."""
    booked_on: date
    amount_fen: int
    reference: str = ""
    """The bank's own number of it."""
    payer: str = ""
    memo: str = ""


def refuse_if_apart(counted_fen: int, balance_fen: int, where: str) -> None:
    """What a balance and the entries after it come to is the next balance of the statement.

    Raises:
        Refused: `statement.balance_differs` with both: an entry is not there, is there twice, or was changed.
    """
    if counted_fen != balance_fen:
        have, need = yuan(counted_fen), yuan(balance_fen)
        raise refusal("statement.balance_differs", where=where, have=have, need=need)


def with_references(lines: Iterable[StatementLine]) -> tuple[StatementLine, ...]:
    """Every line with a reference that is the same in every statement that has it.

    Without a number of the bank it is made of day, sum, payer and words; of those that agree in all of
    it, the first, the second and so on of the day are told apart, as overlapping statements list them.

    Raises:
        Refused: `statement.reference_twice`: two sums that came in have one number of the bank. As one sum the
            second would be lost, as two it would be booked again with the next statement.
    """
    seen: Counter[str] = Counter()
    came_in: dict[str, StatementLine] = {}
    found, problems = [], []
    for line in lines:
        name = line.reference
        if name and line.amount_fen > 0:  # the same number may stand for both sides of a correction
            first = came_in.setdefault(name, line)
            if first is not line:
                params = {"value": name, "first": first.place}
                problems.append(problem("statement.reference_twice", where=line.place, **params))
        if not name:
            key = f"{line.booked_on}|{line.amount_fen}|{line.payer}|{line.memo}"
            seen[key] += 1
            nth = f"~{seen[key]}" if seen[key] > 1 else ""
            name = "s" + hashlib.sha256(key.encode()).hexdigest()[:24] + nth
        found.append(line.model_copy(update={"reference": name}))
    refuse_if_any(problems[:MOST_PROBLEMS])
    return tuple(found)
