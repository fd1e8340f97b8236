"""Who a request came from and how it was refused: kept for its line in the access log, in its own context."""

from contextvars import ContextVar

CALLER: ContextVar[str] = ContextVar("caller", default="")
"""An official by id; of a resident only that it was one."""
REFUSED: ContextVar[str] = ContextVar("refused", default="")
"""The code of the first problem."""


def came_from(kind: str, name: str = "") -> None:
    """Note the holder of the credential that was just accepted; whoever reads a credential calls it."""
    CALLER.set(f"{kind}:{name}" if name else kind)
