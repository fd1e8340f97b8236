"""The HTTP client of the demo: every request has the credential of the person who would send it."""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Self, TypeVar

import httpx
from pydantic import JsonValue, TypeAdapter

from models.values.refusal import Refused, refusal

CONNECTIONS = 64
BUSY = frozenset({429, 503})
PATIENCE_S = 600.0
"""Of real time: so long may a server be away, or the engine be at work, before the demo gives up."""
ANSWER_S = 75.0
"""An answer about a settled clock takes the service up to a minute."""
PAUSE_S = 0.1
OBJECT = TypeAdapter(dict[str, JsonValue])
T = TypeVar("T")
Credential = str | Callable[[], str] | None
"""What comes with a request; one that is good once is made anew for each try."""


class HttpAnswer:
    """An answer of the service: the status, the code of a refusal, and the body."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        body = response.json() if response.content else {}
        self.body: JsonValue = body
        self.code = str(body.get("code", body.get("type", ""))) if isinstance(body, dict) else ""

    @property
    def accepted(self) -> bool:
        """The service did it, now or earlier for the same command id."""
        return self.status < 400  # noqa: PLR2004

    @property
    def reason(self) -> str:
        """The sentence of a refusal, or its code where there is none."""
        said = self.body.get("detail") if isinstance(self.body, dict) else None
        return str(said or self.code)

    def text(self, name: str) -> str:
        """A field of the body as text."""
        return str(self.fields()[name])

    def fields(self) -> dict[str, JsonValue]:
        """The body as an object."""
        return OBJECT.validate_python(self.body)


class Client:
    """Requests about one renovation, in the name of whoever has come in."""

    def __init__(
        self,
        connections: Iterable[httpx.AsyncClient],
        renovation_id: str,
        sessions: Mapping[str, str],
    ) -> None:
        self._free = deque(connections)
        self._sessions = dict(sessions)
        self.renovation_id = renovation_id

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str, renovation_id: str, invitations: Mapping[str, str]
    ) -> AsyncIterator[Self]:
        """64 httpx clients, each with one connection that is kept alive; everybody invited is signed in.

        `invitations` are their tokens, by the ids of the officials.
        One client with 64 connections would search all of them at every request.
        """
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=60)
        context = ssl.create_default_context()
        async with AsyncExitStack() as stack:
            connections = [
                await stack.enter_async_context(
                    httpx.AsyncClient(
                        base_url=url,
                        limits=limits,
                        timeout=ANSWER_S,
                        trust_env=False,
                        verify=context,
                    )
                )
                for _ in range(CONNECTIONS)
            ]
            client = cls(connections, renovation_id, {})
            await at_once(invitations.items(), client._take_up)
            yield client

    def official(self, actor_id: str) -> str:
        """The session of somebody who holds a role, begun with the invitation."""
        return self._sessions[actor_id]

    async def look(self) -> dict[str, JsonValue]:
        """The renovation as everybody may see it.

        Raises:
            Refused: `demo.service_silent`.
        """
        return await self._read("")

    async def clock(self) -> dict[str, JsonValue]:
        """The clock of the case, once everything that is due at its moment is done.

        Raises:
            Refused: `demo.service_silent`.
        """
        return await self._read("/clock?settled=true")

    async def post(
        self, path: str, credential: Credential, body: Mapping[str, JsonValue]
    ) -> HttpAnswer:
        """Send a command; asked again with the same id while the service is busy or away."""
        return await self._send("POST", self._in_case(path), credential, body)

    async def read(self, path: str, credential: Credential) -> JsonValue:
        """What somebody who has come in reads.

        Raises:
            Refused: `demo.service_silent`.
        """
        answer = await self._send("GET", self._in_case(path), credential, None)
        if not answer.accepted:
            raise _silent(answer.reason or f"status {answer.status}")
        return answer.body

    async def enter_by_letter(self, path: str, fact: str) -> HttpAnswer:
        """Enter with the link of a letter and its second fact."""
        return await self._send("POST", f"{path}/entries", None, {"fact": fact})

    async def enter_by_portal(self, sign: Callable[[], str]) -> HttpAnswer:
        """Enter with what a portal signs, for each try anew."""
        return await self._send("POST", self._in_case("/portal-entries"), sign, None)

    async def act(
        self, name: str, actor_id: str, command_id: str, fields: Mapping[str, JsonValue]
    ) -> HttpAnswer:
        """An official act."""
        body = {"command_id": command_id, **fields}
        return await self.post(f"/acts/{name}", self.official(actor_id), body)

    @asynccontextmanager
    async def _free_connection(self) -> AsyncIterator[httpx.AsyncClient]:
        """A connection that no request uses now."""
        connection = self._free.pop()
        try:
            yield connection
        finally:
            self._free.append(connection)

    async def _take_up(self, invited: tuple[str, str]) -> None:
        """Begin the session of an official who was invited.

        Raises:
            Refused: `demo.service_silent`.
        """
        actor_id, invitation = invited
        async with self._free_connection() as connection:
            response = await connection.post(f"/v1/invitations/{invitation}", json={})
        answer = HttpAnswer(response)
        if not answer.accepted:
            raise _silent(answer.reason)
        self._sessions[actor_id] = answer.text("token")

    async def _read(self, path: str) -> dict[str, JsonValue]:
        return OBJECT.validate_python(await self.read(path, None))

    def _in_case(self, path: str) -> str:
        return f"/v1/renovations/{self.renovation_id}{path}"

    async def _send(
        self, method: str, url: str, credential: Credential, body: Mapping[str, JsonValue] | None
    ) -> HttpAnswer:
        loop = asyncio.get_running_loop()
        last = loop.time() + PATIENCE_S
        while True:
            token = credential() if callable(credential) else credential
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            try:
                async with self._free_connection() as connection:
                    response = await connection.request(method, url, json=body, headers=headers)
                if response.status_code not in BUSY:
                    return HttpAnswer(response)
                reason = f"status {response.status_code}"
            except httpx.TransportError as error:
                reason = str(error) or type(error).__name__
            if loop.time() > last:
                raise _silent(reason)
            await asyncio.sleep(PAUSE_S)


def _silent(reason: str) -> Refused:
    return refusal("demo.service_silent", reason=reason)


async def at_once(
    jobs: Iterable[T], work: Callable[[T], Awaitable[None]], clients: int = CONNECTIONS
) -> None:
    """Do the jobs with that many clients side by side; the first failure ends all, as itself."""
    queue = iter(jobs)

    async def client() -> None:
        for job in queue:
            await work(job)

    working = [asyncio.create_task(client()) for _ in range(clients)]
    try:
        await asyncio.gather(*working)
    finally:
        for each in working:
            each.cancel()
        await asyncio.wait(working)
