"""What a passkey has made or signed, checked by the library `webauthn` (WebAuthn level 2, 7.1 and 7.2)."""

from collections.abc import Callable
from typing import TypeVar

import structlog
from webauthn import verify_authentication_response, verify_registration_response
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorAssertionResponse,
    AuthenticatorAttestationResponse,
    RegistrationCredential,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from models.values.refusal import refusal
from service.identity.browsers.bodies import MadePasskey, SignedByPasskey
from service.identity.browsers.party import RelyingParty

log = structlog.get_logger("sign_in")
T = TypeVar("T")
ALGORITHMS = (
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
)


def checked_new(party: RelyingParty, challenge: str, made: MadePasskey) -> VerifiedRegistration:
    """A passkey that was made for this party and this challenge, by a user who was verified.

    Raises:
        Refused: `passkey.refused`.
    """
    return _checked(
        lambda: verify_registration_response(
            credential=RegistrationCredential(
                id=made.id,
                raw_id=base64url_to_bytes(made.id),
                response=AuthenticatorAttestationResponse(
                    client_data_json=base64url_to_bytes(made.client_data),
                    attestation_object=base64url_to_bytes(made.attestation),
                ),
            ),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
            supported_pub_key_algs=list(ALGORITHMS),
        )
    )


def checked_signature(
    party: RelyingParty, challenge: str, signed: SignedByPasskey, public_key: bytes
) -> VerifiedAuthentication:
    """What the key of a passkey signed for this party and this challenge; its count is not looked at.

    Raises:
        Refused: `passkey.refused`.
    """
    return _checked(
        lambda: verify_authentication_response(
            credential=AuthenticationCredential(
                id=signed.id,
                raw_id=base64url_to_bytes(signed.id),
                response=AuthenticatorAssertionResponse(
                    client_data_json=base64url_to_bytes(signed.client_data),
                    authenticator_data=base64url_to_bytes(signed.authenticator_data),
                    signature=base64url_to_bytes(signed.signature),
                ),
            ),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    )


def _checked(verify: Callable[[], T]) -> T:
    try:
        return verify()
    except (WebAuthnException, ValueError, TypeError, LookupError, OverflowError) as error:
        # What is wrong may be what somebody sent: the kind of it is told, and not the text.
        log.warning("passkey_refused", reason=type(error).__name__)
        raise refusal("passkey.refused") from None
