"""How far a workflow has come: the one state that it carries, folded from what the record answered.

A live workflow applies the answer to each of its writes; `restored` applies the same answers as the
record has them. So a workflow that continues as new, or is rebuilt after its history was lost, goes
on from the same state.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import ClassVar, Self

from pydantic import BaseModel, JsonValue

from models.messages.journey import Answer
from models.values.base import Carried

CarriedProgress = dict[str, JsonValue]
"""The progress of a workflow as its input carries it."""


class Progress(Carried):
    """The base: `seq` is the last event of this workflow that it knows of.

    `tick` is the latest moment of a told clock that it has heard of. `troubled` are the steps (events)
    that broke and were not done since. `remind_at` is when whoever it waits for is reminded next.
    """

    ANSWERS: ClassVar[Mapping[str, type[Answer]]] = {}
    """What each step answers, by the kind of the event that it writes."""
    HEARD_LATE: ClassVar[frozenset[str]] = frozenset()
    """Fields in which a workflow may be behind the record, or before it, until it looks there."""

    seq: int = 0
    tick: datetime | None = None
    troubled: tuple[str, ...] = ()
    remind_at: datetime | None = None
    folded_to: int = 0
    """The last event that was there when this was computed from the record: what had ended by then is in it."""

    def after(self, step: str, answer: Answer) -> Self:
        """The progress after a step; what it already knows, and what was overtaken, changes nothing.

        A step that is none of its own, a reminder for example, is only known to have happened.
        """
        if answer.seq and answer.seq <= self.seq:
            return self
        moved = self.moved(step, answer) if step in self.ANSWERS else self
        return moved.model_copy(
            update={"seq": max(answer.seq, self.seq), "remind_at": answer.remind_at}
        )

    def after_child(self, answer: Answer) -> Self:
        """The progress after a workflow that this one had started has ended with an answer.

        One that was on record already when this one looked there changes nothing.
        """
        if 0 < answer.seq <= self.folded_to:
            return self
        return self.moved("", answer).model_copy(update={"remind_at": answer.remind_at})

    def moved(self, _step: str, _answer: Answer) -> Self:
        """The progress after an answer that is new."""
        return self

    def rested(self, since: datetime, until: datetime) -> Self:
        """The progress after its case stood still: what was ahead at `since` comes by so much later."""
        return self._changed(lambda each: each + (until - since) if each > since else each)

    def extended(self, before: datetime, after: datetime) -> Self:
        """The progress after a period that ended at `before` was given until `after`."""
        return self._changed(lambda each: after if each == before else each)

    def _changed(self, change: Callable[[datetime], datetime]) -> Self:
        """With every moment changed but those that the record says at each answer."""
        names = [name for name in type(self).model_fields if name not in {"tick", "remind_at"}]
        moments = {name: _with_moments(getattr(self, name), change) for name in names}
        return self.model_copy(update=moments)

    def with_trouble(self, step: str) -> Self:
        """The step broke."""
        return self.model_copy(update={"troubled": tuple(sorted({*self.troubled, step}))})

    def without_trouble(self, step: str) -> Self:
        """The step was done, or somebody has seen to it."""
        left = tuple(each for each in self.troubled if each != step)
        return self.model_copy(update={"troubled": left})


def _with_moments(value: object, change: Callable[[datetime], datetime]) -> object:
    """A value with every moment in it changed."""
    if isinstance(value, datetime):
        return change(value)
    if isinstance(value, BaseModel):
        fields = {name: getattr(value, name) for name in type(value).model_fields}
        inner = {name: _with_moments(each, change) for name, each in fields.items()}
        return value.model_copy(update=inner)
    if isinstance(value, tuple):
        return tuple(_with_moments(each, change) for each in value)
    return value
