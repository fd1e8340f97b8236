"""What may be configured: one class, read from the environment by the composition roots only.

`Settings` is what a worker or a service needs and has no default for anything secret. `LocalSettings`
is what `gongjian up` needs: addresses left out mean "start an embedded server".
"""

import os
import re
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from models.values.refusal import Problem, Refused, problem
from runtime.version import VERSION

PREFIX = "GONGJIAN_"
EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - nothing is bound here
"""What a service listens on that listens on every address of its machine."""


def _strong(key: SecretStr) -> SecretStr:
    if not re.fullmatch(r"(?:[0-9a-fA-F]{2}){32,}", key.get_secret_value()):
        raise ValueError("at least 32 random bytes in hexadecimal (64 digits)")
    return key


def _address(url: str) -> str:
    parts = urlsplit(url.rstrip("/"))
    plain = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    if not plain or parts.query or parts.fragment or not re.fullmatch(r"[!-~]+", url):
        raise ValueError(
            "an address like https://vote.example.org, without user, query or fragment"
        )
    _ = parts.port  # a ValueError where it is no port
    return parts.geturl()


def _key_source(where: str) -> str:
    parts = urlsplit(where)
    if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise ValueError("https://…, or the path of a file; http://… on this machine only")
    return where


def _words(value: object) -> object:
    return tuple(value.split(",")) if isinstance(value, str) else value


SignatureAlgorithm = Literal[
    "RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"
]
"""Of public keys only: with "none" or an HMAC anybody who knows the public key could sign."""
PublicUrl = Annotated[str, AfterValidator(_address)]
"""An address that people are given, without a slash at its end; it may have a path."""
Key = Annotated[SecretStr, AfterValidator(_strong)]
"""A secret key: 32 bytes or more, written in hexadecimal."""


def _user_data_dir() -> Path:
    """The freedesktop.org place for a user's data."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "gongjian"


def _unprefixed(name: str) -> AliasChoices:
    """The name other tools also use for this setting, without our prefix."""
    return AliasChoices(name)


class _Shared(BaseSettings):
    """What every process reads."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        env_ignore_empty=True,
        hide_input_in_errors=True,
    )

    temporal_namespace: str = Field(
        default="default",
        validation_alias=_unprefixed("TEMPORAL_NAMESPACE"),
        description="The Temporal namespace that holds the renovations.",
    )
    database_owner_url: SecretStr | None = Field(
        default=None,
        validation_alias=_unprefixed("DATABASE_OWNER_URL"),
        description="PostgreSQL address of the role that owns the schema; only migrations use it.",
    )
    data_dir: Path = Field(
        default_factory=_user_data_dir,
        description="Where the local stack keeps databases, keys and logs between starts.",
    )
    task_queue: str = Field(
        default="gongjian", min_length=1, description="The task queue of workflows and activities."
    )
    build_id: str = Field(
        default=VERSION,
        min_length=1,
        pattern=r"^[\w.+-]+$",
        max_length=100,
        description="The build of the workers: tasks go to the current one.",
    )
    service_host: str = Field(
        default="127.0.0.1",
        description="The address the service listens on; 0.0.0.0 in a container.",
    )
    public_url: PublicUrl | None = Field(
        default=None,
        description="The address under which people reach the service: in QR codes and the API's"
        " document. Without it, the one the service listens on.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least severe event that is logged."
    )
    log_format: Literal["json", "console"] = Field(
        default="json", description="One JSON object a line, or lines for people."
    )
    database_pool: int = Field(
        default=10, ge=2, le=64, description="Database connections of one process, at most."
    )
    max_cached_workflows: int = Field(
        default=500,
        ge=1,
        le=100_000,
        description="Open workflows a worker keeps in memory (about 90 KB each).",
    )
    max_concurrent_activities: int = Field(
        default=32, ge=1, le=1000, description="Activities one worker runs at the same time."
    )
    max_concurrent_bulk_activities: int = Field(
        default=4,
        ge=1,
        le=32,
        description="Activities of a row per resident one worker runs at the same time, beside.",
    )
    max_body_bytes: int = Field(
        default=262_144,
        ge=1024,
        description="The largest request body the service reads, in bytes.",
    )
    intake_queue: int = Field(
        default=10_000,
        ge=1,
        description="Ballots that may wait for a commit before the service answers 503.",
    )
    session_hours: int = Field(
        default=12, ge=1, le=168, description="Hours after which a person signs in anew."
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
    oidc_algorithms: Annotated[
        tuple[SignatureAlgorithm, ...], NoDecode, BeforeValidator(_words)
    ] = Field(
        default=("RS256", "ES256", "EdDSA"),
        description="Signatures that are taken under its tokens, separated by commas.",
    )
    portal_issuer: str | None = Field(
        default=None,
        min_length=1,
        max_length=255,
        description="What the city's portal calls itself (`iss`) in what it signs for citizens.",
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
        tuple[SignatureAlgorithm, ...], NoDecode, BeforeValidator(_words)
    ] = Field(
        default=("RS256", "PS256", "ES256", "EdDSA", "Ed25519"),
        description="Signatures that are taken under its assertions, separated by commas.",
    )
    update_timeout_s: int = Field(
        default=10,
        ge=1,
        le=120,
        description="Seconds the service waits for an official act before 'not confirmed yet'.",
    )
    shutdown_grace_s: int = Field(
        default=8, ge=1, le=300, description="Seconds running work gets when a process is stopped."
    )
    connect_timeout_s: int = Field(
        default=60,
        ge=1,
        le=600,
        description="Seconds a process tries to reach Temporal at its start.",
    )
    ready_file: Path | None = Field(
        default=None,
        description="A file the worker touches while it works; health checks look at its age.",
    )


class Settings(_Shared):
    """Everything a worker, the service or the command line needs to work with running servers."""

    temporal_address: str = Field(
        default="127.0.0.1:7233",
        validation_alias=_unprefixed("TEMPORAL_ADDRESS"),
        description="host:port of the Temporal frontend (gRPC).",
    )
    database_url: SecretStr = Field(
        validation_alias=_unprefixed("DATABASE_URL"),
        description="PostgreSQL address of the application role (postgresql+asyncpg://…).",
    )
    credential_key: Key = Field(
        description="Makes and checks the voters' credentials; 32 bytes or more in hexadecimal."
    )
    receipt_key: Key = Field(
        description="Signs the receipts of ballots; 32 bytes or more in hexadecimal."
    )
    box_key: Key | None = Field(
        default=None,
        description="Opens ballot boxes and signs their results; for the worker only, in hexadecimal.",
    )
    service_port: int = Field(
        default=8000, ge=0, le=65_535, description="The TCP port of the service."
    )

    @property
    def address(self) -> str:
        """The one address that is printed and given out; what a request says is never taken for it."""
        if self.public_url is not None:
            return self.public_url
        host = "127.0.0.1" if self.service_host in EVERYWHERE else self.service_host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.service_port}"

    def to_environment(self) -> dict[str, str]:
        """These settings as environment variables, for a child process; secrets in clear text."""
        written: dict[str, str] = {}
        for field, name in environment_names(type(self)).items():
            value = getattr(self, field)
            if value is not None:
                plain = value.get_secret_value() if isinstance(value, SecretStr) else value
                written[name] = ",".join(plain) if isinstance(plain, tuple) else str(plain)
        return written


