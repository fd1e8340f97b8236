"""The frame of everything that is written: who, when, under which law, and the idempotency key."""

from models.values.actor import ENGINE, Actor
from models.values.base import Carried


class Deed(Carried):
    """One act as the event log will hold it.

    `command_id` makes it idempotent (1 to 200 characters). When it happened is read in the
    transaction that writes it.
    """

    command_id: str
    renovation_id: str
    rule_pack: str
    actor: Actor = ENGINE
    workflow_id: str = ""
    run_id: str = ""
