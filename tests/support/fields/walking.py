"""Walks what pydantic made of a model and finds every field, with its kind and its limits."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from models.fields import EXPECTED
from models.files.renovation import RenovationFile
from models.values.base import Carried

Step = str | int
KEY = "\0key"
"""In a path: the key of an entry itself, not its value."""


class Entry(str):
    """A key that is nobody's own: a field may be called like it."""

    __slots__ = ()


ENTRY = Entry("entry")
"""In a path: the value under any key; it is this one object."""
ASKED = (Carried, RenovationFile)
WITHOUT_TEXT = {"bool": "yes_no", "literal": "one_of", "enum": "one_of"}


class FoundField(NamedTuple):
    """A field at a path of a body; `kind` is None where anything of its type may stand."""

    path: tuple[Step, ...]
    kind: str | None
    limits: Mapping[str, int]
    nullable: bool

    @property
    def name(self) -> str:
        """As a refusal names it, up to the key that somebody may choose."""
        shown = [str(step) for step in self.path]
        return ".".join(shown[: shown.index(KEY)] if KEY in shown else shown)

    def body(self, value: object) -> dict[str, Any]:
        """The smallest body with this value at the path; the other fields are missing."""
        body: object = value
        for step in reversed(self.path):
            if step == KEY:
                body = {str(body): "yes"}
            else:
                body = [body] if isinstance(step, int) else {step: body}
        assert isinstance(body, dict)
        return body


def fields_of(kind: Any) -> list[FoundField]:
    """Every field of a model or type, those of what it holds included.

    What is `Carried` inside, and a whole file, is not looked into: the readers of files ask it themselves.
    """
    schema: Any = TypeAdapter(kind).core_schema
    return list(_walk(schema, (), {}, top=True))


def _walk(
    schema: Any,
    path: tuple[Step, ...],
    known: dict[str, Any],
    *,
    nullable: bool = False,
    top: bool = False,
) -> Iterator[FoundField]:
    kind = schema["type"]
    if kind == "definitions":
        known = known | {each["ref"]: each for each in schema["definitions"]}
    if kind == "custom-error" and schema["custom_error_type"].startswith(EXPECTED):
        name = schema["custom_error_type"].removeprefix(EXPECTED)
        yield FoundField(path, name, schema.get("custom_error_context") or {}, nullable)
    elif kind in WITHOUT_TEXT:
        yield FoundField(path, WITHOUT_TEXT[kind], {}, nullable)
    elif kind in AROUND:
        if kind != "model" or top or not issubclass(schema["cls"], ASKED):
            inner = schema["schema"]
            yield from _walk(
                inner,
                path,
                known,
                nullable=nullable or kind == "nullable",
                top=top and kind != "model",
            )
    elif kind in INSIDE:
        for step, inner in INSIDE[kind](schema):
            yield from _walk(inner, (*path, step), known)
    elif kind == "definition-ref":
        yield from _walk(known[schema["schema_ref"]], path, known, nullable=nullable)
    else:
        # str, int, float, any, date, a union that says nothing of its own: bare.
        yield FoundField(path, None, {}, nullable)


AROUND = {
    "model",
    "definitions",
    "nullable",
    "default",
    "function-before",
    "function-after",
    "function-wrap",
}
INSIDE: dict[str, Callable[[Any], list[tuple[Step, Any]]]] = {
    "model-fields": lambda of: [(name, each["schema"]) for name, each in of["fields"].items()],
    "tuple": lambda of: [(0, each) for each in of["items_schema"]],
    "dict": lambda of: [(KEY, of["keys_schema"]), (ENTRY, of["values_schema"])],
}
