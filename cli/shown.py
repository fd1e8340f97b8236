"""Formats cases for a terminal or as JSON: the list, one case, its history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import JsonValue
from rich.console import Console
from rich.table import Table

from models.values.timetable import Timetable

if TYPE_CHECKING:
    # For a rule or a menu nobody needs the database.
    from models.tables import Event, Renovation

MOST_DETAILS = 90
WIDE = 140
"""Columns of a table that goes into a file or a pipe."""


def result_console() -> Console:
    """Standard output, as wide as the terminal."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDE)


class CaseLine(NamedTuple):
    """A renovation and its time: whether its clock is told, and its tick."""

    row: Renovation
    told: bool
    now: datetime

    @property
    def zone(self) -> str:
        """The zone of the place, in which its days begin and end."""
        return Timetable.model_validate(self.row.timetable).zone


def list_table(cases: Iterable[CaseLine]) -> Table:
    """Every renovation on one line."""
    table = Table("renovation", "title", "stage", "state", "waiting for", "due", "events", "clock")
    for case in cases:
        row = case.row
        table.add_row(
            row.id,
            row.title,
            row.stage,
            row.state,
            row.waiting_for,
            moment(row.due_at, case.zone),
            str(row.head_seq),
            "told" if case.told else "wall",
        )
    return table


def status_lines(case: CaseLine) -> list[tuple[str, str]]:
    """What an official wants to know about one case, as names and words."""
    row = case.row
    return [
        ("renovation", row.id),
        ("title", row.title),
        ("place", row.place_path),
        ("state", row.state),
        ("stage", row.stage),
        ("waiting for", row.waiting_for or "-"),
        ("due (case time)", moment(row.due_at, case.zone)),
        ("rule pack", row.rule_pack),
        ("clock", clock_words(case)),
        *([("it stands at", moment(case.now, case.zone))] if case.told else []),
        ("opened", moment(row.opened_at, case.zone)),
        ("closed", moment(row.closed_at, case.zone)),
        ("events", str(row.head_seq)),
        ("workflow", row.workflow_id),
    ]


def clock_words(case: CaseLine) -> str:
    """What kind of time a case has."""
    if case.told:
        return "told (training case)"
    return "sandbox of an earlier release" if case.row.clock else "real time"


def history_table(events: Sequence[Event], zone: str) -> Table:
    """The events in their order: when by the clocks of the place, who in which capacity, what."""
    table = Table("seq", "case time", "who", "role", "event", "details")
    for event in events:
        table.add_row(
            str(event.seq),
            moment(event.happened_at, zone),
            event.actor_label,
            event.actor_role,
            event.kind,
            brief(event.details),
        )
    return table


def event_json(event: Event) -> dict[str, JsonValue]:
    """One event as it is exported, with the hashes that prove it."""
    return {
        "seq": event.seq,
        "kind": event.kind,
        "happened_at": event.happened_at.isoformat(),
        "recorded_at": event.recorded_at.isoformat(),
        "actor": {
            "id": event.actor_id,
            "role": event.actor_role,
            "label": event.actor_label,
            "place": event.actor_place,
            "on_behalf_of": event.on_behalf_of,
        },
        "command_id": event.command_id,
        "details": event.details,
        "rule_pack": event.rule_pack,
        "workflow_id": event.workflow_id,
        "run_id": event.run_id,
        "prev_hash": event.prev_hash,
        "hash": event.hash,
    }


def status_json(case: CaseLine) -> dict[str, JsonValue]:
    """One case for a program."""
    row = case.row
    return {
        "id": row.id,
        "title": row.title,
        "place": row.place_path,
        "state": row.state,
        "stage": row.stage,
        "waiting_for": row.waiting_for,
        "due_at": row.due_at.isoformat() if row.due_at else None,
        "rule_pack": row.rule_pack,
        "clock": "told" if case.told else "wall",
        "stands_at": case.now.isoformat() if case.told else None,
        "sandbox": case.told or bool(row.clock),
        "events": row.head_seq,
        "workflow_id": row.workflow_id,
    }


def moment(value: datetime | None, zone: str) -> str:
    """A moment on a wall clock of the place, whose zone is that of the timetable."""
    return value.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M") if value else "-"


def brief(details: dict[str, JsonValue]) -> str:
    """The plain details of an event on one short line; lists and trees are for --json."""
    words = [
        f"{name}={value}"
        for name, value in details.items()
        if isinstance(value, str | int) and value != ""
    ]
    line = " ".join(words)
    return line if len(line) <= MOST_DETAILS else f"{line[:MOST_DETAILS]}…"
