"""What may be configured: one class, read from the environment by the composition roots only.

`Settings` is what a worker or a service needs and has no default for anything secret. `LocalSettings`
is what `gongjian up` needs: addresses left out mean "start an embedded server".
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.values.refusal import Problem, Refused, problem, refuse_if_any
from runtime.settings.edge import EdgeSettings
from runtime.settings.kinds import Key, PublicKeys, PublicUrl
from runtime.settings.notices import NoticeSettings
from runtime.settings.portal import PortalSettings
from runtime.settings.privacy import PrivacySettings
from runtime.settings.sign_in import SignInSettings
from runtime.settings.watching import WatchingSettings
from runtime.version import VERSION

PREFIX = "GONGJIAN_"
HEADS = "heads.log"
EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - nothing is bound here
"""What a service listens on that listens on every address of its machine."""


def _user_data_dir() -> Path:
    """The freedesktop.org place for a user's data."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "gongjian"


def _unprefixed(name: str) -> AliasChoices:
    """The name other tools also use for this setting, without our prefix."""
    return AliasChoices(name)


class SharedSettings(
    EdgeSettings, NoticeSettings, PortalSettings, PrivacySettings, SignInSettings, WatchingSettings
):
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
    temporal_tls: bool = Field(
        default=False,
        validation_alias=_unprefixed("TEMPORAL_TLS"),
        description="Speak TLS with Temporal; the files below imply it.",
    )
    temporal_tls_ca: Path | None = Field(
        default=None,
        validation_alias=_unprefixed("TEMPORAL_TLS_SERVER_CA_CERT_PATH"),
        description="Whose certificates Temporal may show (PEM); else those the system trusts.",
    )
    temporal_tls_cert: Path | None = Field(
        default=None,
        validation_alias=_unprefixed("TEMPORAL_TLS_CLIENT_CERT_PATH"),
        description="The certificate that this process shows to Temporal (PEM, mTLS).",
    )
    temporal_tls_key: Path | None = Field(
        default=None,
        validation_alias=_unprefixed("TEMPORAL_TLS_CLIENT_KEY_PATH"),
        description="The private key of that certificate (PEM).",
    )
    temporal_tls_name: str | None = Field(
        default=None,
        validation_alias=_unprefixed("TEMPORAL_TLS_SERVER_NAME"),
        description="The name in Temporal's certificate where it is not that of the address.",
    )
    temporal_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=_unprefixed("TEMPORAL_API_KEY"),
        description="Sent to Temporal with every call (Authorization: Bearer).",
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
    heads_dir: Path | None = Field(
        default=None,
        description="Where the signed heads of the log are kept outside the database; else in"
        " a file beside the data directory.",
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
    intake_queue: int = Field(
        default=10_000,
        ge=1,
        description="Ballots, and reports of payments, that may wait for a commit before the service answers 503.",
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

    @property
    def heads_file(self) -> Path:
        """The file of the signed heads; a copy of the data directory does not contain it."""
        if self.heads_dir is not None:
            return self.heads_dir / HEADS
        return self.data_dir.with_name(f"{self.data_dir.name}.{HEADS}")

    @property
    def anchors_file(self) -> Path:
        """The file of the signed anchors, beside that of the heads."""
        return self.heads_file.with_name(self.heads_file.name.replace(HEADS, "anchors.log"))


class WorkerSettings(SharedSettings):
    """What the worker needs; it has no key with which one could vote, sign in or act."""

    temporal_address: str = Field(
        default="127.0.0.1:7233",
        validation_alias=_unprefixed("TEMPORAL_ADDRESS"),
        description="host:port of the Temporal frontend (gRPC).",
    )
    database_url: SecretStr = Field(
        validation_alias=_unprefixed("DATABASE_URL"),
        description="PostgreSQL address of the application role (postgresql+asyncpg://…).",
    )
    box_key: Key | None = Field(
        default=None,
        description="Opens ballot boxes and signs their results; for the worker only, in hexadecimal.",
    )
    heads_key: Key | None = Field(
        default=None,
        description="Signs the heads of the log; for every process that writes to it.",
    )
    bids_key: Key | None = Field(
        default=None,
        description="Seals bids until their opening; for the service and the worker.",
    )
    codec_key: Key | None = Field(
        default=None,
        description="Seals what is sent to Temporal; without it payloads are stored readable.",
    )
    gateway_public: PublicKeys | None = Field(
        default=None,
        description="The public keys of the gateway's signatures, in hexadecimal.",
    )

    def to_environment(self) -> dict[str, str]:
        """These settings as environment variables, for a child process; secrets in clear text."""
        written: dict[str, str] = {}
        for field, name in environment_names(type(self)).items():
            value = getattr(self, field)
            if value is not None:
                plain = value.get_secret_value() if isinstance(value, SecretStr) else value
                written[name] = ",".join(plain) if isinstance(plain, tuple) else str(plain)
        return written


class Settings(WorkerSettings):
    """What the service or the command line needs, too, to work with running servers."""

    credential_key: Key = Field(
        description="Makes and checks the credentials of before; 32 bytes or more in hexadecimal."
    )
    receipt_key: Key = Field(
        description="Signs the receipts of ballots; 32 bytes or more in hexadecimal."
    )
    session_key: Key | None = Field(
        default=None, description="Signs ballot tickets and what sessions are bound to."
    )
    owner_key: Key | None = Field(
        default=None,
        description="Under it sets of owners are stored; without it under one of the credential key.",
    )
    gateway_key: Key | None = Field(
        default=None, description="Signs official acts; for the service only."
    )
    person_key: Key | None = Field(
        default=None, description="Seals the contacts and other data of people."
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

    @property
    def of_service(self) -> "Settings":
        """As the service gets them: without the keys that are the worker's alone."""
        return self.model_copy(update=dict.fromkeys(WORKER_ONLY))

    @property
    def of_worker(self) -> WorkerSettings:
        """As the worker gets them: without the keys that are the service's."""
        return WorkerSettings.model_validate(
            self.model_dump(include=set(WorkerSettings.model_fields) - SERVICE_ONLY)
        )


class LocalSettings(SharedSettings):
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
        keys: Mapping[str, str],
        service_port: int,
    ) -> Settings:
        """The settings of a process of this stack; the owner's database address stays out.

        `keys` are the keys by the names of their settings. An embedded Temporal has no TLS.
        """
        shared = set(SharedSettings.model_fields) - {"database_owner_url"}
        if self.temporal_address is None:
            shared = {
                name for name in shared if not name.startswith(("temporal_tls", "temporal_api"))
            }
        servers = {
            "temporal_address": temporal_address,
            "database_url": database_url,
            "service_port": service_port,
        }
        return Settings.model_validate({**self.model_dump(include=shared), **keys, **servers})


SERVICE_ONLY = frozenset({"oidc_client_secret", "smtp_password", "sms_secret"})
"""Settings that every process knows by name, and the service alone is given."""
WORKER_ONLY = ("box_key",)
"""Settings of the worker that the service does not get."""
AnySettings = TypeVar("AnySettings", Settings, WorkerSettings, LocalSettings)


def environment_names(kind: type[BaseSettings]) -> dict[str, str]:
    """Field name to the environment variable that sets it, in the order of the class."""
    names: dict[str, str] = {}
    for field, info in kind.model_fields.items():
        alias = info.validation_alias
        own = alias.choices[0] if isinstance(alias, AliasChoices) else PREFIX + field.upper()
        names[field] = str(own)
    return names


def require(settings: WorkerSettings, *fields: str) -> None:
    """Every one of these is set; for those that only some processes need.

    Raises:
        Refused: `settings.missing` for each that is not.
    """
    names = environment_names(type(settings))
    refuse_if_any(
        problem(
            "settings.missing", where=names[field], name=names[field], expected="Field required"
        )
        for field in fields
        if getattr(settings, field) is None
    )


def own_variables() -> frozenset[str]:
    """The names of all variables that are ours: no child inherits one that it was not given."""
    kinds = (Settings, LocalSettings)
    return frozenset(name for kind in kinds for name in environment_names(kind).values())


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
