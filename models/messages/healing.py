"""What crosses Temporal when a step breaks."""

from pydantic import JsonValue

from models.messages.journey import Answer
from models.values.base import Carried


class Breakage(Carried):
    """A step that no attempt can do: which, why, and the reference under which the logs have it.

    `step` is the event that it would have written; `error` names no person: the kind of the error
    and the place in the code, or "timeout".
    """

    step: str
    error: str
    reference: str


class GivenUp(Carried):
    """What became of an act that is given up.

    `found` is the stored result, where an attempt had committed after all; None means that
    `act.broken` is on the record, and no late attempt can commit any more.
    """

    found: dict[str, JsonValue] | None = None


class Noted(Answer):
    """A case was marked as needing attention, or is so no longer."""
