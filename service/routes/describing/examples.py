"""An example of each body in the OpenAPI document, put together from those of its fields."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]
KEY = "works"
"""A key of an object with free keys: the id of a motion, an option or a work."""


SIMPLE: Mapping[str, Any] = {"boolean": True, "null": None, "string": ""}


def example_of(part: Mapping[str, Any], schemas: Mapping[str, Json]) -> Any:
    """A value that a schema allows: its own example, its first option, or what must be there with an example each."""
    if "examples" in part:
        return part["examples"][0]
    if "$ref" in part:
        return example_of(schemas[part["$ref"].rpartition("/")[2]], schemas)
    options = [part["const"]] if "const" in part else part.get("enum", ())
    if options:
        return options[0]
    if "anyOf" in part:
        return example_of(part["anyOf"][0], schemas)
    if part.get("type") == "array":
        return [example_of(part["items"], schemas)] if part.get("minItems", 0) else []
    return _object(part, schemas) if part.get("type") == "object" else _simple(part)


def _simple(part: Mapping[str, Any]) -> Any:
    """A value without parts; of numbers the smallest that is allowed and not below nothing."""
    if part["type"] == "integer":
        return max(part.get("minimum", 0), part.get("exclusiveMinimum", -1) + 1)
    return SIMPLE[part["type"]]


def _object(part: Mapping[str, Any], schemas: Mapping[str, Json]) -> Json:
    """The fields without which it is refused; of an object with free keys one, where it may not be empty."""
    fields = part.get("properties", {})
    made = {name: example_of(fields[name], schemas) for name in part.get("required", ())}
    if not fields and part.get("minProperties"):
        by_pattern = [*part.get("patternProperties", {}).values()]
        free = by_pattern[0] if by_pattern else part["additionalProperties"]
        made[KEY] = example_of(free, schemas)
    return made
