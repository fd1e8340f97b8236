"""Inspection (检查验收) as law and arithmetic: rules.md section 4, E30-E33.

Who may inspect what and when, what an outcome makes of a work item, when the contractor is in
default, and what accepted works are worth. Quality Regs = 建设工程质量管理条例 (S13).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction

from models.values.actor import Actor, Role
from models.values.cost_sharing import PERMILLE
from models.values.decisions.decision import Check, Decision
from models.values.inspection import (
    InspectionKind,
    InspectionOutcome,
    InspectionResult,
    ItemFacts,
    ItemPayment,
    ItemState,
    WorksPayment,
)
from models.values.refusal import Problem, problem, refusal
from models.values.timetable import Timetable
from rules.checks import check, decide
from rules.cost_sharing import largest_remainder
from rules.duties import Duty, duty_problems, is_same

OPEN_STATES = (ItemState.PLANNED, ItemState.REPORTED, ItemState.REJECTED)
"""An item in one of these stands in the way of the acceptance."""

INSPECTORS = frozenset({Role.SUPERVISOR, Role.CHIEF_SUPERVISOR})
"""No next procedure and no material without the supervising engineer's signature (art. 37)."""


def inspection_problems(
    item: ItemFacts,
    kind: InspectionKind,
    outcome: InspectionOutcome,
    defects: Sequence[str],
    inspector: Actor,
    contractor_id: str,
) -> tuple[Problem, ...]:
    """Everything that speaks against recording this inspection; empty when nothing does.

    Quality Regs art. 29-32, 37: only a supervising engineer, never the contractor; concealed works
    before they are covered; a failure names its defects; who failed an item does not pass it [D].
    """
    problems = list(_inspector_problems(item, inspector, contractor_id))
    if item.state is not ItemState.REPORTED:
        problems.append(_problem("inspection.not_reported", item, state=item.state.value))
    if kind == "completion":
        problems.append(_problem("inspection.completion_is_acceptance", item))
    if kind == "concealed" and not item.concealed:
        problems.append(_problem("inspection.nothing_concealed", item))
    if kind == "stage" and not may_cover(item).passed:
        problems.append(_problem("inspection.concealed_first", item))
    if outcome == "FAIL" and not any(defect.strip() for defect in defects):
        problems.append(_problem("inspection.defects_missing", item))
    return tuple(problems)


def consent_problems(
    item_id: str, occupies: Sequence[str], consented: Collection[str]
) -> tuple[Problem, ...]:
    """The owners whose consent an item still waits for; without it nothing is built there.

    What is exclusively a unit's own, its owner alone decides about, whatever the vote says (Civil
    Code art. 272; rules V-CN-11 and E9). Both are numbers of units.
    """
    return tuple(
        problem("inspection.consent_missing", where=unit, item=item_id, unit=unit)
        for unit in occupies
        if unit not in consented
    )


def may_cover(item: ItemFacts) -> Decision:
    """Whether the item may be covered: concealed works only after their own inspection.

    Civil Code art. 798, Quality Regs art. 30; what was covered without it is opened up and
    inspected again at the contractor's cost (E31).
    """
    return decide(
        check(
            "inspection.concealed_seen",
            "Civil Code art. 798; Quality Regs art. 30",
            int(item.seen_before_cover),
            ">=",
            int(item.concealed),
            "inspections",
        )
    )


def rule_inspection(
    item: ItemFacts,
    kind: InspectionKind,
    outcome: InspectionOutcome,
    timetable: Timetable,
    *,
    noticed: bool = False,
) -> InspectionResult:
    """The state of the item after an inspection with this outcome.

    FAIL rejects it until it is put right (Quality Regs art. 32); more failed rounds than the limit
    are the contractor's default [D 4.1], and so is any failure while a notice to cure stands on the
    item (`noticed`): that was the last time to put it right (E36). A pass of materials or of concealed works lets the item
    stand for its stage inspection; a pass of the stage passes the item.
    """
    failed = item.failed_rounds + (outcome == "FAIL")
    decision = decide(
        check(
            "inspection.failed_rounds",
            "Quality Regs art. 32; rules 4.1",
            failed,
            "<=",
            timetable.rectification_limit,
            "rounds",
        )
    )
    if outcome == "FAIL":
        again = decision.passed and not noticed
        state = ItemState.REJECTED if again else ItemState.DEFAULT
    else:
        state = ItemState.PASSED if kind == "stage" else ItemState.REPORTED
    return InspectionResult(
        state=state, round=len(item.history) + 1, failed_rounds=failed, decision=decision
    )


