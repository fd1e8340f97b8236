"""Passwords and second factors of local accounts: argon2id, and codes of RFC 6238.

Hashing takes tens of milliseconds and 64 MiB, so it is done in threads, two at a time.
"""

import asyncio
import hmac
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from models.values.refusal import refusal
from runtime.keys.values import derived, every, newest
from runtime.settings import Settings, require

HASHER = PasswordHasher()
AT_ONCE = ThreadPoolExecutor(2, "passwords")
"""Two at a time: each takes 64 MiB. A pool of its own is of no event loop, as a semaphore would be."""
MOST_WAITING = 40
"""So many wait for their turn, a few seconds; a flood of tries is not queued for minutes before everybody else."""
STEP_S = 30
DRIFT_STEPS = 1
"""A clock may be off by as many steps: the code before and the one after are taken too."""
ISSUER = "gongjian"
_NOBODY = HASHER.hash(secrets.token_hex(16))
"""Compared where there is no such account, so that the answer takes as long."""
_PURPOSE = b"gongjian/totp"
_NONCE_BYTES = 12


async def hash_password(password: str) -> str:
    """The argon2id hash of a password, with its parameters and salt."""
    return await asyncio.get_running_loop().run_in_executor(AT_ONCE, HASHER.hash, password)


async def hash_anew(stored: str | None, password: str) -> str | None:
    """What is to be stored of a password that fits: its hash with today's parameters."""
    if stored is None or not HASHER.check_needs_rehash(stored):
        return stored
    return await hash_password(password)


class Turns:
    """How many tries of a password there are at this moment, of everybody in this process."""

    def __init__(self) -> None:
        self._taken = 0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """For one try, begun before it is counted: who is sent away has not tried.

        Raises:
            Refused: `service.busy` where too many are waiting.
        """
        if self._taken >= MOST_WAITING:
            raise refusal("service.busy")
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1


TURNS = Turns()


async def password_fits(stored: str | None, password: str) -> bool:
    """Whether a password is the one of this hash; without a hash False, after the same time."""
    loop = asyncio.get_running_loop()
    fits = await loop.run_in_executor(AT_ONCE, _verify, stored or _NOBODY, password)
    return fits and stored is not None


def _verify(stored: str, password: str) -> bool:
    try:
        return HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def new_totp_secret() -> str:
    """A secret of 160 bits, in base 32."""
    return pyotp.random_base32()


def totp_uri(secret: str, name: str) -> str:
    """What an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def used_step(secret: str, code: str, now: datetime, last_step: int) -> int | None:
    """The step of time whose code this is, None where it is none or was used already."""
    totp, step = pyotp.TOTP(secret), int(now.timestamp()) // STEP_S
    for each in range(step - DRIFT_STEPS, step + DRIFT_STEPS + 1):
        if each > last_step and hmac.compare_digest(totp.at(each * STEP_S), code):
            return each
    return None


def sealed(key: SecretStr, secret: str) -> bytes:
    """A secret under the newest key of a setting: AES-256-GCM, the nonce first."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    cipher = AESGCM(derived(newest(key), _PURPOSE))
    return nonce + cipher.encrypt(nonce, secret.encode(), _PURPOSE)


def opened(key: SecretStr, stored: bytes) -> str | None:
    """The secret that was sealed under one of the keys; None under another."""
    nonce, data = stored[:_NONCE_BYTES], stored[_NONCE_BYTES:]
    for each in every(key):
        with suppress(InvalidTag):
            return AESGCM(derived(each, _PURPOSE)).decrypt(nonce, data, _PURPOSE).decode()
    return None


def secrets_key(settings: Settings) -> SecretStr:
    """The key under which second factors are kept.

    Raises:
        Refused: `settings.missing`.
    """
    require(settings, "person_key")
    assert settings.person_key is not None
    return settings.person_key
