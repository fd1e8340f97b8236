"""What makes a command one: the key under which it is recorded once, and the hash of what it asks."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from proof.canonical import digest

if TYPE_CHECKING:
    # An audit asks for the hashes of what was done, and need not wait for all acts there are.
    from models.messages.acts import Act


def command_key(caller: str, renovation_id: str, command_id: str) -> str:
    """The key of a command everywhere: update, receipt, event.

    Two callers may use the same command id; so may one caller in two cases.

    Returns:
        64 lower-case hex digits.
    """
    return digest({"caller": caller, "case": renovation_id, "command_id": command_id})


def act_hash(act: Act) -> str:
    """The hash of what an act asks: its name and its own fields, whoever does it.

    It never fails, whatever the act holds: workflows compute it of acts that no record could take.
    """
    fields = act.model_dump(mode="json", exclude={"actor", "command_id", "seal"})
    text = json.dumps({"act": act.name, "fields": fields}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def reference_for(command_id: str) -> str:
    """What a person is told, and finds in the log, when the command could not be recorded.

    Returns:
        8 lower-case hex digits, always the same for one command.
    """
    return hashlib.sha256(command_id.encode("utf-8", "backslashreplace")).hexdigest()[:8]
