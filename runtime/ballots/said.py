"""What an event or a publication says of the boxes of a vote: of the first one, and in `others` of each other."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg
from pydantic import JsonValue, TypeAdapter

DETAILS = TypeAdapter(dict[str, JsonValue])
OF_BOX = """
SELECT happened_at, details::text FROM event
WHERE renovation_id = $1 AND kind = $2 AND (details ->> 'box' = $3
  OR details @> jsonb_build_object('others', jsonb_build_array(jsonb_build_object('box', $3::text))))
ORDER BY seq
"""


def of_boxes(each: Sequence[Mapping[str, JsonValue]]) -> dict[str, JsonValue]:
    """What is said of every box of a vote, as one record: the first, and `others` if there are any."""
    first, *others = each
    rest: list[JsonValue] = [dict(other) for other in others]
    return {**first, "others": rest} if rest else dict(first)


def said_of(details: Mapping[str, JsonValue], box_id: str) -> Mapping[str, JsonValue] | None:
    """What a record made by `of_boxes` says of one box; None: nothing."""
    others = details.get("others")
    for said in (details, *(others if isinstance(others, list) else ())):
        if isinstance(said, Mapping) and said.get("box") == box_id:
            return said
    return None


class SaidOfBox(NamedTuple):
    """What an event says of a box, and when it happened; case time."""

    at: datetime
    details: Mapping[str, JsonValue]


async def load_said(
    connection: asyncpg.Connection, renovation_id: str, box_id: str, kind: str
) -> Sequence[SaidOfBox]:
    """What the events of this kind say about a box, in their order."""
    found = await connection.fetch(OF_BOX, renovation_id, kind, box_id)
    each = ((at, said_of(DETAILS.validate_json(details), box_id)) for at, details in found)
    return [SaidOfBox(at, said) for at, said in each if said is not None]
