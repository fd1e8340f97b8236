"""Did the owner of a public key sign this? To ask needs no secret, and gives the same answer everywhere."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def signed_by(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Did the owner of the key sign the message (Ed25519)?"""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
