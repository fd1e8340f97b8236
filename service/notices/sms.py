"""Short messages: posted to a gateway, signed as Standard Webhooks 1.0 signs.

The gateway takes a message with 2xx. Under the same `webhook-id` it is the same message again: a gateway
that keeps the ids sends it once.
"""

import json
from datetime import UTC, datetime

import httpx
from pydantic import SecretStr

from service.notices.leaving import Attempt, Came, Outgoing
from service.notices.wording import sms_of
from service.webhooks.messages import headers

LIMIT_S = 15.0
FOR_GOOD = frozenset({400, 404, 410, 413, 422})


class SmsWay:
    """Sends to one gateway."""

    def __init__(self, url: str, secret: SecretStr) -> None:
        self._url, self._secret = url, secret
        self._http = httpx.AsyncClient(timeout=LIMIT_S, trust_env=False)

    async def send(self, message: Outgoing) -> Attempt:
        """Post it; 400, 404, 410, 413 and 422 are for good, everything else is tried again."""
        said = {
            "id": message.id,
            "to": message.to,
            "text": sms_of(message.text, message.title, message.language),
        }
        body = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
        named = headers([self._secret.get_secret_value()], message.id, datetime.now(UTC), body)
        named["content-type"] = "application/json"
        try:
            answer = await self._http.post(self._url, content=body, headers=named)
        except httpx.HTTPError as error:
            return Attempt(Came.LATER, type(error).__name__)
        if answer.is_success:
            return Attempt(Came.TAKEN)
        came = Came.NEVER if answer.status_code in FOR_GOOD else Came.LATER
        return Attempt(came, f"http_{answer.status_code}")

    async def close(self) -> None:
        """End its connections."""
        await self._http.aclose()
