"""Ed25519 after RFC 8032 section 5.1, verification only, strict: nothing has two spellings."""

from __future__ import annotations

import hashlib

SIZES = (32, 64)
"""Bytes of a public key and of a signature."""
_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT_OF_MINUS_1 = pow(2, (_P - 1) // 4, _P)

_NEUTRAL = (0, 1, 1, 0)
"""Points are in extended coordinates X, Y, Z, T with x = X/Z, y = Y/Z, x*y = T/Z."""


def _add(p: tuple[int, int, int, int], q: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    a = (p[1] - p[0]) * (q[1] - q[0]) % _P
    b = (p[1] + p[0]) * (q[1] + q[0]) % _P
    c = 2 * p[3] * q[3] * _D % _P
    d = 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _times(number: int, point: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    total = _NEUTRAL
    while number:
        if number & 1:
            total = _add(total, point)
        point = _add(point, point)
        number >>= 1
    return total


def _same(p: tuple[int, int, int, int], q: tuple[int, int, int, int]) -> bool:
    return (p[0] * q[2] - q[0] * p[2]) % _P == 0 and (p[1] * q[2] - q[1] * p[2]) % _P == 0


def _x_of(y: int, odd: int) -> int | None:
    """The x of a point on the curve, of the wanted parity (RFC 8032 section 5.1.3)."""
    squared = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    if squared == 0:
        return None if odd else 0
    x = pow(squared, (_P + 3) // 8, _P)
    if (x * x - squared) % _P:
        x = x * _ROOT_OF_MINUS_1 % _P
    if (x * x - squared) % _P:
        return None
    return x if x & 1 == odd else _P - x


def _point(code: bytes) -> tuple[int, int, int, int] | None:
    """The point that 32 bytes stand for; None where they stand for none, or in a second spelling."""
    number = int.from_bytes(code, "little")
    odd, y = number >> 255, number & ((1 << 255) - 1)
    x = _x_of(y, odd) if y < _P else None
    return None if x is None else (x, y, 1, x * y % _P)


def _base() -> tuple[int, int, int, int]:
    y = 4 * pow(5, _P - 2, _P) % _P
    x = _x_of(y, 0) or 0
    return (x, y, 1, x * y % _P)


def signed(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Did the owner of this key sign this message? A weak key has signed nothing."""
    if (len(public_key), len(signature)) != SIZES:
        return False
    key, nonce = _point(public_key), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or nonce is None or scalar >= _L or _same(_times(8, key), _NEUTRAL):
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    challenge = int.from_bytes(digest, "little") % _L
    return _same(_times(scalar, _base()), _add(nonce, _times(challenge, key)))
