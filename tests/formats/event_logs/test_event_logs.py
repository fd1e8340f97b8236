"""Event logs are what the standards describe; a foreign reader reads them in `tests/workflows/journeys/test_mining.py`."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from formats.event_logs import OBJECTS, XES, LogFormat, LoggedEvent, log_text
from tests.support.fields.forbidden import OF_NO_LABEL

BEGAN = datetime(2025, 3, 3, 1, tzinfo=UTC)


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


def children(node: ET.Element) -> Iterator[tuple[str, ET.Element]]:
    return ((each.tag.removeprefix(f"{{{XES}}}"), each) for each in node)


READS: Mapping[str, Callable[[str], object]] = {
    "string": str,
    "date": datetime.fromisoformat,
    "int": int,
}
"""The types of attributes that we write, and what reads their values as the schema of the standard does."""


def test_a_log_as_xes_has_the_order_and_the_types_of_the_schema_of_the_standard() -> None:
    log = ET.fromstring(log_text(LogFormat.XES, "r1", "屋面", LOG))
    assert Decimal(log.attrib["xes.version"]) == Decimal("1849.2016")
    kinds = [kind for kind, _ in children(log)]
    order = ["extension", "global", "classifier", "trace"]
    assert kinds == sorted(kinds, key=order.index)
    declared = {
        part.attrib["key"]
        for kind, node in children(log)
        if kind == "global" and node.attrib["scope"] == "event"
        for part in node
    }
    for kind, node in children(log):
        if kind == "classifier":
            assert set(node.attrib["keys"].split()) <= declared
    prefixes = {node.attrib["prefix"] for kind, node in children(log) if kind == "extension"}
    (trace,) = (node for kind, node in children(log) if kind == "trace")
    holders = [trace, *(node for kind, node in children(trace) if kind == "event")]
    for holder in holders:
        keys = [part.attrib["key"] for kind, part in children(holder) if kind != "event"]
        assert len(keys) == len(set(keys))
        assert {key.partition(":")[0] for key in keys if ":" in key} <= prefixes
        assert all(re.fullmatch(r"[A-Za-z_:][\w:.-]*", key) for key in keys)
        for kind, part in children(holder):
            assert kind == "event" or READS[kind](part.attrib["value"]) is not None
        if holder is not trace:
            assert declared <= set(keys)


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


NAME = {"type": "string", "minLength": 1}
TIME = {"type": "string", "format": "date-time"}
RELATED = {"type": "array", "items": {"required": ["objectId", "qualifier"]}}


def each_has(**fields: object) -> dict[str, object]:
    """A list of objects with these fields and no others."""
    of_one = {"properties": fields, "required": [*fields], "additionalProperties": False}
    return {"type": "array", "items": {"type": "object", **of_one}}


TYPES = each_has(
    name=NAME,
    attributes=each_has(
        name=NAME, type={"enum": ["string", "time", "integer", "float", "boolean"]}
    ),
)
OCEL2 = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "required": ["objectTypes", "eventTypes", "objects", "events"],
    "properties": {
        "objectTypes": TYPES,
        "eventTypes": TYPES,
        "objects": each_has(
            id=NAME,
            type=NAME,
            attributes=each_has(name=NAME, time=TIME, value={}),
            relationships=RELATED,
        ),
        "events": each_has(
            id=NAME,
            type=NAME,
            time=TIME,
            attributes=each_has(name=NAME, value={}),
            relationships=RELATED,
        ),
    },
}
"""What the specification of OCEL 2.0 says of its JSON form (ocel-standard.org), as far as it says it."""
VALUES: Mapping[str, Callable[[object], object]] = {
    "string": lambda value: isinstance(value, str),
    "time": lambda value: datetime.fromisoformat(str(value)).tzinfo,
    "integer": lambda value: type(value) is int,
}


def test_a_log_as_ocel_has_the_form_and_the_types_that_it_declares() -> None:
    log = json.loads(log_text(LogFormat.OCEL, "r1", "屋面", LOG))
    Draft202012Validator(OCEL2, format_checker=FormatChecker()).validate(log)
    for things, types in (("events", "eventTypes"), ("objects", "objectTypes")):
        declared = {
            each["name"]: {name["name"]: name["type"] for name in each["attributes"]}
            for each in log[types]
        }
        ids = [each["id"] for each in log[things]]
        assert len(ids) == len(set(ids))
        for each in log[things]:
            for said in each["attributes"]:
                kind = declared[each["type"]][said["name"]]
                assert VALUES[kind](said["value"]), said


def test_a_log_as_csv_holds_no_formula() -> None:
    head, *rows = csv.reader(io.StringIO(log_text(LogFormat.CSV, "r1", "屋面", LOG)))
    found = [dict(zip(head, row, strict=True)) for row in rows]
    assert {each["resource"] for each in found} == {"'=SUM(A1)"}
    assert [each["seq"] for each in found] == ["1", "2", "3", "4", "5", "6"]


@pytest.mark.parametrize("words", [*OF_NO_LABEL, "</trace>", ']]>"&<', "\U00020bb7"], ids=ascii)
def test_whatever_somebody_wrote_a_log_can_be_read(words: str) -> None:
    said = [LOG[0]._replace(resource=words, place=words, about={"item": words})]
    xes = log_text(LogFormat.XES, "r1", words, said).encode(errors="replace")
    named = {each.get("key"): each.get("value") for each in ET.fromstring(xes).iter()}
    if words.isprintable():
        assert {named["title"], named["org:resource"], named["item"]} == {words}
    ocel = json.loads(log_text(LogFormat.OCEL, "r1", words, said))
    assert ocel["objects"][0]["attributes"][0]["value"] == words
    (_, row) = csv.reader(io.StringIO(log_text(LogFormat.CSV, "r1", words, said), newline=""))
    assert words in row
