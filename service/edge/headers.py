"""The headers of every answer: nothing is guessed, framed, referred to or kept."""

from starlette.types import Message, Scope, Send

from service.http.problems import MEDIA_TYPE

ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
)
"""With every answer that is of one person, a ballot's receipt too: few, for they are sent at each ballot."""
PUBLIC = (b"cache-control", b"no-cache")
"""What everybody may read may be kept, and is asked for again."""
FOR_BROWSERS = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
OVER_TLS = (b"strict-transport-security", b"max-age=31536000")
"""Where the public address is https, and only there."""
SAFE = ("GET", "HEAD")


def guarded_send(scope: Scope, send: Send, *, tls: bool) -> Send:
    """A `send` that adds what is missing of these headers; what a route has set itself stays."""
    more = [*ALWAYS[:1], *FOR_BROWSERS, *([OVER_TLS] if tls else ())]

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = list(message.get("headers", ()))
            names = {name.lower() for name, _ in given}
            kept = PUBLIC if _is_public(scope, message["status"], given) else ALWAYS[1]
            given += [each for each in (*more, kept) if each[0] not in names]
            message = {**message, "headers": given}
        await send(message)

    return sent


def _is_public(scope: Scope, status: int, headers: list[tuple[bytes, bytes]]) -> bool:
    """Asked by nobody in particular, and answered: no credential, no cookie, no refusal."""
    asked = {name for name, _ in scope["headers"]}
    refused = any(value == MEDIA_TYPE.encode() for _, value in headers)
    named = asked & {b"authorization", b"cookie"} or any(
        name == b"set-cookie" for name, _ in headers
    )
    return scope["method"] in SAFE and status < 400 and not named and not refused  # noqa: PLR2004
