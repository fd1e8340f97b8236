"""What the gateway signs when it lets a person in: the act, its content, who, in which case, and when.

Whoever carries, writes or audits it looks at the signature; to look needs no secret.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from models.messages.command import Seal
from models.values.actor import Actor
from models.values.refusal import Problem, problem
from proof.canonical import canonical_json, utc_text
from proof.commands import act_hash
from proof.signing import signed_by

if TYPE_CHECKING:
    # `gongjian audit` looks at signatures, and need not wait for all acts there are.
    from models.messages.acts import Act

PURPOSE = "gongjian/act/v1"
"""The first word of what is signed, so that the key can sign nothing else by mistake."""
SIGNED_BY = "acts_signed_by"
"""In the event that opens a case: the id of the key by which its acts are signed."""
BROKE_GLASS = "operator.broke_glass"
"""The event by which an operator takes a role in a case for minutes; `act` in it says for what."""
KEY_ID_DIGITS = 16
FRESH = timedelta(minutes=10)
"""So old may a signature be when a workflow hears of the act, and so far may the two clocks differ.

What has waited longer is signed anew when it is sent again. It is never asked of what is written.
"""


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


class GatewayKeys:
    """The public keys of the gateway, of before too, by their ids."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._keys = keys

    @classmethod
    def read(cls, text: str) -> Self:
        """From public keys in hexadecimal, separated by commas, the newest first."""
        found = [each.strip() for each in text.split(",") if each.strip()]
        return cls({key_id_of(each): each for each in found})

    @property
    def newest(self) -> str:
        """The key that signs now; "" where none is known."""
        return next(iter(self._keys.values()), "")

    def knows(self, key_id: str) -> bool:
        """Whether it is a key of the gateway."""
        return key_id in self._keys

    def fault(
        self,
        seal: Seal | None,
        renovation_id: str,
        content: str,
        actor: Actor,
        command_id: str,
    ) -> Problem | None:
        """Why the signature does not hold: `act.unsigned`, `act.signature_wrong`; None when it does."""
        if seal is None:
            return problem("act.unsigned")
        public = self._keys.get(seal.key_id)
        try:
            said = statement(renovation_id, seal.act, content, actor, command_id, seal.at)
            signature = bytes.fromhex(seal.signature)
        except ValueError:
            # What no gateway can have signed: no canonical text, or no hexadecimal digits.
            return signature_wrong(seal)
        held = public is not None and signed_by(bytes.fromhex(public), said, signature)
        return None if held else signature_wrong(seal)


def signature_wrong(seal: Seal) -> Problem:
    """The gateway has not signed this."""
    return problem("act.signature_wrong", act=seal.act)


def is_fresh(seal: Seal, now: datetime) -> bool:
    """Whether it was signed at about `now`."""
    return seal.at.tzinfo is not None and abs(now - seal.at) <= FRESH


def fault_on_arrival(
    act: Act, renovation_id: str, public_key: str, now: datetime
) -> Problem | None:
    """Why a workflow does not take an act; None when it does.

    `public_key` is the one of the workflow's input: "" in a case of before acts were signed. A key that
    was made later is for the activity to judge, which knows all of them.
    """
    if not public_key:
        return None
    if act.seal is None:
        return problem("act.unsigned")
    if act.seal.act != act.name:
        return signature_wrong(act.seal)
    if not is_fresh(act.seal, now):
        return problem("act.signature_stale", act=act.name)
    if act.seal.key_id != key_id_of(public_key):
        return None
    keys = GatewayKeys.read(public_key)
    return keys.fault(act.seal, renovation_id, act_hash(act), act.actor, act.command_id)
