"""`Idempotency-Key`: the id of a command as a header, for senders that make it outside of the body.

It is the command id and nothing else: bound to its caller and its content, kept with the record for ever. A route
that takes no command does not look at it, its repetition is harmless as it is.
"""

import json
from collections.abc import Iterable, Sequence
from urllib.parse import parse_qsl, urlencode

from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

from models.fields import CommandId, expectation
from models.values.refusal import refusal
from service.bodies import CommandBody

HEADER = "Idempotency-Key"
FIELD = "command_id"
_ID = TypeAdapter[str](CommandId)


def takes_command(route: BaseRoute) -> bool:
    """Whether the body of a route is a command."""
    field = route.body_field if isinstance(route, APIRoute) else None
    kind = None if field is None else field.field_info.annotation
    return isinstance(kind, type) and issubclass(kind, CommandBody)


def asks_command(route: BaseRoute) -> bool:
    """Whether a route whose body is a file asks for the id of its command in the query."""
    query = route.dependant.query_params if isinstance(route, APIRoute) else ()
    return any(each.name == FIELD for each in query)


class CommandKeys:
    """Puts the key of a request into its body, where the route takes a command, or into its query."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        known = tuple(routes)
        self._routes: Sequence[BaseRoute] = tuple(filter(takes_command, known))
        self._of_files: Sequence[BaseRoute] = tuple(filter(asks_command, known))

    def in_query(self, scope: Scope) -> Scope:
        """The request as it is, or with the command id of the header in its query.

        Raises:
            Refused: as `with_key` says.
        """
        key = dict(scope["headers"]).get(HEADER.lower().encode())
        if key is None or scope["method"] != "POST" or not _among(self._of_files, scope):
            return scope
        name, query = _read(key), scope["query_string"]
        given = [
            value for field, value in parse_qsl(query.decode("ascii", "replace")) if field == FIELD
        ]
        if given and given != [name]:
            raise refusal("service.command_id_differs", where=HEADER)
        if given:
            return scope
        return {
            **scope,
            "query_string": query + b"&" * bool(query) + urlencode({FIELD: name}).encode(),
        }

    def in_body(self, scope: Scope, body: bytes) -> bytes:
        """The body as it is, or with the command id of the header.

        Raises:
            Refused: as `with_key` says.
        """
        key = dict(scope["headers"]).get(HEADER.lower().encode())
        if key is None or scope["method"] != "POST":
            return body
        if not _among(self._routes, scope):
            return body
        return with_key(key, body)


def _among(routes: Sequence[BaseRoute], scope: Scope) -> bool:
    return any(route.matches(scope)[0] is Match.FULL for route in routes)


def with_key(key: bytes, body: bytes) -> bytes:
    """A command with the id that its header names, bare or in quotation marks (a string of RFC 9651).

    What is no JSON object is left to who reads it.

    Raises:
        Refused: `service.field_wrong` for a key that is no command id, `service.command_id_differs`
            where the body has another one.
    """
    name = _read(key)
    try:
        fields = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return body
    if not isinstance(fields, dict):
        return body
    if fields.setdefault(FIELD, name) != name:
        raise refusal("service.command_id_differs", where=HEADER)
    return json.dumps(fields).encode()


def _read(key: bytes) -> str:
    text = key.decode("ascii", "replace").strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    try:
        return _ID.validate_python(text)
    except ValidationError as error:
        said = expectation(error.errors(include_url=False, include_input=False)[0])
        raise refusal("service.field_wrong", where=HEADER, field=HEADER, **said) from None
