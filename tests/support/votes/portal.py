"""A city's portal: it signs by hand, with the primitives of `cryptography`, not with the service's library."""

import base64
import hashlib
import json
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ISSUER, ACTOR = "https://portal.example", "city-portal"
AUDIENCE = "http://127.0.0.1:8000"
"""The address of the service as the settings of the tests have it."""
KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"test portal").digest())


def encoded(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def public_keys() -> dict[str, Any]:
    """The portal's JWKS."""
    raw = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {
        "keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "p1", "use": "sig", "x": encoded(raw)}]
    }


def portal_settings() -> dict[str, Any]:
    """The settings of a service to which this portal is connected."""
    path = Path(gettempdir()) / "gongjian-test-portal.json"
    path.write_text(json.dumps(public_keys()))
    return {"portal_issuer": ISSUER, "portal_jwks": str(path), "portal_actor": ACTOR}


def claims_for(rid: str, unit: str, **other: Any) -> dict[str, Any]:
    """What the portal says of a unit; a claim that is None is left out."""
    now = int(time.time())
    said = {
        "iss": ISSUER,
        "sub": "citizen-17",
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + 120,
        "jti": uuid.uuid4().hex,
        "renovation_id": rid,
        "unit_number": unit,
        **other,
    }
    return {name: value for name, value in said.items() if value is not None}


def to_sign(header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    """The first two parts of a JWT."""
    return ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))


def signed(claims: Mapping[str, Any], **header: Any) -> str:
    """A JWT with the portal's signature."""
    said = to_sign({"typ": "JWT", "alg": "EdDSA", "kid": "p1", **header}, claims)
    return f"{said}.{encoded(KEY.sign(said.encode()))}"


def assertion(rid: str, unit: str, **claims: Any) -> str:
    """A fresh assertion for a unit."""
    return signed(claims_for(rid, unit, **claims))


def vouching(rid: str, unit: str, **claims: Any) -> dict[str, str]:
    """The header with a fresh assertion."""
    return {"Authorization": f"Bearer {assertion(rid, unit, **claims)}"}
