"""What the gateway signs when it lets a person in: the act, its content, who, in which case, and when."""

import hashlib
from datetime import datetime

from models.values.actor import Actor
from proof.canonical import canonical_json, utc_text

PURPOSE = "gongjian/act/v1"
"""The first word of what is signed, so that the key can sign nothing else by mistake."""
KEY_ID_DIGITS = 16


def statement(
    renovation_id: str, act: str, content: str, actor: Actor, command_id: str, at: datetime
) -> bytes:
    """The bytes under the signature (Ed25519).

    `content` is `proof.commands.act_hash`, of other writes the hash of the request that the receipt
    keeps; `command_id` is the key under which it is recorded; `at` is the gateway's own clock.
    """
    return canonical_json(
        {
            "purpose": PURPOSE,
            "renovation_id": renovation_id,
            "act": act,
            "content": content,
            "actor": {
                "id": actor.id,
                "role": actor.role.value,
                "label": actor.label,
                "place": actor.place,
                "on_behalf_of": actor.on_behalf_of,
            },
            "command_id": command_id,
            "at": utc_text(at),
        }
    )


def key_id_of(public_key: str) -> str:
    """The name of a public key (hex): the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:KEY_ID_DIGITS]
