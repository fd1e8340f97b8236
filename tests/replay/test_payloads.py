"""Payloads carry ids. What of them is written by people, or names a unit, is listed here and sealed.

Whoever reads Temporal's database without the codec's key sees none of it (tests/runtime/test_codec.py).
"""

import base64
import importlib
import json
import pkgutil
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from pydantic import BaseModel

import models.messages
from models.fields import ROW_ID
from models.values.actor import ENGINE, Actor
from tests.replay import guard

CITATION = re.compile(r"[\u4e00-\u9fff]+[條条]例 art\. \d+(\(\d+\))?")
HISTORIES = sorted((guard.HERE / "histories").glob("*.json"))
IDS = {
    *("after", "bidder_id", "bidder_ids", "box_id", "candidates", "carried", "command_id"),
    *(
        "contract_id",
        "drop_items",
        "error",
        "file_sha256",
        "found",
        "id",
        "item",
        "item_id",
        "kind",
        "last",
    ),
    *("level", "lots", "objection_id", "parent_id", "publication_id", "published", "reference"),
    *("renovation_id", "renovation_ids", "request_hash", "results", "run_id"),
    *("order_id", "stage_workflow_id", "subject", "to_tell", "waiting", "what"),
    *(
        "on_behalf_of",
        "place",
        "step",
        "table_hash",
        "tender_id",
        "ticket_id",
        "troubled",
        "was",
        "workflow_id",
    ),
    *("adjustments_fen", "measured_fen", "technical_milli", "text"),
    *("act", "gateway_public", "key_id", "signature", "warranty_id", "collection_id"),
    *("cosigned_by", "missed"),  # names of instances' keys
}
"""Fields with text that hold ids, kinds of events, codes, hashes and signatures; numbers by such ids."""
WRITTEN = {
    *(
        "answer",
        "causes",
        "certificate",
        "change",
        "defects",
        "document",
        "estate",
        "funded_by",
        "funding",
    ),
    *("label", "labels", "note", "reason", "report", "system", "title"),
}
"""Fields that an official writes, or that name an official, an estate, a fund."""
OF_A_UNIT = {"unit_number"}
"""The one field that tells something of a household: who is relieved of a share."""
PERSONAL = {
    "a telephone": re.compile(r"(?<![0-9a-zA-Z])1[3-9]\d{9}(?![0-9a-zA-Z])"),
    "a number of identity": re.compile(r"(?<![0-9A-Za-z])\d{17}[\dXx](?![0-9A-Za-z])"),
    "a name": re.compile(r"[\u4e00-\u9fff]"),
    "an address of mail": re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+"),
}
PLAIN = re.compile(ROW_ID)
MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?")
PATH = re.compile(r"[\w.:/#-]*")
"""Ids of workflows and steps, and paths of places."""


def payloads_in(value: object) -> Iterator[bytes]:
    """The data of every payload of a history as JSON."""
    if isinstance(value, list):
        for part in value:
            yield from payloads_in(part)
    elif isinstance(value, Mapping):
        if "metadata" in value and "data" in value:
            yield base64.b64decode(value["data"])
        for part in value.values():
            yield from payloads_in(part)


def texts_in(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Each text of a JSON value with the name of its field; a list's texts have the list's name."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, list):
        for part in value:
            yield from texts_in(part, name)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from texts_in(part, key)


def is_citation(name: str, text: str) -> bool:
    """Whether a text is an article of a law that is cited by its Chinese name."""
    return name == "article" and CITATION.fullmatch(text) is not None


def texts_of(path: Path) -> Iterator[tuple[str, str]]:
    for data in payloads_in(json.loads(path.read_text(encoding="utf-8"))):
        yield from texts_in(json.loads(data)) if data else ()


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
def test_recorded_payloads_hold_ids_and_what_officials_wrote(path: Path) -> None:
    found = [
        (name, text)
        for name, text in texts_of(path)
        if name and name not in WRITTEN | OF_A_UNIT
        if not (PLAIN.fullmatch(text) or MOMENT.fullmatch(text) or PATH.fullmatch(text))
        if not is_citation(name, text)
    ]
    assert found == []


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
def test_no_recorded_payload_has_personal_data(path: Path) -> None:
    texts = list(texts_of(path))
    found = [
        (kind, name, text)
        for name, text in texts
        for kind, pattern in PERSONAL.items()
        if text != ENGINE.label and pattern.search(text) and not is_citation(name, text)
    ]
    assert found == []
    assert len(texts) > 5 or path.stem.startswith(("Reconcile", "Anchor"))


def test_a_new_field_with_text_is_put_on_one_of_the_lists() -> None:
    unlisted = {
        f"{each.__name__}.{name}"
        for each in carried()
        for name, field in each.model_fields.items()
        if "str" in str(field.annotation) and "Literal" not in str(field.annotation)
        if name not in IDS | WRITTEN | OF_A_UNIT
    }
    assert unlisted == set(), "does it hold an id? Texts that people write belong into a row"


def test_the_lists_name_nothing_that_is_gone() -> None:
    names = {name for each in carried() for name in each.model_fields}
    assert names >= IDS | WRITTEN | OF_A_UNIT


def carried() -> Iterator[type[BaseModel]]:
    """The shapes that cross Temporal; the actor is a value that they carry."""
    yield Actor
    for module in pkgutil.walk_packages(models.messages.__path__, "models.messages."):
        if module.name.endswith("bodies"):
            continue
        loaded = importlib.import_module(module.name)
        for each in vars(loaded).values():
            ours = isinstance(each, type) and each.__module__ == loaded.__name__
            if ours and issubclass(each, BaseModel):
                yield each
