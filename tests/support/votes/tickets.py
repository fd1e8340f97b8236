"""Tickets of units and agents for the tests, as signing in gives them."""

import time

from pydantic import SecretStr

from models.values.voting import Channel
from service.access.tickets import TicketKeys, make_ticket

HOUR_S = 3600


def unit_ticket(
    key: SecretStr, rid: str, unit: str, version: int = 0, route: Channel = "web"
) -> str:
    """A ticket of a unit, good for an hour; `key` is the settings' session key, or their credential key."""
    expires_at = int(time.time()) + HOUR_S
    return make_ticket(
        TicketKeys(key), rid, unit, version=version, route=route, expires_at=expires_at
    )


def agent_ticket(key: SecretStr, rid: str, mandate_id: str) -> str:
    """A ticket of the agent of a mandate."""
    return unit_ticket(key, rid, mandate_id, 1, route="proxy")
