"""The headers of requests and answers in the OpenAPI document: what each means, and where it is read or sent."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter

from models.fields import CommandId
from service.http.command_keys import FIELD, HEADER

Json = dict[str, Any]
ANSWERS: Mapping[str, Json] = {
    "X-Request-Id": {
        "description": "The id of the request in our logs: the one that was sent under this name, or a new one.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9-]{1,64}$"},
        "example": "6f1e4c0a9b2d7788",
    },
    "ETag": {
        "description": "Sent back as If-None-Match it gets 304 while the answer would be the same.",
        "schema": {"type": "string"},
        "example": '"0d4a1c8e5f6b7a90d1e2f3a4b5c6d7e8"',
    },
    "Retry-After": {
        "description": "So many seconds from now it can be sent again, under the same command id.",
        "schema": {"type": "integer", "minimum": 1},
        "example": 1,
    },
    "RateLimit-Policy": {
        "description": "The quota that was used: q are taken in a window of w seconds of the case's clock.",
        "schema": {"type": "string"},
        "example": '"tickets";q=20;w=86400',
    },
    "RateLimit": {
        "description": "What is left of it: r more, and after t seconds of the case's clock one more again.",
        "schema": {"type": "string"},
        "example": '"tickets";r=19;t=86400',
    },
    "Link": {
        "description": 'Where the next page of the list is (`rel="next"`, RFC 8288), relative to this address; none at its end.',
        "schema": {"type": "string"},
        "example": '<?after=WyIxLTEwMSJd&limit=100>; rel="next"',
    },
}
RATES = ("RateLimit-Policy", "RateLimit")
_KEY: Json = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": f"The `{FIELD}` as a header; it may then be left out of the body. Where both are there they are"
    " the same, else 400. It is bound to its sender and to the content: the same again is answered as before.",
    "schema": TypeAdapter(CommandId).json_schema(),
    "example": "portal-2026-000017",
}
_IF_NONE_MATCH: Json = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of the answer that the sender has.",
    "schema": {"type": "string", "maxLength": 200},
}
NOT_MODIFIED: Json = {"description": "The sender has this answer: nothing has changed."}


def headers_of_all() -> Json:
    """`components.headers`."""
    return {name: dict(header) for name, header in ANSWERS.items()}


def commands_of(schemas: Mapping[str, Json], bodies: Iterable[str]) -> frozenset[str]:
    """Those of the bodies, by their names, that are commands."""
    return frozenset(name for name in bodies if FIELD in schemas[name].get("required", ()))


def let_header_name_command(schemas: Mapping[str, Json], commands: Collection[str]) -> None:
    """The body may leave the command id to the header."""
    for name in commands:
        schema = schemas[name]
        schema["required"] = [each for each in schema["required"] if each != FIELD]
        if not schema["required"]:
            del schema["required"]


def let_header_name_query(operation: Json) -> bool:
    """Where the id of the command stands in the query, because the body is a file, the header may say it; whether it does."""
    (*found,) = (each for each in operation.get("parameters", ()) if each["name"] == FIELD)
    for each in found:
        each["required"] = False
    return bool(found)


def describe_headers(method: str, operation: Json, *, command: bool, quota: bool) -> None:
    """Add the headers of an operation and of its answers."""
    answers = operation["responses"]
    asked = operation.setdefault("parameters", [])
    if command:
        asked.append(_KEY)
    if method == "get" and "application/json" in answers.get("200", {}).get("content", {}):
        asked.append(_IF_NONE_MATCH)
        answers["304"] = dict(NOT_MODIFIED)
        _add(answers["200"], ["ETag"])
        _add(answers["304"], ["ETag"])
        if {"after", "limit"} <= {each["name"] for each in asked}:
            _add(answers["200"], ["Link"])
    for status, answer in answers.items():
        _add(answer, ["X-Request-Id"])
        if status in {"429", "503"}:
            _add(answer, ["Retry-After"])
        if quota and (status.startswith("2") or status == "429"):
            _add(answer, RATES)


def _add(answer: Json, names: Iterable[str]) -> None:
    headers = answer.setdefault("headers", {})
    headers.update({name: {"$ref": f"#/components/headers/{name}"} for name in names})
