"""Who a request came from, its id, and how it was refused: kept for its lines in the logs, in its own context."""

import random
import re
from collections.abc import Mapping
from contextvars import ContextVar

from runtime.logging import REQUEST

CALLER: ContextVar[str] = ContextVar("caller", default="")
"""An official by id; of a resident only that it was one."""
REFUSED: ContextVar[str] = ContextVar("refused", default="")
"""The code of the first problem."""
ZONE: ContextVar[str] = ContextVar("zone", default="")
"""The IANA zone of the case that the request is about, once it was read: moments are told in it."""
REQUEST_ID = b"x-request-id"
_GIVEN = re.compile(rb"[A-Za-z0-9-]{1,64}")


def begin_request(headers: Mapping[bytes, bytes]) -> None:
    """Forget the request before, and name this one: as its sender or a proxy has, else anew.

    `headers` are of lower case; what is no id (up to 64 letters, digits, "-") is passed over.
    """
    CALLER.set("")
    REFUSED.set("")
    ZONE.set("")
    given = headers.get(REQUEST_ID, b"")
    # No secret: whoever asks is told it, and each ballot would pay for a call of the system.
    name = given.decode() if _GIVEN.fullmatch(given) else f"{random.getrandbits(64):016x}"
    REQUEST.set(name)


def name_header() -> tuple[bytes, bytes]:
    """The header of the answer that names the request which was begun."""
    return REQUEST_ID, REQUEST.get().encode()


def came_from(kind: str, name: str = "") -> None:
    """Note the holder of the credential that was just accepted; whoever reads a credential calls it."""
    CALLER.set(f"{kind}:{name}" if name else kind)
