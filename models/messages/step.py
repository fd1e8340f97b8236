"""What every activity that writes is told: which renovation, by whom, when, and the idempotency key."""

from datetime import datetime

from models.values.actor import ENGINE, Actor
from models.values.base import Carried


class Step(Carried):
    """One write of a workflow.

    `command_id` is the person's (for an official act) or a natural key of the workflow
    ("<workflow id>#<step>"); `at` is the workflow's time in UTC, from which the activity derives
    case time.
    """

    command_id: str
    renovation_id: str
    at: datetime
    actor: Actor = ENGINE
    workflow_id: str = ""
    run_id: str = ""
