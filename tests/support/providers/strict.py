"""An identity provider of the tests' own: strict with us (PKCE, single codes), and as hostile as a test asks."""

import asyncio
import base64
import hashlib
import json
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm
from starlette.types import Receive, Scope, Send

CLIENT, PASSWORD = "gongjian", "client-secret"
Json = dict[str, Any]
Answer = Callable[[Send], Any]


class StrictProvider:
    """Signs everybody in as `subject`. `answers` replaces what a path says; `twist` an id token.

    A code is good once, for the redirect address and the verifier (RFC 7636, S256) that it was asked
    with, and for a client that knows its secret.
    """

    def __init__(self, issuer: str) -> None:
        self.issuer, self.subject = issuer, "person-1"
        self.key = generate_private_key(65537, 2048)
        self.extra: Json = {}
        self.answers: dict[str, Answer] = {}
        self.twist: Callable[[Json], str] = self.signed
        self.asked: list[str] = []
        self.refused: list[str] = []
        self._codes: dict[str, Mapping[str, str]] = {}

    def reset(self) -> None:
        """Honest again."""
        self.subject, self.extra, self.answers, self.twist = "person-1", {}, {}, self.signed
        self.asked.clear()
        self.refused.clear()

    def signed(self, claims: Json, key: RSAPrivateKey | None = None, **header: Any) -> str:
        """A token, by default with the provider's own key."""
        with_kid = {"kid": "k1", **header}
        named = {name: value for name, value in with_kid.items() if value is not None}
        return jwt.encode(claims, key or self.key, "RS256", headers=named)

    def keys(self) -> Json:
        """Its public keys."""
        jwk = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [{**jwk, "kid": "k1", "use": "sig", "alg": "RS256"}]}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        path = scope["path"]
        self.asked.append(path)
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if path in self.answers:
            await self.answers[path](send)
        elif path == "/.well-known/openid-configuration":
            await said(send, self.configuration())
        elif path == "/authorize":
            await self._authorize(dict(parse_qsl(scope["query_string"].decode())), send)
        elif path == "/token":
            await self._token(dict(parse_qsl(body.decode())), dict(scope["headers"]), send)
        elif path == "/jwks":
            await said(send, self.keys())
        else:
            await said(send, {}, 404)

    def configuration(self) -> Json:
        """Where it is asked what."""
        named = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
        ends = {f"{name}_endpoint": f"{self.issuer}/{path}" for name, path in named.items()}
        return {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks", **ends, **self.extra}

    async def _authorize(self, asked: Mapping[str, str], send: Send) -> None:
        if len(asked.get("code_challenge", "")) != 43 or asked["code_challenge_method"] != "S256":
            await self._no(send, "no challenge")
            return
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        back = f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
        await said(send, {}, 303, location=back)

    async def _token(
        self, form: Mapping[str, str], headers: Mapping[bytes, bytes], send: Send
    ) -> None:
        asked = self._codes.pop(form.get("code", ""), None)
        basic = base64.b64encode(f"{CLIENT}:{PASSWORD}".encode())
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if asked is None:
            await self._no(send, "code")
        elif headers.get(b"authorization") != b"Basic " + basic:
            await self._no(send, "client")
        elif form.get("redirect_uri") != asked["redirect_uri"]:
            await self._no(send, "redirect")
        elif encoded(challenge) != asked["code_challenge"]:
            await self._no(send, "verifier")
        else:
            claims = self.claims(asked["nonce"])
            token = {"access_token": "t", "token_type": "Bearer", "id_token": self.twist(claims)}
            await said(send, token)

    def claims(self, nonce: str) -> Json:
        """What it says of whoever signed in."""
        now = int(time.time())
        about = {"iss": self.issuer, "sub": self.subject, "aud": CLIENT, "nonce": nonce}
        return {**about, "iat": now, "exp": now + 300}

    async def _no(self, send: Send, why: str) -> None:
        self.refused.append(why)
        await said(send, {"error": "invalid_grant"}, 400)


def encoded(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


async def said(send: Send, what: Any, status: int = 200, **headers: str) -> None:
    """Answer with JSON."""
    given = {"content-type": "application/json", **headers}
    lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": json.dumps(what).encode()})


def answer(what: Any, status: int = 200, **headers: str) -> Answer:
    """Always this."""
    return lambda send: said(send, what, status, **headers)


def pieces(piece: bytes, times: int, pause: float = 0, **headers: str) -> Answer:
    """The same piece, so many times."""

    async def sent(send: Send) -> None:
        lines = [
            (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
        ]
        await send({"type": "http.response.start", "status": 200, "headers": lines})
        for _ in range(times):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(pause)
        await send({"type": "http.response.body", "body": b""})

    return sent


def there(address: str) -> str:
    """Path and query of an address."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


@asynccontextmanager
async def strict_provider() -> AsyncIterator[StrictProvider]:
    """One that listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        provider = StrictProvider(f"http://localhost:{listening.getsockname()[1]}")
        server = uvicorn.Server(uvicorn.Config(provider, lifespan="off", log_config=None))
        running = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield provider
        finally:
            server.should_exit = server.force_exit = True
            await running
