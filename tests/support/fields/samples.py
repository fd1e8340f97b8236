"""A body that a door takes: every field filled with a value of its kind."""

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter

from models.field_examples import EXAMPLES
from tests.support.fields.walking import ENTRY, KEY, FoundField, Step, fields_of

GOOD: dict[str, Any] = {**EXAMPLES, "text": "第一行\n第二行", "yes_no": True}


def good_body(kind: Any) -> dict[str, Any]:
    """All fields of a model, one entry in each list and object."""
    body: Any = {}
    for field in fields_of(kind):
        if field.path[-1] != KEY:
            body = placed(body, field.path, _good(kind, field))
    return body


def placed(part: Any, path: Sequence[Step], value: object) -> Any:
    """The body with one field set, or with the key of its entry."""
    if not path:
        return value
    step, *rest = path
    if step == KEY:
        return dict.fromkeys([value], part[GOOD["word"]])
    if isinstance(step, int):
        return [placed(part[0] if part else None, rest, value)]
    name = GOOD["word"] if step is ENTRY else step
    there = part or {}
    return {**there, name: placed(there.get(name), rest, value)}


def _good(kind: Any, field: FoundField) -> object:
    if field.kind in {"fen", "area", "number"}:
        return field.limits["least"]
    if field.kind == "one_of":
        return _first_option(kind, field)
    return GOOD[str(field.kind)]


def _first_option(kind: Any, field: FoundField) -> object:
    schema = TypeAdapter(kind).json_schema()
    found = schema
    for step in field.path:
        found = _resolved(schema, found)
        found = found["items"] if isinstance(step, int) else found["properties"][step]
    found = _resolved(schema, found)
    return found["enum"][0] if "enum" in found else found["const"]


def _resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """The part of a schema itself, where it is named elsewhere or may be null."""
    if "anyOf" in part:
        part = next(each for each in part["anyOf"] if each.get("type") != "null")
    named = part.get("$ref")
    return schema["$defs"][named.rpartition("/")[2]] if named else part
