"""The report of the demo: one JSON object for programs, tables for people."""

from collections.abc import Iterable
from itertools import groupby

from pydantic import JsonValue
from rich.box import SIMPLE, SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.demo.facts import CheckFact, EventFact, JourneyFacts, TicketFact
from cli.demo.proof import VoteProof
from cli.demo.town.figures import YUAN
from cli.words import listed, named, number_of, said, spoken_here
from models.values.base import Value
from runtime.language.citations import cited

TIMETABLE = "timetable.*"
CASE = "demo.line.case"


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
    by_letter: int
    by_portal: int
    """Households that entered with a letter, and over the portal."""
    in_portal: int
    """Households whose ballots the portal handed in."""
    by_agent: int
    """Households for which an agent has entered and voted."""
    facts: JourneyFacts
    proof: VoteProof
    notices: int = 0
    mails: int = 0
    """How many of the notices arrived at the demo's mail server."""
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
            "entered": {
                "by_letter": self.by_letter,
                "by_portal": self.by_portal,
                "in_portal": self.in_portal,
                "by_agent": self.by_agent,
            },
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
            "notices": self.notices,
            "mails": self.mails,
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
    table = Table(title=said("demo.line.timeline"), box=SIMPLE_HEAD)
    for name in ("demo.line.date", "line.event", "demo.line.times"):
        table.add_column(said(name), no_wrap=True)
    table.add_column(said("line.who"), no_wrap=True, overflow="ellipsis")
    for kind, run in groupby(events, key=lambda event: event.kind):
        same = list(run)
        who = same[0].actor if len({event.actor for event in same}) == 1 else "…"
        times = f"{len(same)} ×" if len(same) > 1 else ""
        table.add_row(same[0].happened_on[:10], named("event", kind), times, who)
    return table


def checks_table(checks: Iterable[CheckFact]) -> Table:
    """One line for each legal test with its last figures; the periods of the timetable on one."""
    table = Table(title=said("demo.line.checks"), box=SIMPLE_HEAD)
    table.add_column(said("demo.line.check"), no_wrap=True)
    table.add_column(said("demo.line.passed"), no_wrap=True, min_width=8)
    table.add_column(said("demo.line.test"), no_wrap=True)
    table.add_column(said("demo.line.article"), no_wrap=True, overflow="ellipsis", max_width=44)
    for name, group in _grouped(checks).items():
        last = group[-1]
        passed = sum(check.passed is True for check in group)
        if len(group) == 1:
            words = said("line.yes" if passed else "line.no")
        else:
            words = said("demo.line.of", passed=passed, all=len(group))
        if name == TIMETABLE:
            table.add_row(name, words, said("demo.line.periods"), "")
        else:
            test = f"{last.have} {last.op} {last.need} {named('measure', last.unit)}"
            table.add_row(name, words, test, cited(last.article, spoken_here()))
    return table


def _grouped(checks: Iterable[CheckFact]) -> dict[str, list[CheckFact]]:
    groups: dict[str, list[CheckFact]] = {}
    for check in checks:
        name = f"{check.code} ({check.motion})" if check.motion else check.code
        groups.setdefault(TIMETABLE if name.startswith("timetable.") else name, []).append(check)
    return groups


def _summary(report: DemoReport) -> Table:
    table = Table("", "", title=said("demo.line.summary"), show_header=False, box=SIMPLE)
    for name, value in _summary_rows(report).items():
        table.add_row(said(name), Text(value))
    return table


def _summary_rows(report: DemoReport) -> dict[str, str]:
    facts = report.facts
    moved = number_of("moves", facts.clock_moves)
    state, day = named("state", facts.state), facts.closed_on or "-"
    ended = said("demo.line.state_on", renovation=report.renovation_id, state=state, day=day)
    seconds = f"{report.wall_cs / 100:.1f}"
    return {
        "line.renovation": ended,
        "demo.line.what": listed((said(CASE), moved)),
        "demo.line.stages": listed(
            said("line.named", name=named("stage", each.name), value=named("outcome", each.outcome))
            for each in facts.stages
        ),
        "demo.line.units": f"{report.units:,}",
        "demo.line.ballots": _ballots(report.ballots),
        "demo.line.entered": said(
            "demo.line.ways",
            letters=f"{report.by_letter:,}",
            portal=f"{report.by_portal:,}",
            inside=f"{report.in_portal:,}",
            agents=f"{report.by_agent:,}",
        ),
        "demo.line.shares": _shares(facts),
        "demo.line.bids": said(
            "demo.line.contract",
            bids=number_of("bids", facts.bids),
            yuan=_yuan(facts.contract_value_fen),
        ),
        "demo.line.inspections": _inspections(facts),
        "demo.line.complaints": listed(map(_complaint, facts.tickets)) or "-",
        "demo.line.history": said(
            "demo.line.history_of",
            events=number_of("events", sum(facts.history_events.values())),
            kinds=number_of("workflow_kinds", len(facts.history_events)),
        ),
        "demo.line.chain": said(
            "demo.line.verified" if facts.event_chain_ok else "demo.line.broken"
        ),
        "demo.line.proof": _proof(report.proof),
        "demo.line.notices": said("demo.line.mails", notices=report.notices, mails=report.mails),
        "demo.line.time": said("demo.line.seconds", seconds=seconds),
    }


def _ballots(ballots: BallotAnswers) -> str:
    refused = (f"{count} × {reason}" for reason, count in sorted(ballots.refused.items()))
    accepted = number_of("accepted", ballots.accepted)
    twice = number_of("twice", ballots.repeated)
    return said("demo.line.refused", accepted=accepted, twice=twice, refused=listed(refused) or "-")


def _shares(facts: JourneyFacts) -> str:
    amounts = {"shares": _yuan(facts.shares.rows_fen), "award": _yuan(facts.shares.award_fen)}
    return said("demo.line.exact" if facts.shares.exact else "demo.line.not_exact", **amounts)


def _inspections(facts: JourneyFacts) -> str:
    fails = sum(each.outcome == "FAIL" for each in facts.inspections)
    made = number_of("inspections", len(facts.inspections))
    return said("demo.line.of_which", inspections=made, failed=number_of("failed", fails))


def _complaint(ticket: TicketFact) -> str:
    escalations = number_of("escalations", ticket.escalations)
    state, level = named("state", ticket.state), named("level", ticket.level)
    return said("demo.line.complaint", state=state, level=level, escalations=escalations)


def _proof(proof: VoteProof) -> str:
    code = "demo.line.proof_holds" if proof.verified else "demo.line.proof_refused"
    return said(code, ballots=number_of("sealed", proof.ballots), root=proof.root[:16])


def _yuan(fen: int | None) -> str:
    if fen is None:
        return "-"
    yuan, rest = divmod(fen, YUAN)
    return f"{yuan:,}.{rest:02d}" if rest else f"{yuan:,}"
