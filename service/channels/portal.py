"""Ballots that a city's own portal hands in for its citizens' units."""

import hashlib
import hmac

from models.values.actor import Actor
from service.ballots.receipts import Receipt
from service.parts import Parts
from service.residents.commands import CastBallot
from service.situation import Situation


async def cast_by_portal(
    parts: Parts, situation: Situation, portal: Actor, ballot: CastBallot
) -> tuple[Receipt, bool]:
    """One ballot of the electronic route: it and the unit's own on the web replace each other.

    The portal vouches for the person. The command id is the portal's own: no other portal and no
    voter can meet it.
    """
    key = bytes.fromhex(parts.settings.receipt_key.get_secret_value())
    named = ("gongjian/portal/command", portal.id, ballot.command_id)
    message = b"".join(
        len(part).to_bytes(4, "big") + part for part in (each.encode() for each in named)
    )
    name = f"portal.{hmac.digest(key, message, hashlib.sha256).hex()[:40]}"
    return await parts.intake.cast(
        situation.id, ballot.model_copy(update={"command_id": name}), "portal"
    )