def acceptance_problems(
    states: Mapping[str, ItemState], actor: Actor, builders: Collection[str] = ()
) -> tuple[Problem, ...]:
    """What speaks against the completion acceptance (竣工验收), by the items and their states.

    Quality Regs art. 16, 37(2), Civil Code art. 799: all works done, signed by the chief
    supervising engineer. A default is no end: the contractor puts the item right (art. 32), or the
    contract is terminated and somebody else builds it (E36). Nor is it for any of the `builders`
    (Construction Law art. 34).
    """
    problems: list[Problem] = []
    if actor.role is not Role.CHIEF_SUPERVISOR:
        problems.append(problem("inspection.not_chief_supervisor", role=actor.role.value))
    problems += duty_problems(Duty.ACCEPT_BUILT, builders, actor.id)
    left = sum(state in OPEN_STATES for state in states.values())
    default = [name for name, state in states.items() if state is ItemState.DEFAULT]
    if left:
        problems.append(problem("inspection.works_open", open=left))
    if default:
        problems.append(problem("inspection.items_in_default", items=", ".join(sorted(default))))
    if not left + len(default) and ItemState.PASSED not in states.values():
        problems.append(problem("inspection.nothing_passed"))
    return tuple(problems)


def acceptance(states: Sequence[ItemState]) -> Decision:
    """The check behind the acceptance: no item is open."""
    left = sum(state in OPEN_STATES for state in states)
    return decide(check("inspection.open_items", "Quality Regs art. 16(2)", left, "<=", 0, "items"))


def payment_problems(
    actor: Actor, accepted_by: str | None, contractor_id: str
) -> tuple[Problem, ...]:
    """What speaks against releasing the money: no acceptance (art. 37(2)), or one's own work."""
    if accepted_by is None:
        return (problem("inspection.not_accepted"),)
    builders = (contractor_id, actor.id if actor.role is Role.CONTRACTOR else None)
    own = duty_problems(Duty.PAY_ACCEPTED, accepted_by, actor.id)
    if problems := own or duty_problems(Duty.PAY_ONESELF, builders, actor.id):
        return problems
    return ()


def works_payment(
    items: Sequence[ItemFacts],
    contract_fen: int,
    omissions_fen: int,
    contract_retention_permille: int,
    timetable: Timetable,
) -> WorksPayment:
    """The account of the accepted works: passed items at contract prices, less what is kept.

    The planned values are scaled to the contract value by largest remainder; items in default are
    not certified (E30, E36); omissions lower what is certified; the retention is rounded down.

    Raises:
        Refused: `inspection.omissions_above_value`, `inspection.variation_needs_decision` (E33).
    """
    scaled = contract_prices(items, contract_fen)
    passed = {i.id: scaled[i.id] for i in items if i.state is ItemState.PASSED}
    default_fen = sum(scaled[i.id] for i in items if i.state is ItemState.DEFAULT)
    passed_fen = sum(passed.values())
    if omissions_fen > passed_fen:
        raise refusal("inspection.omissions_above_value", omissions=omissions_fen, value=passed_fen)
    variation = variation_check(omissions_fen, contract_fen, timetable)
    if not variation.passed:
        raise refusal(
            "inspection.variation_needs_decision",
            omissions=omissions_fen,
            permille=timetable.variation_permille,
        )
    kept_permille, agreed = kept(contract_retention_permille, timetable)
    certified_fen = passed_fen - omissions_fen
    kept_fen = retention_fen(certified_fen, kept_permille)
    rows = item_payments(passed, omissions_fen, kept_fen)
    return WorksPayment(
        contract_fen=contract_fen,
        passed_fen=passed_fen,
        default_fen=default_fen,
        omissions_fen=omissions_fen,
        certified_fen=certified_fen,
        retention_agreed_permille=contract_retention_permille,
        retention_permille=kept_permille,
        retention_fen=kept_fen,
        deductions_fen=0,
        payable_fen=payable_fen(certified_fen, kept_fen),
        items=rows,
        decision=decide(
            variation, agreed, *_payment_checks(certified_fen, contract_fen, kept_fen, timetable)
        ),
    )


def contract_prices(items: Sequence[ItemFacts], contract_fen: int) -> dict[str, int]:
    """The contract's price of every work item, in fen: the only place that says it.

    The contract has one price for everything, so its planned values are scaled to it by largest
    remainder; without planned values every item weighs the same. A cancelled item keeps its price,
    because it is the part of the contract that was not done.
    """
    planned = {item.id: item.value_fen for item in items}
    if not any(planned.values()):
        planned = dict.fromkeys(planned, 1)
    return largest_remainder(contract_fen, planned) if planned else {}


def certified_at_the_end_fen(
    items: Sequence[ItemFacts], contract_fen: int, certificates_fen: int
) -> int:
    """What is owed for the work of a contract that ends early (Civil Code art. 806), in fen.

    The items that passed at the contract's prices, or what was certified where that is more. All
    items of the contract are given, cancelled ones included.
    """
    prices = contract_prices(items, contract_fen)
    passed = sum(prices[item.id] for item in items if item.state is ItemState.PASSED)
    return max(passed, certificates_fen)


