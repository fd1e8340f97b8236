"""What every activity that writes is told: which renovation, by whom, when, and the idempotency key."""

from datetime import datetime

from models.values.actor import ENGINE, Actor
from models.values.base import Carried


class Step(Carried):
    """One write of a workflow.

    `command_id` is the person's (for an official act) or a natural key of the workflow
    ("<workflow id>#<step>"). `asked_at` is when the workflow asked, by its own clock, for the
    Temporal UI only: periods start at the tick of the transaction. `parent_id` is the workflow that
    waits for this one, "" for none.
    """

    command_id: str
    renovation_id: str
    asked_at: datetime | None = None
    actor: Actor = ENGINE
    workflow_id: str = ""
    run_id: str = ""
    parent_id: str = ""
