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
from cli.reading.history import history_table
from cli.shown import list_table, status_json, status_lines, stuck_table
from models.values.timetable import Timetable
from models.values.waits import Consequence
from rules.history.levels import HistoryLevel
from rules.history.recorded import RecordedEvent
from runtime.database import Database
from runtime.history.entries import history_lines
from runtime.local.programs import ROOT
from runtime.record.cases import CaseRow, Trouble
from runtime.record.consents import OccupiedPart
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
    event = RecordedEvent(
        seq=1,
        kind="renovation.opened",
        happened_at=NOON,
        recorded_at=NOON,
        actor_id="street-1",
        actor_role="street_office",
        actor_label="Street office",
        actor_place="d/s",
        on_behalf_of=None,
        details={},
        rule_pack="CN-2021",
        hash="",
    )
    case = case_in(zone)
    lines = history_lines([event], HistoryLevel.ALL, "en", zone)
    for table in (history_table(lines, zone), list_table([case]), stuck_table([case])):
        assert ZONES[zone] in printed(table)


def case_in(zone: str) -> CaseRow:
    """A case that waits for the committee, with a step that broke."""
    return CaseRow(
        id="r1",
        title="Estate",
        place_path="d/s/c/g",
        stage="voting",
        state="running",
        waiting_for="open_vote",
        due_at=NOON,
        rule_pack="CN-2021",
        workflow_id="w",
        opened_at=NOON,
        closed_at=None,
        events=1,
        told_now=None,
        ran_fast=False,
        zone=zone,
        needs_attention=(
            Trouble(
                workflow_id="w",
                step="voting.box_closed",
                by_act=False,
                error="KeyError",
                reference="abc",
                since=NOON,
            ),
        ),
    )


def test_status_names_the_units_whose_owners_have_not_consented_to_a_work() -> None:
    part = OccupiedPart(work_id="lift-1", unit_number="1-101")
    case = case_in("UTC").model_copy(update={"consents_missing": (part,)})
    assert ("consent missing", "work lift-1, unit 1-101") in status_lines(case)
    assert status_json(case)["consents_missing"] == [part.model_dump()]


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
    assert ZONES[zone] in printed(agenda_table(clock))


def test_no_zone_is_written_into_the_code_but_the_default_of_the_timetable() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if NAMED.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"models/values/timetable.py"}