def kept(agreed_permille: int, timetable: Timetable) -> tuple[int, Check]:
    """The retention that is kept, in permille: what is agreed, but never more than the cap.

    Contracts of earlier releases may have agreed on more; the check names the term with both numbers.
    """
    most = timetable.retention_permille
    article = "Jianzhi 2017 no. 138 art. 7"
    agreed = check("inspection.retention_agreed", article, agreed_permille, "<=", most, "permille")
    return min(agreed_permille, most), agreed


def retention_fen(certified_fen: int, permille: int) -> int:
    """The quality retention (质量保证金), rounded down in favour of the contractor."""
    return certified_fen * permille // PERMILLE


def payable_fen(
    certified_fen: int, retention_fen: int, advance_fen: int = 0, deductions_fen: int = 0
) -> int:
    """`certified - retention - advance recovery - deductions` (rules.md 4.2), never below zero.

    Raises:
        Refused: `inspection.nothing_payable` when more is kept than is certified.
    """
    left = certified_fen - retention_fen - advance_fen - deductions_fen
    if left < 0:
        raise refusal("inspection.nothing_payable", short=-left)
    return left


# waits for items that are omitted from the works
def omission_credit_fen(item_fen: int, work_done_fen: int = 0, deposits_fen: int = 0) -> int:
    """The credit for an omitted item: `price - work done - irrecoverable deposits` (rules.md 4.2).

    Raises:
        Refused: `inspection.omission_below_zero` when more was spent than the item's price.
    """
    credit = item_fen - work_done_fen - deposits_fen
    if credit < 0:
        raise refusal("inspection.omission_below_zero", short=-credit)
    return credit


def item_payments(
    passed: Mapping[str, int], omissions_fen: int, kept_fen: int
) -> tuple[ItemPayment, ...]:
    """The account item by item: omissions and retention spread by largest remainder."""
    omitted = _spread(omissions_fen, passed)
    certified = {key: value - omitted[key] for key, value in passed.items()}
    kept = _spread(kept_fen, certified)
    return tuple(
        ItemPayment(
            item_id=key,
            certified_fen=value,
            retention_fen=kept[key],
            payable_fen=value - kept[key],
        )
        for key, value in certified.items()
    )


def less_wages(items: Sequence[ItemPayment], ahead_fen: int) -> tuple[tuple[ItemPayment, ...], int]:
    """The account less what was paid in wages ahead of it, and how much of that is taken off now (rules 4.2).

    Spread over what is payable by largest remainder; no item goes below zero.
    """
    back = min(ahead_fen, sum(item.payable_fen for item in items))
    parts = _spread(back, {item.item_id: item.payable_fen for item in items})
    return tuple(
        item.model_copy(
            update={
                "deductions_fen": item.deductions_fen + parts[item.item_id],
                "payable_fen": item.payable_fen - parts[item.item_id],
            }
        )
        for item in items
    ), back


def wage_part(paid_fen: int, contract_fen: int, timetable: Timetable) -> Decision:
    """Whether wages stay within the part of a contract's price that is labour (rules 4.2)."""
    most = Fraction(contract_fen * timetable.wage_permille, PERMILLE)
    return decide(check("inspection.wage_part", "rules 4.2", paid_fen, "<=", most, "fen"))


def variation_check(changed_fen: int, contract_fen: int, timetable: Timetable) -> Check:
    """A variation above a part of the contract needs a new decision of the owners (E33)."""
    return check(
        "inspection.variation",
        "rules E33",
        changed_fen,
        "<=",
        Fraction(contract_fen * timetable.variation_permille, PERMILLE),
        "fen",
    )


def _inspector_problems(item: ItemFacts, inspector: Actor, contractor_id: str) -> Iterable[Problem]:
    if inspector.role is Role.CONTRACTOR or is_same(contractor_id, inspector.id):
        yield _problem(Duty.INSPECT_BUILT.value, item, actor=inspector.id)
    elif inspector.role not in INSPECTORS:
        yield _problem("inspection.not_a_supervisor", item, role=inspector.role.value)
    failure = item.last_failure
    if failure is not None and is_same(failure.inspector_id, inspector.id):
        yield _problem(Duty.INSPECT_AGAIN.value, item, actor=inspector.id)


def _payment_checks(
    certified_fen: int, contract_fen: int, kept_fen: int, timetable: Timetable
) -> tuple[Check, ...]:
    most = Fraction(certified_fen * timetable.retention_permille, PERMILLE)
    return (
        check(
            "inspection.certified_within_contract",
            "Quality Regs art. 37(2)",
            certified_fen,
            "<=",
            contract_fen,
            "fen",
        ),
        check("inspection.retention", "Jianzhi 2017 no. 138 art. 7", kept_fen, "<=", most, "fen"),
    )


def _spread(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    return largest_remainder(total, weights) if total else dict.fromkeys(weights, 0)


def _problem(code: str, item: ItemFacts, **params: str | int) -> Problem:
    return Problem(code=code, params={"item": item.id, **params})
