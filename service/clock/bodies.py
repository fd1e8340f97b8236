"""The bodies of commands to a told clock, and their answers."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from models.fields import HoldName, contradiction, line, whole
from models.messages.journey import CaseClock
from models.values.base import Carried
from models.values.timetable import Timetable
from models.values.waits import Wait
from service.bodies import CommandBody

Move = Literal["next", "to", "days", "auto"]
MOST_DAYS = 3_650


class MoveClock(CommandBody):
    """Move the clock of a told case: to the `next` moment at which something falls due or begins,
    `to` a date or moment, so many `days` on, or on by itself (`auto`) until somebody is awaited.
    """

    move: Move
    to: Annotated[str, *line(64, 0)] = ""
    """For `to`: a date like 2026-05-12 (nine in the morning there), or a moment with its offset."""
    days: Annotated[int, *whole("number", MOST_DAYS)] = 0
    """For `days`: 1 or more."""
    past_holds: bool = False
    """Go on although somebody holds the clock; it is recorded."""

    @model_validator(mode="after")
    def _says_where(self) -> "MoveClock":
        if (self.move == "to") != bool(self.to):
            raise contradiction("move_to", "to")
        if (self.move == "days") != bool(self.days):
            raise contradiction("move_days", "days")
        return self


class SetHold(CommandBody):
    """Hold the clock until it is released: "the paper ballots are not typed yet"."""

    name: HoldName


class ReleaseHold(CommandBody):
    """Release a hold, so that the clock may be moved again."""


class WaitView(Wait):
    """One line of the agenda, and the workflow it belongs to."""

    workflow_id: str
    provisional: bool = False
    """A holiday that is not announced yet may still move `due_at`."""

    def bare(self) -> Wait:
        """The wait as the record keeps it."""
        return Wait.model_validate(self.model_dump(include=set(Wait.model_fields)))


class HoldView(Carried):
    """A hold on the clock: its name says why, `set_by` is an actor id."""

    name: str
    set_by: str


class ClockView(Carried):
    """The clock of a case and its agenda, by deadline; case time."""

    renovation_id: str
    clock: CaseClock
    zone: str = Timetable.model_fields["zone"].default
    """IANA zone of the place: in which its days begin and end, and people read its moments."""
    now: datetime
    settled: bool
    """Nothing is due: nothing happens until somebody acts or time goes on."""
    holds: tuple[HoldView, ...]
    waits: tuple[WaitView, ...]


class ClockStep(Carried):
    """One move of the clock; it never passes a moment at which something falls due."""

    model_config = ConfigDict(populate_by_name=True)

    from_: datetime = Field(serialization_alias="from", validation_alias="from")
    to: datetime
    due: tuple[Wait, ...]
    """What ended or began at `to`."""
    target: datetime | None = None
    """Where the whole command goes; None for `next` and `auto`."""


class ClockMoved(ClockView):
    """What a command has done to the clock, and how the case stands after it."""

    model_config = ConfigDict(populate_by_name=True)

    from_: datetime = Field(serialization_alias="from", validation_alias="from")
    to: datetime
    moves: tuple[ClockStep, ...]
    stopped: Literal["", "hold", "person", "nothing"] = ""
    """Why it stopped before its end: a hold, a person who is awaited, nothing left to fall due."""
    stopped_by: str = ""
