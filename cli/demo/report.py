"""What the demo tells in the end: one JSON object for programs, tables for people."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from pydantic import JsonValue
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.demo.facts import CheckFact, EventFact, Facts
from cli.demo.figures import YUAN
from models.values.base import Value

MOST_DETAILS = 60


class Ballots(Value):
    """What the service answered to the ballots of the demo."""

    accepted: int
    repeated: int
    """The same ballot again under the same command id: the same receipt, counted once."""
    refused: dict[str, int]


class DemoReport(Value):
    """How one journey went."""

    renovation_id: str
    units: int
    ballots: Ballots
    facts: Facts
    wall_s: int
    """Hundredths of a second from the opening to the end, without the start of the servers."""

    def to_json(self) -> dict[str, JsonValue]:
        """The object of `--json`; money in fen."""
        facts = self.facts
        return {
            "renovation_id": self.renovation_id,
            "state": facts.state,
            "stages": [stage.model_dump(mode="json") for stage in facts.stages],
            "units": self.units,
            "ballots": self.ballots.model_dump(mode="json"),
            "checks": [check.model_dump(mode="json") for check in facts.checks],
            "shares_total": facts.shares.rows_fen,
            "shares_total_award": facts.shares.award_fen,
            "shares_sum_exact": facts.shares.exact,
            "bids": facts.bids,
            "contract_value": facts.contract_value_fen,
            "inspections": [each.model_dump(mode="json") for each in facts.inspections],
            "tickets": [each.model_dump(mode="json") for each in facts.tickets],
            "history_events": {**facts.history_events},
            "history_events_total": sum(facts.history_events.values()),
            "event_chain_ok": facts.event_chain_ok,
            "wall_s": self.wall_s / 100,
        }


def report_tables(report: DemoReport) -> RenderableType:
    """The timeline, the checks and the summary."""
    return Group(
        timeline_table(report.facts.events), checks_table(report.facts.checks), _summary(report)
    )


def timeline_table(events: Iterable[EventFact]) -> Table:
    """The events in their order; a run of the same kind is one line with its count."""
    table = Table("date", "who", "event", "times", "details", title="Timeline (case time)")
    for kind, run in groupby(events, key=lambda event: event.kind):
        same = list(run)
        details = _brief(same[-1]) if len(same) == 1 else ""
        who = same[0].actor if len({event.actor for event in same}) == 1 else "…"
        times = str(len(same)) if len(same) > 1 else ""
        table.add_row(same[0].happened_on[:10], who, kind, times, details)
    return table


def checks_table(checks: Iterable[CheckFact]) -> Table:
    """One line for each legal test: the last figures, and how many there were."""
    table = Table("check", "have", "", "need", "unit", "passed", "article", title="Legal checks")
    for group in _grouped(checks):
        last = group[-1]
        name = f"{last.code} ({last.motion})" if last.motion else last.code
        passed = sum(check.passed is True for check in group)
        words = "yes" if passed == len(group) == 1 else f"{passed} of {len(group)}"
        table.add_row(name, str(last.have), last.op, str(last.need), last.unit, words, last.article)
    return table


def _grouped(checks: Iterable[CheckFact]) -> Iterator[list[CheckFact]]:
    groups: dict[tuple[str, str], list[CheckFact]] = {}
    for check in checks:
        groups.setdefault((check.code, check.motion), []).append(check)
    yield from groups.values()


def _summary(report: DemoReport) -> Table:
    facts, ballots = report.facts, report.ballots
    refused = ", ".join(f"{count} × {reason}" for reason, count in sorted(ballots.refused.items()))
    fails = sum(each.outcome == "FAIL" for each in facts.inspections)
    table = Table("", "", title="Summary", show_header=False)
    rows = (
        ("renovation", f"{report.renovation_id}: {facts.state} (synthetic data)"),
        ("stages", ", ".join(f"{stage.name}: {stage.outcome}" for stage in facts.stages)),
        ("units", f"{report.units:,}"),
        (
            "ballots",
            f"{ballots.accepted:,} accepted, {ballots.repeated} sent twice and counted once, "
            f"refused: {refused or '-'}",
        ),
        (
            "shares",
            f"{_yuan(facts.shares.rows_fen)} yuan, "
            f"{'exact to the fen' if facts.shares.exact else 'NOT EXACT'}; "
            f"by the award {_yuan(facts.shares.award_fen)} yuan",
        ),
        ("bids", f"{facts.bids}, contract {_yuan(facts.contract_value_fen)} yuan"),
        ("inspections", f"{len(facts.inspections)}, of which {fails} failed"),
        (
            "complaints",
            ", ".join(
                f"{each.state} at {each.level} after {each.escalations} escalations"
                for each in facts.tickets
            )
            or "-",
        ),
        (
            "Temporal history",
            f"{sum(facts.history_events.values()):,} events in "
            f"{len(facts.history_events)} kinds of workflow",
        ),
        ("event chain", "verified" if facts.event_chain_ok else "BROKEN"),
        ("time", f"{report.wall_s / 100:.1f} s"),
    )
    for name, value in rows:
        table.add_row(name, Text(value))
    return table


def _yuan(fen: int | None) -> str:
    if fen is None:
        return "-"
    yuan, rest = divmod(fen, YUAN)
    return f"{yuan:,}.{rest:02d}" if rest else f"{yuan:,}"


def _brief(event: EventFact) -> str:
    words = " ".join(f"{name}={value}" for name, value in event.summary.items() if value != "")
    return words if len(words) <= MOST_DETAILS else f"{words[:MOST_DETAILS]}…"
