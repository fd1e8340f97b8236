"""A notice as a row of the outbox: the same whichever attempt at a step writes it."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import JsonValue

from models.messages.command import Command
from models.tables import Notice
from models.values.states import NoticeState
from proof.canonical import digest


def notice_of(
    command: Command, audience: str, template: str, said: Mapping[str, JsonValue], now: datetime
) -> Notice:
    """Its id is of what it says, not of its turn: another attempt may come to it in another order."""
    what: list[JsonValue] = [command.command_id, audience, template]
    return Notice(
        id=digest({"of": what, "params": dict(said)}),
        renovation_id=command.renovation_id,
        command_id=command.command_id,
        audience=audience,
        audience_id=None,
        template=template,
        params=dict(said),
        state=NoticeState.QUEUED,
        attempts=0,
        created_at=now,
    )
