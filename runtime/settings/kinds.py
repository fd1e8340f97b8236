"""What single settings may hold: keys and addresses, each checked where the environment is read."""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

from runtime.keys.values import KEYS


def _strong(key: SecretStr) -> SecretStr:
    if not re.fullmatch(KEYS, key.get_secret_value()):
        raise ValueError("at least 32 random bytes in hexadecimal (64 digits)")
    return key


def _public(keys: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}(?:,[0-9a-f]{64})*", keys):
        raise ValueError("public keys of 32 bytes in hexadecimal (64 digits), parted by commas")
    return keys


def _address(url: str) -> str:
    parts = urlsplit(url.rstrip("/"))
    plain = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    if not plain or parts.query or parts.fragment or not re.fullmatch(r"[!-~]+", url):
        raise ValueError(
            "an address like https://vote.example.org, without user, query or fragment"
        )
    _ = parts.port  # a ValueError where it is no port
    return parts.geturl()


def words(value: object) -> object:
    """Several words of one variable, separated by commas."""
    return tuple(value.split(",")) if isinstance(value, str) else value


SignatureAlgorithm = Literal[
    "RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"
]
"""Of public keys only: with "none" or an HMAC anybody who knows the public key could sign."""
PublicUrl = Annotated[str, AfterValidator(_address)]
"""An address that people are given, without a slash at its end; it may have a path."""
Key = Annotated[SecretStr, AfterValidator(_strong)]
"""A secret key: 32 bytes or more, written in hexadecimal; or several, see `runtime.keys.values`."""
PublicKeys = Annotated[str, AfterValidator(_public)]
"""Public halves of Ed25519 keys, the newest first."""
