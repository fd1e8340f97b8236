"""Tokens of an identity provider, and a hostile one: what is taken for a person and what is not."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from models.values.refusal import Refused
from service.identity.provider import Expectation, ProviderKeys, readable, subject

ISSUER, CLIENT, NONCE, NOW = "https://id.example", "gongjian", "n-1", 1_800_000_000
KEY = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig", "alg": "RS256"})
OTHER = RSAKey.generate_key(2048, {"kid": "k1"})
ALGORITHMS = ("RS256", "ES256", "EdDSA")
EXPECTED = Expectation(issuer=ISSUER, audience=CLIENT, nonce=NONCE, now=NOW)
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "sub": "person-1",
    "aud": CLIENT,
    "nonce": NONCE,
    "iat": NOW,
    "exp": NOW + 300,
}


def keys() -> KeySet:
    public = json.dumps({"keys": [KEY.as_dict(private=False)]})
    return KeySet(list(readable(ProviderKeys.model_validate_json(public))))


def signed(**changes: Any) -> str:
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": "k1"}, claims, KEY)


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def mac_with_public_key() -> str:
    """Key confusion: the public key, which everybody has, as the secret of an HMAC."""
    text = f"{part({'alg': 'HS256', 'kid': 'k1'})}.{part(CLAIMS)}"
    mac = hmac.digest(KEY.as_pem(private=False), text.encode(), hashlib.sha256)
    return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def test_a_token_with_everything_in_order_names_the_person() -> None:
    assert subject(signed(), keys(), ALGORITHMS, EXPECTED) == "person-1"
    assert subject(signed(aud=[CLIENT]), keys(), ALGORITHMS, EXPECTED) == "person-1"
    several = signed(aud=[CLIENT, "other"], azp=CLIENT)
    assert subject(several, keys(), ALGORITHMS, EXPECTED) == "person-1"


HOSTILE = {
    "no signature": f"{part({'alg': 'none'})}.{part(CLAIMS)}.",
    "no signature, kid": f"{part({'alg': 'none', 'kid': 'k1'})}.{part(CLAIMS)}.",
    "no signature, other case": f"{part({'alg': 'nOnE', 'kid': 'k1'})}.{part(CLAIMS)}.",
    "key confusion": mac_with_public_key(),
    "another key of the same name": jwt.encode({"alg": "RS256", "kid": "k1"}, CLAIMS, OTHER),
    "a key that it brings along": jwt.encode(
        {"alg": "RS256", "jwk": OTHER.as_dict(private=False)}, CLAIMS, OTHER
    ),
    "an algorithm that is not on the list": jwt.encode(
        {"alg": "RS512", "kid": "k1"}, CLAIMS, RSAKey.import_key({**KEY.as_dict(private=True), "alg": "RS512"}),
        algorithms=["RS512"],
    ),
    "another audience": signed(aud="another"),
    "several audiences, for nobody named": signed(aud=[CLIENT, "other"]),
    "several audiences, for another": signed(aud=[CLIENT, "other"], azp="other"),
    "another issuer": signed(iss="https://evil.example"),
    "another nonce": signed(nonce="n-2"),
    "no nonce": signed(nonce=None),
    "over": signed(exp=NOW - 3600),
    "without end": signed(exp=None),
    "of the future": signed(iat=NOW + 3600),
    "of nobody": signed(sub=""),
    "of no text": signed(sub=5),
    "no audience": signed(aud=None),
    "too long": signed(padding="x" * 20_000),
    "no token": "a.b",
    "nothing": "",
}  # fmt: skip


@pytest.mark.parametrize("token", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_token_names_nobody(token: str) -> None:
    with pytest.raises(Refused, match=r"sign_in\.provider_unclear"):
        subject(token, keys(), ALGORITHMS, EXPECTED)


def test_a_symmetric_key_among_the_public_ones_is_not_taken() -> None:
    secret = OctKey.generate_key(256, {"kid": "k1"})
    said = ProviderKeys.model_validate({"keys": [secret.as_dict(private=True)]})
    assert not list(readable(said))
