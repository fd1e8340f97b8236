"""What everybody who writes says beside the content: which renovation, who, and the idempotency key."""

from datetime import datetime

from models.values.actor import ENGINE, Actor
from models.values.base import Carried


class Seal(Carried):
    """That the gateway has let a person in, and for what (`proof.seals.statement`).

    `act` is the name of the act, or of other writes the kind of the event. `key_id` says which key has
    signed, `at` when, by the gateway's own clock, UTC; `signature` is Ed25519, 128 hex digits.
    """

    act: str
    key_id: str
    at: datetime
    signature: str


class Command(Carried):
    """One write, as the event log will hold it: made by workflows and by the service, kept by the journal.

    `command_id` (1 to 200 characters) makes it idempotent: a person's own, or a natural key of a
    workflow ("<workflow id>#<step>"). `workflow_id` and `run_id` are "" where no workflow writes;
    `request_hash` is that of an official act (`proof.commands.act_hash`); "" for other writes.
    `parent_id` is the workflow that waits for this one, "" for none. `asked_at` is when a workflow
    asked, by its own clock, for the Temporal UI only: periods start at the tick of the transaction.
    """

    command_id: str
    renovation_id: str
    asked_at: datetime | None = None
    actor: Actor = ENGINE
    workflow_id: str = ""
    run_id: str = ""
    parent_id: str = ""
    request_hash: str = ""
    seal: Seal | None = None
    """The gateway's word for the actor; None where the engine writes by itself."""
