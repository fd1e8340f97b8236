"""A city's portal, which signs for its citizens' units."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode

from runtime.settings.kinds import SignatureAlgorithm, words


def _key_source(where: str) -> str:
    parts = urlsplit(where)
    if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise ValueError("https://…, or the path of a file; http://… on this machine only")
    return where


def _https(address: str) -> str:
    if address and urlsplit(address).scheme != "https":
        raise ValueError("https://…")
    return address


class PortalSettings(BaseSettings):
    """Who the portal is, where its keys are, and as whom it acts."""

    portal_issuer: str | None = Field(
        default=None,
        min_length=1,
        max_length=255,
        description="What the city's portal calls itself (`iss`) in what it signs for citizens.",
    )
    official_vote_url: Annotated[str, AfterValidator(_https)] = Field(
        default="",
        description="Where the city's own voting system is; pages lead there where only its ballots count.",
    )
    portal_jwks: Annotated[str, AfterValidator(_key_source)] = Field(
        default="",
        description="Where its public keys are (JWKS): an address, or the path of a file.",
    )
    portal_actor: str = Field(
        default="city-portal",
        pattern=r"^[\w.:-]{1,64}$",
        description="The actor as which it casts ballots; somebody gives it the role city_portal.",
    )
    portal_algorithms: Annotated[
        tuple[SignatureAlgorithm, ...], NoDecode, BeforeValidator(words)
    ] = Field(
        default=("RS256", "PS256", "ES256", "EdDSA", "Ed25519"),
        description="Signatures that are taken under its assertions, separated by commas.",
    )
