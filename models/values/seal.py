"""The signature of the gateway under what a person does."""

from datetime import datetime

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
