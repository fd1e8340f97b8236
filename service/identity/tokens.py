"""Random tokens: whoever holds one is let in, and only its hash is stored."""

import hashlib
import secrets

SESSION = "s1"
INVITATION = "i1"
ATTEMPT = "a1"
CLIENT = "c1"
TERMINAL = "t1"
_BYTES = 32


def new_token(kind: str) -> str:
    """A token of 256 random bits that says of which kind it is: "s1.…"."""
    return f"{kind}.{secrets.token_urlsafe(_BYTES)}"


def token_hash(token: str) -> str:
    """What stands in the table for a token: 64 lower-case hex digits.

    It needs no key and no salt, because nobody can try 256 random bits.
    """
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
