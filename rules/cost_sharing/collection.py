"""Paying the shares: instalments, threshold, late fee, relief, the sale of a flat (rules.md 2.5)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction

from models.values.cost_sharing import PERMILLE, Balance, Instalment, Relief, ShareTotal
from models.values.decisions.decision import Decision
from models.values.refusal import refusal
from models.values.timetable import Timetable
from rules.checks import check, decide
from rules.cost_sharing.rounding import largest_remainder

HOUSEHOLD = ""
"""The household's own part in a split; it sorts before every fund, so a tied fen is its own."""


def instalments(totals: Sequence[ShareTotal], permilles: Sequence[int]) -> tuple[Instalment, ...]:
    """Each unit's total over the voted percentages, by largest remainder (rules.md 2.4).

    The rows of a unit sum to its total and so the columns sum to the owners' total; equal totals
    have equal instalments. A tied fen goes to the earlier instalment. Refused: parts that are not
    1000 permille together.
    """
    if sum(permilles) != PERMILLE or min(permilles) < 0:
        raise refusal("cost_sharing.instalments_sum", have=sum(permilles), need=PERMILLE)
    return tuple(
        Instalment(unit_number=total.unit_number, number=number, amount_fen=amount)
        for total in totals
        for number, amount in enumerate(_parts(total.amount_fen, permilles), start=1)
    )


def _parts(amount_fen: int, permilles: Sequence[int]) -> list[int]:
    """`largest_remainder` over a few parts of one scale, for a hundred thousand units: ties by number."""
    parts, cut_off = [], []
    for part in permilles:
        whole, rest = divmod(amount_fen * part, PERMILLE)
        parts.append(whole)
        cut_off.append(-rest)
    missing = amount_fen - sum(parts)
    if missing:
        for place in sorted(range(len(parts)), key=cut_off.__getitem__)[:missing]:
            parts[place] += 1
    return parts


def due_by(
    table: Sequence[tuple[Instalment, datetime]], moment: datetime
) -> tuple[ShareTotal, ...]:
    """What each unit owes by a moment: its instalments that have fallen due, summed."""
    sums: dict[str, int] = {}
    for instalment, due_at in table:
        sums.setdefault(instalment.unit_number, 0)
        if due_at <= moment:
            sums[instalment.unit_number] += instalment.amount_fen
    return tuple(ShareTotal(unit_number=number, amount_fen=sums[number]) for number in sorted(sums))


def collected(collected_fen: int, due_fen: int, timetable: Timetable) -> Decision:
    """Whether enough is collected or guaranteed to start the works (rules.md 2.5).

    `collected_fen` counts each unit up to what it owes: a neighbour's overpayment covers nobody.
    """
    need = Fraction(due_fen * timetable.collection_threshold_permille, PERMILLE)
    article = "rules 2.5, collection threshold"
    return decide(check("cost_sharing.collected", article, collected_fen, ">=", need, "fen"))


def late_fee_fen(instalment_fen: int, permille_a_month: int | Fraction, started_months: int) -> int:
    """Simple interest per started month, each month rounded up; only where the owners voted it."""
    return -(-instalment_fen * permille_a_month // PERMILLE) * started_months


def relieve(
    unit_number: str, charge_fen: int, permille: int | Fraction, funds: Mapping[str, int], kind: str
) -> tuple[Relief, ...]:
    """Split a charge between a household in hardship and the funds that pay for it (E14).

    `permille` of the charge is relieved, spread over the funds by their weights; what the funds
    do not pay stays with the household and never goes to the neighbours.
    """
    weight = sum(funds.values())
    if weight <= 0 or HOUSEHOLD in funds:
        raise refusal("cost_sharing.relief_without_fund", where=unit_number)
    parts: dict[str, int | Fraction] = {
        fund: Fraction(permille) * part / weight for fund, part in funds.items()
    }
    parts[HOUSEHOLD] = PERMILLE - permille
    split = largest_remainder(charge_fen, parts)
    return tuple(
        Relief(unit_number=unit_number, kind=kind, amount_fen=split[fund], funded_by=fund)
        for fund in sorted(funds)
    )


def relief_room_fen(charge_fen: int, paid_fen: int) -> int:
    """The most that relief may take over: what the unit still owes."""
    return max(charge_fen - paid_fen, 0)


def subsidy_loss(lost_fen: int, gap_fen: int, timetable: Timetable) -> Decision:
    """Whether a lost subsidy can be borne without a new vote (E15): at most 5% of the gap."""
    most = Fraction(gap_fen * timetable.subsidy_re_vote_permille, PERMILLE)
    return decide(check("cost_sharing.subsidy_lost", "rules 8, E15", lost_fen, "<=", most, "fen"))


def balance(
    unit_number: str,
    table: Sequence[tuple[Instalment, datetime]],
    paid_fen: int,
    sold_at: datetime,
) -> Balance:
    """The certificate of balance at a sale (E18): the charge follows the title at the due date."""
    own = [(part, due_at) for part, due_at in table if part.unit_number == unit_number]
    due = sum(part.amount_fen for part, due_at in own if due_at <= sold_at)
    return Balance(
        unit_number=unit_number,
        due_fen=due,
        paid_fen=paid_fen,
        overdue_fen=max(due - paid_fen, 0),
        credit_fen=max(paid_fen - due, 0),
        later_fen=sum(part.amount_fen for part, due_at in own if due_at > sold_at),
    )
