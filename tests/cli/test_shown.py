"""Moments are shown on the wall clock of the place, wherever that is."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console
from rich.table import Table
from typer.testing import CliRunner

from cli.clock import agenda_table
from cli.main import app
from cli.shown import CaseLine, history_table, list_table
from models.tables import Event, Renovation
from models.values.timetable import Timetable
from models.values.waits import Consequence
from runtime.database import Database
from runtime.local.programs import ROOT
from service.clock.bodies import ClockView, WaitView
from tests.support.estate import make_renovation

RUNNER = CliRunner()
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
ZONES = {"Asia/Shanghai": "2026-07-01 20:00", "America/Los_Angeles": "2026-07-01 05:00"}
ROOMS = (
    "activities",
    "cli",
    "formats",
    "models",
    "proof",
    "rules",
    "runtime",
    "service",
    "workflows",
)
NAMED = re.compile(r"""ZoneInfo\(\s*["']|["'](?:Asia|Europe|America|Australia|Africa)/\w""")


def printed(table: Table) -> str:
    console = Console(width=200)
    with console.capture() as shown:
        console.print(table)
    return shown.get()


@pytest.mark.parametrize("zone", ZONES)
async def test_a_case_is_shown_in_its_own_zone(
    database: Database, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url)
    for key in ("CREDENTIAL", "RECEIPT"):
        monkeypatch.setenv(f"GONGJIAN_{key}_KEY", "ab" * 32)
    timetable = Timetable(zone=zone)
    rid = f"r{zone[:2].lower()}shown"
    await make_renovation(database, rid=rid, told_at=NOON, timetable=timetable)
    result = await asyncio.to_thread(RUNNER.invoke, app, ["status", rid])
    assert f"opened           {ZONES[zone]}\n" in result.output


@pytest.mark.parametrize("zone", ZONES)
def test_the_record_and_the_list_are_shown_in_the_zone_of_the_case(zone: str) -> None:
    event = Event(
        seq=1,
        happened_at=NOON,
        actor_label="Street office",
        actor_role="street_office",
        kind="renovation.opened",
        details={},
    )
    timetable = Timetable(zone=zone).model_dump(mode="json")
    row = Renovation(id="r1", title="Estate", timetable=timetable, due_at=NOON, head_seq=1)
    assert ZONES[zone] in printed(history_table([event], zone))
    assert ZONES[zone] in printed(list_table([CaseLine(row, told=False, now=NOON)]))


@pytest.mark.parametrize("zone", ZONES)
def test_an_agenda_is_shown_in_the_zone_of_its_case(zone: str) -> None:
    wait = WaitView(
        what="ballots", due_at=NOON, who="owners", consequence=Consequence.NONE, workflow_id="w"
    )
    clock = ClockView(
        renovation_id="r1",
        clock="told",
        zone=zone,
        now=NOON - timedelta(days=1),
        settled=True,
        holds=(),
        waits=(wait,),
    )
    assert ZONES[zone] in printed(agenda_table(clock, "en"))


def test_no_zone_is_written_into_the_code_but_the_default_of_the_timetable() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if NAMED.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"models/values/timetable.py"}
