"""The frame of everything that is written: who, when, under which law, and the idempotency key."""

from datetime import datetime

from models.values.actor import ENGINE, Actor
from models.values.base import Carried


class Deed(Carried):
    """One act as the event log will hold it.

    `command_id` makes it idempotent (1 to 200 characters); `happened_at` is case time, UTC.
    """

    command_id: str
    renovation_id: str
    happened_at: datetime
    rule_pack: str
    actor: Actor = ENGINE
    workflow_id: str = ""
    run_id: str = ""
