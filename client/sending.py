"""Requests that are sent until they are answered: the same command under the same id, with pauses that grow."""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx

from client.errors import ProblemError, UnavailableError, decoded, problem_of

Credential = str | Callable[[], str] | None
"""A token, or what makes one for each try: a portal's assertion is good once."""
ASK_AGAIN = frozenset({502, 503, 504})
FIRST_PAUSE_S = 0.5


class Sending:
    """One service, asked with one credential; `tries` in all, no pause longer than `longest_pause_s`."""

    def __init__(
        self, http: httpx.Client, credential: Credential, tries: int, longest_pause_s: float
    ) -> None:
        self.http, self._credential = http, credential
        self._tries, self._longest_pause_s = tries, longest_pause_s

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """The JSON at a path."""
        return decoded(self._answer("GET", path, query))

    def pages(self, path: str, query: Mapping[str, Any]) -> Iterator[Any]:
        """The entries of a list, page after page."""
        response = self._answer("GET", path, query)
        while True:
            yield from decoded(response)
            if "next" not in response.links:
                return
            following = response.url.join(response.links["next"]["url"])
            response = self._answer("GET", following, None)

    def post(
        self, path: str, body: Mapping[str, Any], command_id: str, credential: Credential = None
    ) -> Any:
        """What is answered to a command; "" for an id makes one, which stays the same in every try."""
        key = command_id or uuid.uuid4().hex
        response = self._answer("POST", path, None, body, key, credential)
        return decoded(response)

    def _answer(
        self,
        method: str,
        path: str | httpx.URL,
        query: Mapping[str, Any] | None,
        body: Mapping[str, Any] | None = None,
        key: str = "",
        credential: Credential = None,
    ) -> httpx.Response:
        """The first answer that is not "ask again".

        Raises:
            ProblemError: all tries were answered so.
            UnavailableError: the last try was not answered.
        """
        pause_s, lost = FIRST_PAUSE_S, ""
        refused: ProblemError | None = None
        for left in reversed(range(self._tries)):
            headers = self._headers(key, credential)
            try:
                response = self.http.request(method, path, params=query, json=body, headers=headers)
            except httpx.TransportError as error:
                lost, refused = type(error).__name__, None
            else:
                if response.status_code not in ASK_AGAIN:
                    return response
                refused = problem_of(response)
                pause_s = max(pause_s, refused.retry_after_s or 0)
            if left:
                time.sleep(min(pause_s, self._longest_pause_s))
                pause_s *= 2
        raise refused or UnavailableError(key, lost)

    def _headers(self, key: str, credential: Credential) -> dict[str, str]:
        shown = self._credential if credential is None else credential
        token = shown() if callable(shown) else shown
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return {**headers, "Idempotency-Key": key} if key else headers
