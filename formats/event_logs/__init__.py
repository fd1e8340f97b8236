"""The record of a case as process-mining programs read it: XES, OCEL 2.0 and CSV.

Sources: IEEE 1849-2016 (XES) with its concept, time, organizational and lifecycle extensions; OCEL 2.0 (JSON).
Nothing of an event is in it but what, when, by whom in which role and place, on what, and its hash.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from xml.etree import ElementTree as ET

from formats.csv_table import csv_text

XES = "http://www.xes-standard.org/"
XES_VERSION = "1849.2016"
"""The standard as a decimal, which is what its schema asks for (xs:decimal)."""
EXTENSIONS = (
    ("Concept", "concept", f"{XES}concept.xesext"),
    ("Time", "time", f"{XES}time.xesext"),
    ("Organizational", "org", f"{XES}org.xesext"),
    ("Lifecycle", "lifecycle", f"{XES}lifecycle.xesext"),
)
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to write (2.2)."""
_NONE, _NEVER = "__INVALID__", "1970-01-01T00:00:00.000+00:00"
GLOBALS: Mapping[str, Sequence[tuple[str, str, str]]] = {
    "trace": (("string", "concept:name", _NONE),),
    "event": (
        ("string", "concept:name", _NONE),
        ("string", "lifecycle:transition", "complete"),
        ("date", "time:timestamp", _NEVER),
    ),
}
"""By scope what every trace and every event has: type, key, and what would stand for it."""
OBJECTS: Mapping[str, str] = {
    "ticket": "ticket",
    "item": "work_item",
    "box": "ballot_box",
    "tender": "tender",
    "publication": "publication",
    "contract": "contract",
    "bid": "bid",
    "objection": "objection",
    "suggestion": "suggestion",
}
"""By the detail of an event that names it: the type of the object that the event is about as well."""


class LogFormat(StrEnum):
    """The form of a log."""

    XES = "xes"
    OCEL = "ocel"
    CSV = "csv"


class LoggedEvent(NamedTuple):
    """An event of a log; `at` is case time, `recorded_at` real time. `about` are objects by their details."""

    seq: int
    activity: str
    at: datetime
    recorded_at: datetime
    resource: str
    role: str
    place: str
    hash: str
    about: Mapping[str, str]


HEAD = (
    *("case_id", "seq", "activity", "timestamp", "recorded_at", "resource", "role", "place"),
    *(*OBJECTS, "hash"),
)


def log_text(form: LogFormat, case_id: str, title: str, events: Sequence[LoggedEvent]) -> str:
    """The log of a case in a form."""
    if form is LogFormat.XES:
        return xes_text(case_id, title, events)
    if form is LogFormat.OCEL:
        return ocel_text(case_id, title, events)
    return csv_text([HEAD, *(_cells(case_id, each) for each in events)])


def _cells(case_id: str, event: LoggedEvent) -> Sequence[object]:
    about = (event.about.get(name, "") for name in OBJECTS)
    moments = (event.at.isoformat(), event.recorded_at.isoformat())
    by = (event.resource, event.role, event.place)
    return (case_id, event.seq, event.activity, *moments, *by, *about, event.hash)


def xes_text(case_id: str, title: str, events: Iterable[LoggedEvent]) -> str:
    """As XES: one trace, each event complete at its moment of the case."""
    log = ET.Element("log", {"xes.version": XES_VERSION, "xes.features": "", "xmlns": XES})
    for name, prefix, uri in EXTENSIONS:
        ET.SubElement(log, "extension", {"name": name, "prefix": prefix, "uri": uri})
    # What a classifier names is declared before it, with what stands for a value that is missing.
    for scope, keys in GLOBALS.items():
        node = ET.SubElement(log, "global", {"scope": scope})
        for kind, key, value in keys:
            _add(node, kind, key, value)
    ET.SubElement(log, "classifier", {"name": "activity", "keys": "concept:name"})
    trace = ET.SubElement(log, "trace")
    _add(trace, "string", "concept:name", case_id)
    _add(trace, "string", "title", title)
    for event in events:
        node = ET.SubElement(trace, "event")
        _add(node, "string", "concept:name", event.activity)
        _add(node, "string", "lifecycle:transition", "complete")
        _add(node, "date", "time:timestamp", event.at.isoformat(timespec="milliseconds"))
        _add(node, "date", "recorded_at", event.recorded_at.isoformat(timespec="milliseconds"))
        _add(node, "string", "org:resource", event.resource)
        _add(node, "string", "org:role", event.role)
        _add(node, "string", "org:group", event.place)
        for name, value in event.about.items():
            _add(node, "string", name, value)
        _add(node, "int", "seq", str(event.seq))
        _add(node, "string", "hash", event.hash)
    ET.indent(log)
    return ET.tostring(log, encoding="unicode", xml_declaration=False) + "\n"


def _add(parent: ET.Element, kind: str, key: str, value: str) -> None:
    if value:
        ET.SubElement(parent, kind, {"key": key, "value": _NOT_XML.sub("\ufffd", value)})


def ocel_text(case_id: str, title: str, events: Sequence[LoggedEvent]) -> str:
    """As OCEL 2.0: the renovation, and everything else that its events are about, are objects."""
    about: dict[str, str] = {
        value: OBJECTS[name] for event in events for name, value in event.about.items()
    }
    words = ("resource", "role", "place", "hash")
    attributes = [{"name": name, "type": "string"} for name in words]
    of_event = [
        *attributes,
        {"name": "seq", "type": "integer"},
        {"name": "recorded_at", "type": "time"},
    ]
    began = events[0].at.isoformat() if events else "1970-01-01T00:00:00+00:00"
    named = [{"name": "title", "time": began, "value": title}]
    return json.dumps(
        {
            "objectTypes": [
                {"name": "renovation", "attributes": [{"name": "title", "type": "string"}]},
                *({"name": name, "attributes": []} for name in sorted(set(about.values()))),
            ],
            "eventTypes": [
                {"name": name, "attributes": of_event}
                for name in sorted({event.activity for event in events})
            ],
            "objects": [
                {"id": case_id, "type": "renovation", "attributes": named, "relationships": []},
                *(
                    {"id": name, "type": kind, "attributes": [], "relationships": []}
                    for name, kind in sorted(about.items())
                ),
            ],
            "events": [_ocel_event(case_id, event) for event in events],
        },
        ensure_ascii=False,
        indent=1,
    )


def _ocel_event(case_id: str, event: LoggedEvent) -> dict[str, object]:
    said = {
        "resource": event.resource,
        "role": event.role,
        "place": event.place,
        "hash": event.hash,
        "seq": event.seq,
        "recorded_at": event.recorded_at.isoformat(),
    }
    related = [{"objectId": case_id, "qualifier": "case"}]
    related += [{"objectId": each, "qualifier": name} for name, each in event.about.items()]
    return {
        "id": f"{case_id}.{event.seq}",
        "type": event.activity,
        "time": event.at.isoformat(),
        "attributes": [
            {"name": name, "value": value} for name, value in said.items() if value != ""
        ],
        "relationships": related,
    }
