"""The report of the demo: one JSON object for programs, tables for people."""

from collections.abc import Iterable
from itertools import groupby

from pydantic import JsonValue
from rich.box import SIMPLE, SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.demo.facts import CheckFact, EventFact, JourneyFacts
from cli.demo.proof import VoteProof
from cli.demo.town.figures import YUAN
from models.values.base import Value

TIMETABLE = "timetable.*"
CASE = "training case, told clock, invented data"


class BallotAnswers(Value):
    """What the service answered to the ballots of the demo."""

    accepted: int
    repeated: int
    """The same ballot again under the same command id: the same receipt, counted once."""
    refused: dict[str, int]


class DemoReport(Value):
    """How one journey went."""

    renovation_id: str
    units: int
    ballots: BallotAnswers
    facts: JourneyFacts
    proof: VoteProof
    wall_cs: int
    """Hundredths of a second from the opening to the end, without the start of the servers."""

    def to_json(self) -> dict[str, JsonValue]:
        """The object of `--json`; money in fen."""
        facts = self.facts
        return {
            "renovation_id": self.renovation_id,
            "state": facts.state,
            "closed_on": facts.closed_on,
            "clock_moves": facts.clock_moves,
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
            "vote_proof": self.proof.model_dump(mode="json"),
            "wall_s": self.wall_cs / 100,
        }


def report_tables(report: DemoReport) -> RenderableType:
    """The timeline, the checks and the summary."""
    return Group(
        timeline_table(report.facts.events), checks_table(report.facts.checks), _summary(report)
    )


def timeline_table(events: Iterable[EventFact]) -> Table:
    """The events in their order; a run of the same kind is one line with its count."""
    table = Table(title="Timeline (case time)", box=SIMPLE_HEAD)
    for name in ("date", "event", "times"):
        table.add_column(name, no_wrap=True)
    table.add_column("who", no_wrap=True, overflow="ellipsis")
    for kind, run in groupby(events, key=lambda event: event.kind):
        same = list(run)
        who = same[0].actor if len({event.actor for event in same}) == 1 else "…"
        times = f"{len(same)} ×" if len(same) > 1 else ""
        table.add_row(same[0].happened_on[:10], kind, times, who)
    return table


def checks_table(checks: Iterable[CheckFact]) -> Table:
    """One line for each legal test with its last figures; the periods of the timetable on one."""
    table = Table(title="Legal checks", box=SIMPLE_HEAD)
    table.add_column("check", no_wrap=True)
    table.add_column("passed", no_wrap=True, min_width=8)
    table.add_column("test", no_wrap=True)
    table.add_column("article", no_wrap=True, overflow="ellipsis", max_width=44)
    for name, group in _grouped(checks).items():
        last = group[-1]
        passed = sum(check.passed is True for check in group)
        words = ("yes" if passed else "no") if len(group) == 1 else f"{passed} of {len(group)}"
        if name == TIMETABLE:
            table.add_row(name, words, "each period within the law", "")
        else:
            test = f"{last.have} {last.op} {last.need} {last.unit}"
            table.add_row(name, words, test, last.article)
    return table


def _grouped(checks: Iterable[CheckFact]) -> dict[str, list[CheckFact]]:
    groups: dict[str, list[CheckFact]] = {}
    for check in checks:
        name = f"{check.code} ({check.motion})" if check.motion else check.code
        groups.setdefault(TIMETABLE if name.startswith("timetable.") else name, []).append(check)
    return groups


def _summary(report: DemoReport) -> Table:
    facts, ballots = report.facts, report.ballots
    refused = ", ".join(f"{count} × {reason}" for reason, count in sorted(ballots.refused.items()))
    fails = sum(each.outcome == "FAIL" for each in facts.inspections)
    complaints = (
        f"{each.state} at {each.level} after {each.escalations} escalations"
        for each in facts.tickets
    )
    exact = "exact to the fen" if facts.shares.exact else "NOT EXACT"
    shares, award = _yuan(facts.shares.rows_fen), _yuan(facts.shares.award_fen)
    accepted = f"{ballots.accepted:,} accepted, {ballots.repeated} sent twice and counted once"
    history = sum(facts.history_events.values())
    rows = {
        "renovation": f"{report.renovation_id}: {facts.state} on {facts.closed_on or '-'}",
        "what it is": f"{CASE}; the clock was moved {facts.clock_moves} times",
        "stages": ", ".join(f"{stage.name}: {stage.outcome}" for stage in facts.stages),
        "units": f"{report.units:,}",
        "ballots": f"{accepted}; refused: {refused or '-'}",
        "shares": f"{shares} yuan, {exact}; by the award {award} yuan",
        "bids": f"{facts.bids}, contract {_yuan(facts.contract_value_fen)} yuan",
        "inspections": f"{len(facts.inspections)}, of which {fails} failed",
        "complaints": ", ".join(complaints) or "-",
        "Temporal history": f"{history:,} events, {len(facts.history_events)} kinds of workflow",
        "event chain": "verified" if facts.event_chain_ok else "BROKEN",
        "proof of the vote": _proof(report.proof),
        "time": f"{report.wall_cs / 100:.1f} s without the start of the servers",
    }
    table = Table("", "", title="Summary", show_header=False, box=SIMPLE)
    for name, value in rows.items():
        table.add_row(name, Text(value))
    return table


def _proof(proof: VoteProof) -> str:
    said = "recomputed by the bundle's verify.py" if proof.verified else "REFUSED by its verify.py"
    return f"{proof.ballots:,} sealed ballots, tree {proof.root[:16]}…, {said}"


def _yuan(fen: int | None) -> str:
    if fen is None:
        return "-"
    yuan, rest = divmod(fen, YUAN)
    return f"{yuan:,}.{rest:02d}" if rest else f"{yuan:,}"
