"""How much of a quota is left, as headers of the answer (draft-ietf-httpapi-ratelimit-headers-10)."""

from contextvars import ContextVar
from typing import NamedTuple


class RateLeft(NamedTuple):
    """`quota` of `most` in a window of so many seconds: how many are left, and when one more is."""

    quota: str
    most: int
    window_s: int
    left: int
    reset_s: int


RATE: ContextVar[RateLeft | None] = ContextVar("rate", default=None)
"""Of the quota that the request has used, if it has used one; who counts it notes it."""


def rate_headers() -> list[tuple[bytes, bytes]]:
    """The headers for what was noted of this request; none where it used no quota."""
    rate = RATE.get()
    if rate is None:
        return []
    policy = f'"{rate.quota}";q={rate.most};w={rate.window_s}'
    now = f'"{rate.quota}";r={rate.left};t={rate.reset_s}'
    return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", now.encode())]
