"""The public keys of a city's portal (JWKS), of an address or of a file; kept for minutes."""

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
import structlog
from joserfc.jwk import Key
from pydantic import ValidationError

from models.values.refusal import refusal
from service.identity.provider import ANSWER_S, PLAIN, ProviderKeys, readable, whole_answer

log = structlog.get_logger("portal")

KEPT_S = 300
"""A key that the portal takes back is good for so long still."""
PAUSE_S = 20
"""Between two readings, however many unknown keys are named."""


class PortalKeys:
    """The keys by their names (`kid`); read again when they are old, or when one is missing.

    `source` is an address, or the path of a file; `clock` counts seconds.
    """

    def __init__(self, source: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._source, self._clock = source, clock
        self._keys: Mapping[str, Key] = {}
        self._read_at = self._tried_at = -float("inf")
        self._one_reads = asyncio.Lock()

    async def find(self, kid: str) -> Key:
        """The key of this name.

        Raises:
            Refused: `assertion.key` where there is none; `assertion.keys_away` where they cannot be read.
        """
        if kid in self._keys and self._clock() - self._read_at <= KEPT_S:
            return self._keys[kid]
        async with self._one_reads:
            if self._clock() - self._read_at > KEPT_S:
                self._keys = {}
            if kid not in self._keys and self._clock() - self._tried_at > PAUSE_S:
                self._tried_at = self._clock()
                await self._read()
        if kid in self._keys:
            return self._keys[kid]
        if not self._keys:
            raise refusal("assertion.keys_away")
        raise refusal("assertion.key")

    async def _read(self) -> None:
        """Read them; those that were kept stay where that fails."""
        try:
            async with asyncio.timeout(ANSWER_S):
                text = await _text_of(self._source)
            found = ProviderKeys.model_validate_json(text)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValidationError, ValueError) as error:
            log.warning("portal_keys_away", reason=type(error).__name__)
            return
        self._keys = {each.kid: each for each in readable(found) if each.kid}
        self._read_at = self._clock()


async def _text_of(source: str) -> bytes:
    if not source.startswith(("http://", "https://")):
        return await asyncio.to_thread(Path(source).read_bytes)
    async with (
        httpx.AsyncClient(trust_env=False) as http,
        http.stream(
            "GET", source, headers=PLAIN, follow_redirects=False, timeout=ANSWER_S
        ) as answer,
    ):
        if not answer.is_success:
            raise ValueError(answer.status_code)
        return await whole_answer(answer)
