"""What crosses Temporal between the journey's workflows and their activities. Ids, never people.

All moments are case time, by which deadlines are kept (the tick).
"""

from datetime import datetime
from typing import Literal

from pydantic import JsonValue, model_validator

from models.values.base import Carried
from models.values.states import RenovationState, Stage
from models.values.voting import FollowUpTerms

CaseClock = Literal["wall", "told"]
"""Whose clock a case keeps: everybody's, or one of its own that moves when it is told (sandbox)."""


class CaseInput(Carried):
    """What the input of every workflow of a case says."""

    renovation_id: str
    clock: CaseClock = "wall"
    carried: dict[str, JsonValue] | None = None
    """The progress to go on from (`models.messages.progress`), None for a new workflow."""
    gateway_public: str = ""
    """The key that signs the acts of the case; "" for a case of before they were signed."""


class Journey(CaseInput):
    """The input of a RenovationWorkflow: everything else is in the database."""


class Answer(Carried):
    """What every write answers to the workflow that asked for it.

    `seq` is the number of its event, filled in by the recorder: an answer with a smaller one than
    the last was overtaken. 0 in what was written before answers had one. `remind_at`, filled in with
    it, is when whoever the workflow that hears it waits for is reminded next, None for never.
    """

    seq: int = 0
    remind_at: datetime | None = None


class Ticked(Answer):
    """An answer that says at which tick it was written, in a told case; None in a wall case.

    From it a workflow knows whether a deadline is over already, before any signal of the clock.
    """

    tick: datetime | None = None


class Suspended(Ticked):
    """A renovation stands still since `at` (case time)."""

    at: datetime


class Resumed(Ticked):
    """It goes on: what was ahead at `suspended_at` comes later by the time until `resumed_at`.

    `waiting` are the other workflows that wait for something: they are told.
    """

    suspended_at: datetime
    resumed_at: datetime
    waiting: tuple[str, ...] = ()


class Extended(Ticked):
    """A period that the workflow `waiting` waits through ends at `after`, no longer at `before`."""

    before: datetime
    after: datetime
    waiting: tuple[str, ...] = ()


class Reassigned(Ticked):
    """Another one is awaited for an act of the workflow `waiting`."""

    waiting: tuple[str, ...] = ()


class Annulled(Ticked):
    """What the owners had adopted is annulled; `ends`: money had come in on it, so the renovation is settled."""

    ends: bool


class Ordered(Ticked):
    """So many orders of correction are open."""

    open: int


class PaymentsBlocked(Ticked):
    """Whether no money goes out of the case but wages."""

    blocked: bool


class StageInput(CaseInput):
    """The input of a stage workflow.

    `run_off` puts again what the vote before left undecided; `follow_up` says when, and that another
    rule decides, where the law has a second vote of its own (bridge, second call).

    `remind_at` is when whoever its first wait is for is reminded, as the step wrote that entered it.
    """

    attempt: int = 1
    run_off: bool = False
    remind_at: datetime | None = None
    follow_up: FollowUpTerms | None = None


class JourneyOutcome(Carried):
    """How a renovation ended."""

    state: RenovationState
    reason: str = ""


class StageEntered(Answer):
    """A stage has begun, and `workflow_id` carries it. Earlier releases told only that it has.

    `stage_reminds_at` is when whoever the stage waits for first is reminded.
    """

    stage: Stage | None = None
    workflow_id: str = ""
    stage_reminds_at: datetime | None = None
    collection_id: str = ""
    """The workflow that collects beside it from now on; "" where none begins."""


class WarrantyEntered(Answer):
    """The warranty has begun, and `workflow_id` carries it; `collection_id` as of a stage."""

    workflow_id: str
    collection_id: str = ""


class Revision(Answer):
    """How many votes were held, and whether a revised scheme may be put to another one, until when."""

    attempts: int = 0
    wanted: bool = False
    until: datetime | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_a_word(cls, value: object) -> object:
        # In histories of earlier releases it is a bare true or false.
        return {"wanted": value} if isinstance(value, bool) else value
