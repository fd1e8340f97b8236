"""Ballots that a city's own portal hands in for its citizens' units."""

import hashlib
import hmac

from models.values.actor import Actor
from service.ballots.receipts import IssuedReceipt
from service.bodies import CastBallot
from service.parts import Parts
from service.situation import Situation


async def cast_by_portal(
    parts: Parts, situation: Situation, portal: Actor, ballot: CastBallot
) -> tuple[IssuedReceipt, bool]:
    """Cast a ballot that a portal vouches for; returns the receipt and whether the ballot is new.

    It is of the electronic route: it and the unit's own ballot on the web replace each other. The
    command id is hashed with the portal's id, so that it cannot equal a voter's or another portal's.
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
