"""Event logs are what the standards describe; PM4Py, in a process of its own, is the foreign reader."""

import csv
import io
import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from formats.event_logs import OBJECTS, XES, LogFormat, LoggedEvent, log_text

BEGAN = datetime(2025, 3, 3, 1, tzinfo=UTC)
PM4PY = os.environ.get("GONGJIAN_PM4PY", "")
"""The Python of a venv with PM4Py (AGPL: never imported here); `sh tools/pm4py.sh` makes one."""


def event(seq: int, activity: str, hours: int, **about: str) -> LoggedEvent:
    at = BEGAN + timedelta(hours=hours)
    return LoggedEvent(seq, activity, at, at, "=SUM(A1)", "supervisor", "d/s", "0" * 64, about)


LOG = [
    event(1, "renovation.opened", 0),
    event(2, "inspection.item_reported", 24, item="roof"),
    event(3, "inspection.inspection_recorded", 72, item="roof"),
    event(4, "inspection.item_reported", 96, item="roof"),
    event(5, "inspection.inspection_recorded", 120, item="roof"),
    event(6, "renovation.closed", 240, contract="r1.contract"),
]
"""Planted: the first inspection fails and is done again; it came two days after the report, the second one after one."""


def test_a_log_as_xes_has_one_trace_whose_events_have_name_moment_and_resource() -> None:
    log = ET.fromstring(log_text(LogFormat.XES, "r1", "屋面", LOG))
    space = {"x": XES}
    assert [each.get("prefix") for each in log.findall("x:extension", space)] == [
        *("concept", "time", "org", "lifecycle")
    ]
    (trace,) = log.findall("x:trace", space)
    events = trace.findall("x:event", space)
    keys = [{part.get("key"): part.get("value") for part in each} for each in events]
    assert [each["concept:name"] for each in keys] == [each.activity for each in LOG]
    assert keys[1]["time:timestamp"] == "2025-03-04T01:00:00.000+00:00"
    assert {each["org:resource"] for each in keys} == {"=SUM(A1)"}


def test_a_log_as_ocel_names_each_type_and_object_once() -> None:
    log = json.loads(log_text(LogFormat.OCEL, "r1", "屋面", LOG))
    assert set(log) == {"objectTypes", "eventTypes", "objects", "events"}
    types = [each["name"] for each in log["objectTypes"]]
    objects = {each["id"]: each["type"] for each in log["objects"]}
    assert types == ["renovation", "contract", "work_item"]
    assert objects == {"r1": "renovation", "roof": "work_item", "r1.contract": "contract"}
    assert {each["name"] for each in log["eventTypes"]} == {each.activity for each in LOG}
    for each in log["events"]:
        assert {related["objectId"] for related in each["relationships"]} <= objects.keys()
    assert set(OBJECTS.values()) >= set(types) - {"renovation"}


def test_a_log_as_csv_holds_no_formula() -> None:
    head, *rows = csv.reader(io.StringIO(log_text(LogFormat.CSV, "r1", "屋面", LOG)))
    found = [dict(zip(head, row, strict=True)) for row in rows]
    assert {each["resource"] for each in found} == {"'=SUM(A1)"}
    assert [each["seq"] for each in found] == ["1", "2", "3", "4", "5", "6"]


ASK = """
import json, sys, pm4py
log = pm4py.read_xes(sys.argv[1])
ocel = pm4py.read_ocel2_json(sys.argv[2])
graph, starts, ends = pm4py.discover_dfg(log)
performance, _, _ = pm4py.discover_performance_dfg(log)
print(json.dumps({
  "graph": [[*pair, count] for pair, count in graph.items()],
  "starts": starts, "ends": ends,
  "mean_s": [[*pair, each["mean"]] for pair, each in performance.items()],
  "objects": sorted(map(str, ocel.objects["ocel:oid"])),
  "events": len(ocel.events),
}))
"""


@pytest.mark.slow
@pytest.mark.skipif(not PM4PY, reason="no PM4Py: sh tools/pm4py.sh, then GONGJIAN_PM4PY")
def test_pm4py_discovers_the_planted_order_and_durations(tmp_path: Path) -> None:
    xes, ocel = tmp_path / "r1.xes", tmp_path / "r1.jsonocel"
    xes.write_text(log_text(LogFormat.XES, "r1", "屋面", LOG), encoding="utf-8")
    ocel.write_text(log_text(LogFormat.OCEL, "r1", "屋面", LOG), encoding="utf-8")
    asked = (PM4PY, "-c", ASK, str(xes), str(ocel))
    answer = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=120)
    found = json.loads(answer.stdout.splitlines()[-1])
    reported, inspected = "inspection.item_reported", "inspection.inspection_recorded"
    graph = {(one, other): number for one, other, number in found["graph"]}
    assert graph == {
        ("renovation.opened", reported): 1,
        (reported, inspected): 2,
        (inspected, reported): 1,
        (inspected, "renovation.closed"): 1,
    }
    assert (found["starts"], found["ends"]) == ({"renovation.opened": 1}, {"renovation.closed": 1})
    mean = {(one, other): seconds for one, other, seconds in found["mean_s"]}
    assert mean[reported, inspected] == (48 + 24) / 2 * 3600
    assert mean[inspected, reported] == 24 * 3600
    assert found["objects"] == ["r1", "r1.contract", "roof"]
    assert found["events"] == len(LOG)
