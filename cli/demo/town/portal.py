"""The portal of the demo's town: it has a key pair of its own, and signs for the citizens who are in there."""

import json
import time
import uuid
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import OKPKey

from cli.demo.town.people import PORTAL
from runtime.private import write_private
from runtime.settings import LocalSettings

ISSUER = "https://portal.example"
ALGORITHM = "Ed25519"
GOOD_S = 120
FILE_NAME = "portal-keys.json"


class DemoPortal:
    """Signs for the units of the estate; what it publishes are public keys only.

    `audience` is the address of the service for which it signs.
    """

    def __init__(self) -> None:
        self._key = OKPKey.generate_key("Ed25519", {"use": "sig", "kid": "demo"}, private=True)
        self.audience = ""

    def connected(self, local: LocalSettings, directory: Path) -> LocalSettings:
        """The settings of a service that knows this portal; its public keys lie in this directory."""
        directory.mkdir(parents=True, exist_ok=True)
        path = directory.absolute() / FILE_NAME
        keys = {"keys": [self._key.as_dict(private=False)]}
        write_private(path, json.dumps(keys))
        return local.model_copy(
            update={
                "portal_issuer": ISSUER,
                "portal_jwks": str(path),
                "portal_actor": PORTAL.id,
            }
        )

    def vouch(self, renovation_id: str, unit_number: str) -> str:
        """A fresh assertion (RFC 7523) for a unit, good once and for two minutes."""
        now = int(time.time())
        claims: dict[str, str | int] = {
            "iss": ISSUER,
            "sub": f"household-{unit_number}",
            "aud": self.audience,
            "iat": now,
            "exp": now + GOOD_S,
            "jti": uuid.uuid4().hex,
            "renovation_id": renovation_id,
            "unit_number": unit_number,
        }
        header = {"alg": ALGORITHM, "kid": "demo"}
        return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])
