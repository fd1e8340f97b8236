"""How people sign in: for how long, by which links, and with whose accounts."""

from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode

from runtime.settings.kinds import PublicUrl, SignatureAlgorithm, words


class SignInSettings(BaseSettings):
    """Sessions, invitations, and an identity provider."""

    session_hours: int = Field(
        default=12, ge=1, le=168, description="Hours after which a person signs in anew."
    )
    session_idle_minutes: int = Field(
        default=60,
        ge=1,
        le=1440,
        description="Minutes without a request after which a session ends.",
    )
    invitation_days: int = Field(
        default=7,
        ge=1,
        le=90,
        description="Days for which a one-time link of an invitation is good.",
    )
    oidc_issuer: PublicUrl | None = Field(
        default=None,
        description="The identity provider (OpenID Connect) with whose accounts people sign in.",
    )
    oidc_client_id: str = Field(
        default="", description="What the identity provider calls this service."
    )
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="The secret it gave this service, if it gave one."
    )
    oidc_algorithms: Annotated[tuple[SignatureAlgorithm, ...], NoDecode, BeforeValidator(words)] = (
        Field(
            default=("RS256", "ES256", "EdDSA"),
            description="Signatures that are taken under its tokens, separated by commas.",
        )
    )