class LocalSettings(_Shared):
    """What the local stack and the operators' commands read; every server is optional."""

    temporal_address: str | None = Field(
        default=None,
        validation_alias=_unprefixed("TEMPORAL_ADDRESS"),
        description="host:port of a Temporal server to use instead of the embedded one.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        validation_alias=_unprefixed("DATABASE_URL"),
        description="PostgreSQL address (application role) to use instead of the embedded server.",
    )

    def at(self, data_dir: Path) -> Self:
        """The same settings for another data directory."""
        return self.model_copy(update={"data_dir": data_dir.expanduser().absolute()})

    def with_servers(
        self,
        *,
        temporal_address: str,
        database_url: str,
        credential_key: str,
        receipt_key: str,
        box_key: str,
        service_port: int,
    ) -> Settings:
        """The settings of a process of this stack; the owner's database address stays out."""
        shared = self.model_dump(include=set(_Shared.model_fields) - {"database_owner_url"})
        servers = {
            "temporal_address": temporal_address,
            "database_url": database_url,
            "credential_key": credential_key,
            "receipt_key": receipt_key,
            "box_key": box_key,
            "service_port": service_port,
        }
        return Settings.model_validate({**shared, **servers})


AnySettings = TypeVar("AnySettings", Settings, LocalSettings)


def environment_names(kind: type[BaseSettings]) -> dict[str, str]:
    """Field name to the environment variable that sets it, in the order of the class."""
    names: dict[str, str] = {}
    for field, info in kind.model_fields.items():
        alias = info.validation_alias
        own = alias.choices[0] if isinstance(alias, AliasChoices) else PREFIX + field.upper()
        names[field] = str(own)
    return names


def read_settings(kind: type[AnySettings]) -> AnySettings:
    """Read the environment; for composition roots only.

    Raises:
        Refused: `settings.missing` or `settings.invalid` for each wrong variable, by its name; the
            value is never repeated, it may be a secret.
    """
    names = environment_names(kind)
    try:
        return kind()
    except ValidationError as error:
        problems: list[Problem] = []
        for item in error.errors(include_url=False, include_input=False, include_context=False):
            where = str(item["loc"][0]) if item["loc"] else ""
            variable = names.get(
                where, where if where in names.values() else PREFIX + where.upper()
            )
            code = "settings.missing" if item["type"] == "missing" else "settings.invalid"
            problems.append(problem(code, where=variable, name=variable, expected=str(item["msg"])))
        raise Refused(*problems) from None
