"""The end of a contract before its works are done (解除合同): rules E36, E37, E42.

When it may be terminated, what is then owed for the work, and what may be spent on what is left.
Money in fen.
"""

from collections.abc import Mapping
from datetime import datetime

from models.values.cost_sharing import PERMILLE
from models.values.inspection import ContractSettlement, ItemState
from models.values.refusal import Problem, problem
from models.values.states import TerminationGround
from models.values.timetable import Timetable, WorkCalendar
from rules.checks import decide
from rules.inspection import item_payments, kept, payable_fen, retention_fen
from rules.time.deadlines import deadline

ARTICLES: Mapping[TerminationGround, str] = {
    TerminationGround.NOT_CURED: "Civil Code art. 563(1)(3), 806",
    TerminationGround.REFUSES: "Civil Code art. 563(1)(2), 806",
    TerminationGround.ASSIGNED: "Civil Code art. 806(1)",
    TerminationGround.VOTE: "Civil Code art. 787, 808",
    TerminationGround.CANCELLED: "Civil Code art. 787, 808",
}
"""By what a contract is terminated."""
AT_FAULT = frozenset(
    {TerminationGround.NOT_CURED, TerminationGround.REFUSES, TerminationGround.ASSIGNED}
)
"""With these the contractor has broken the contract: its performance bond may be called."""


def idle_from(
    start_by: datetime | None,
    moved_at: datetime | None,
    timetable: Timetable,
    calendar: WorkCalendar,
) -> datetime | None:
    """From when the contractor is in default because nothing is built (Civil Code art. 563, 566; E36).

    Works that have not begun by the contract's day, or of which nothing was reported or inspected for
    the longest silence, and that even after the grace. None for a contract that says no day.
    """
    zone = timetable.zone
    due = start_by
    if moved_at is not None:
        due = deadline(moved_at, timetable.works_silence, calendar, zone)
    return None if due is None else deadline(due, timetable.works_grace, calendar, zone)


def cure_problems(cures: Mapping[str, datetime | None], now: datetime) -> tuple[Problem, ...]:
    """What speaks against ending a contract because a default was not cured (art. 563(1)(3)).

    `cures` are the items in default with the end of their notice to cure, None without a notice; works
    that stand still have one too.
    """
    if not cures:
        return (problem("settlement.nothing_in_default"),)
    running = [until for until in cures.values() if until is not None]
    if not running:
        return (problem("settlement.not_noticed"),)
    if now < min(running):
        return (problem("settlement.cure_running", until=min(running).isoformat()),)
    return ()


def money_problems(
    ground: TerminationGround,
    *,
    bond_fen: int,
    held_fen: int,
    damages_fen: int,
    value_fen: int,
) -> tuple[Problem, ...]:
    """What speaks against the money of a termination.

    No more of the performance bond is called than the contract has (`held_fen`), and nothing without
    fault; damages are owed only without fault, and never above the contract's value (art. 584, 787).
    """
    problems: list[Problem] = []
    at_fault = ground in AT_FAULT
    if bond_fen and not at_fault:
        problems.append(problem("settlement.bond_without_fault", have=bond_fen))
    if at_fault and bond_fen > held_fen:
        problems.append(problem("settlement.bond_above_contract", have=bond_fen, most=held_fen))
    if damages_fen and at_fault:
        problems.append(problem("settlement.damages_for_fault", have=damages_fen))
    if not at_fault and damages_fen > value_fen:
        problems.append(problem("settlement.damages_too_high", have=damages_fen, most=value_fen))
    return tuple(problems)


def measured_problems(
    measured: Mapping[str, int], prices: Mapping[str, int], states: Mapping[str, ItemState]
) -> tuple[Problem, ...]:
    """What speaks against what was measured: only open items of the contract, at most at their price."""
    problems: list[Problem] = []
    for item, value in measured.items():
        if item not in prices:
            problems.append(problem("inspection.item_unknown", item=item))
        elif states[item] is ItemState.PASSED:
            problems.append(problem("settlement.measured_passed", item=item))
        elif value > prices[item]:
            most = prices[item]
            problems.append(problem("settlement.measured_high", item=item, have=value, most=most))
    return tuple(problems)


def contract_settlement(
    *,
    contract_fen: int,
    passed: Mapping[str, int],
    measured: Mapping[str, int],
    agreed_permille: int,
    timetable: Timetable,
    bond_fen: int,
    damages_fen: int,
) -> ContractSettlement:
    """The account of a contract that was terminated (Civil Code art. 806: acceptable work is paid).

    `passed` are the accepted items at the contract's prices, `measured` what stands of the others.
    The retention that was agreed is kept on both, up to its cap and rounded down; it is spread over
    the items by largest remainder.
    """
    work = {**passed, **{item: value for item, value in measured.items() if value}}
    certified = sum(work.values())
    permille, agreed = kept(agreed_permille, timetable)
    kept_fen = retention_fen(certified, permille)
    return ContractSettlement(
        contract_fen=contract_fen,
        passed_fen=sum(passed.values()),
        measured_fen=sum(measured.values()),
        certified_fen=certified,
        retention_agreed_permille=agreed_permille,
        retention_permille=permille,
        retention_fen=kept_fen,
        payable_fen=payable_fen(certified, kept_fen),
        damages_fen=damages_fen,
        bond_called_fen=bond_fen,
        cost_fen=certified + damages_fen - bond_fen,
        items=item_payments(work, 0, kept_fen),
        decision=decide(agreed),
    )


def highest_price_fen(left_fen: int, contingency_permille: int) -> int:
    """The highest price with whose contingency (rounded down) the works that are left cost `left_fen`.

    So the rest never costs more than the owners have agreed to: more is a new decision (E12).
    """
    if left_fen <= 0:
        return 0
    price = left_fen * PERMILLE // (PERMILLE + contingency_permille)
    # The contingency is rounded down, so one fen more may still fit.
    more = price + 1
    return more if more + more * contingency_permille // PERMILLE <= left_fen else price
