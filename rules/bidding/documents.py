"""The terms of the tender documents that the law limits: rules B-10, B-17, and the benchmark method."""

from fractions import Fraction

from models.values.bidding import BenchmarkTerms, Method
from models.values.cost_sharing import PERMILLE
from models.values.decisions.decision import Check, Decision
from models.values.refusal import refusal
from models.values.scheme import TenderPlan
from models.values.timetable import Timetable
from rules.checks import check, decide


def method_named(name: str) -> Method:
    """The method with this name.

    Raises:
        Refused: `bidding.method_unknown`.
    """
    try:
        return Method(name)
    except ValueError as error:
        known = ", ".join(Method)
        raise refusal("bidding.method_unknown", method=name, known=known) from error


def document_terms(plan: TenderPlan, timetable: Timetable) -> Decision:
    """Whether documents with these terms may be published: bond, retention, benchmark, order of ties.

    A term above its limit is a fault of the documents, not of a bid: it stops the tender and is
    never cut down in silence.
    """
    return decide(
        *bid_bond(plan.bid_bond_fen, plan.estimate_fen, timetable).checks,
        *retention(plan.retention_permille, timetable).checks,
        *benchmark_terms(plan),
        check(
            "bidding.ties_once",
            "Tendering Regs art. 49",
            len(set(plan.ties)),
            "==",
            len(plan.ties),
            "steps",
        ),
    )


def bid_bond(bond_fen: int, estimate_fen: int, timetable: Timetable) -> Decision:
    """The bond that the documents ask for is at most 2 % of the estimate (B-17)."""
    return decide(
        check(
            "bidding.bid_bond",
            "Tendering Regs art. 26",
            bond_fen,
            "<=",
            Fraction(estimate_fen * timetable.bid_bond_permille, PERMILLE),
            "fen",
        )
    )


def retention(permille: int, timetable: Timetable) -> Decision:
    """The quality retention is at most 3 % of the settlement (Jianzhi 2017 no. 138)."""
    return decide(
        check(
            "bidding.retention",
            "Jianzhi 2017 no. 138",
            permille,
            "<=",
            timetable.retention_permille,
            "permille",
        )
    )


def benchmark_terms(plan: TenderPlan) -> tuple[Check, ...]:
    """The benchmark method needs a benchmark, and takes more off above it than below [M]."""
    if plan.method != Method.COMPREHENSIVE_BENCHMARK:
        return ()
    article = "Tendering Regs art. 49; standard documents of 2007"
    given = check(
        "bidding.benchmark_given", article, int(plan.benchmark is not None), "==", 1, "benchmarks"
    )
    terms = plan.benchmark or BenchmarkTerms()
    named = 1 if terms.price_fen is None else terms.price_fen
    return (
        given,
        check("bidding.benchmark_price", article, named, ">", 0, "fen"),
        check(
            "bidding.benchmark_above", article, terms.above, ">", terms.below, "points a percent"
        ),
        check("bidding.benchmark_below", article, terms.below, ">=", 0, "points a percent"),
    )
