"""What the hash of an event covers, in addition to the hash of the event before it.

Of the models' events when they are written, and of plain rows when they are audited.
"""

from typing import Any

from pydantic import JsonValue

from proof.canonical import digest, utc_text


def hashed_fields(event: Any) -> dict[str, JsonValue]:
    """Of an event of a case: a row of `event`, whoever has read it.

    Of the hashes of rows it covers one hash, so that an event can be shown without them. The salt keeps
    what is not shown from being guessed by the hash; events of before have none.
    """
    rows = {} if event.row_hashes is None else {"rows_sha256": digest(event.row_hashes)}
    salt = {} if event.salt is None else {"salt": event.salt}
    return {
        **rows,
        **salt,
        "renovation_id": event.renovation_id,
        "seq": event.seq,
        "command_id": event.command_id,
        "happened_at": utc_text(event.happened_at),
        "recorded_at": utc_text(event.recorded_at),
        "actor_id": event.actor_id,
        "actor_role": event.actor_role,
        "actor_label": event.actor_label,
        "actor_place": event.actor_place,
        "on_behalf_of": event.on_behalf_of,
        "kind": event.kind,
        "details": event.details,
        "rule_pack": event.rule_pack,
        "workflow_id": event.workflow_id,
        "run_id": event.run_id,
    }


def hashed_of_place(event: Any) -> dict[str, JsonValue]:
    """Of an event of a place's log: a row of `place_event`, whoever has read it."""
    return {
        "log_id": event.log_id,
        "seq": event.seq,
        "command_id": event.command_id,
        "recorded_at": utc_text(event.recorded_at),
        "actor_id": event.actor_id,
        "actor_role": event.actor_role,
        "actor_label": event.actor_label,
        "actor_place": event.actor_place,
        "kind": event.kind,
        "details": event.details,
        "request_hash": event.request_hash,
    }
