"""The files of a data directory beside the databases: lock, keys, and the record of its stack."""

import fcntl
import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import SecretStr, ValidationError

from models.values.base import Carried
from models.values.refusal import Refused, refusal
from runtime.seals import ActSigner
from runtime.settings import LocalSettings, Settings

OWNER_ONLY = 0o600


class Keys(Carried):
    """The secret keys of one data directory, in hexadecimal; made once, never changed."""

    credential_key: str
    receipt_key: str
    box_key: str = ""
    gateway_key: str = ""

    @property
    def gateway_public(self) -> str:
        """The public half of the gateway's key."""
        return ActSigner(SecretStr(self.gateway_key)).public_key

    def as_settings(self) -> dict[str, str]:
        """These keys by the names of the settings."""
        return {**self.model_dump(), "gateway_public": self.gateway_public}


class StackRecord(Carried):
    """Who runs the stack of a data directory, and where its parts listen."""

    pid: int
    temporal_address: str = ""
    temporal_namespace: str = "default"
    ui_url: str = ""
    """Empty when the Temporal server is somebody else's."""
    service_url: str = ""
    database_url: str = ""
    """With its password: the file is for its owner only."""

    @property
    def addresses(self) -> str:
        """The addresses for people, on one line."""
        named = (
            ("service", self.service_url),
            ("Temporal UI", self.ui_url),
            ("Temporal", self.temporal_address),
        )
        return ", ".join(f"{name} {address}" for name, address in named if address)


class StackLock:
    """At most one stack on a data directory; the kernel frees the lock of a process that died."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            Refused: `stack.already_running` with the pid and addresses of the one that runs.
        """
        descriptor = os.open(self._data_dir / "stack.lock", os.O_RDWR | os.O_CREAT, OWNER_ONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise _already_running(self._data_dir) from error
        self._descriptor = descriptor

    def release(self) -> None:
        """Free the lock; safe to call again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_locked(data_dir: Path) -> bool:
    """Whether a living process runs the stack of this directory."""
    if not (data_dir / "stack.lock").exists():
        return False
    try:
        with StackLock(data_dir):
            return False
    except Refused:
        return True


def load_keys(data_dir: Path) -> Keys:
    """The keys of this directory, made at the first call (32 random bytes each)."""
    path = data_dir / "keys.json"
    if not path.exists():
        made = Keys(credential_key=secrets.token_hex(32), receipt_key=secrets.token_hex(32))
        write_private(path, made.model_dump_json())
    try:
        keys = Keys.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise refusal("stack.keys_unreadable", where=str(path)) from error
    # Made by releases that had no sealed ballots, or no signed acts.
    missing = [name for name in ("box_key", "gateway_key") if not getattr(keys, name)]
    if missing:
        keys = keys.model_copy(update={name: secrets.token_hex(32) for name in missing})
        write_private(path, keys.model_dump_json())
    return keys


def load_record(data_dir: Path) -> StackRecord | None:
    """The record of the stack that runs here, or ran last; None when there is none to read."""
    try:
        text = (data_dir / "stack.json").read_text(encoding="utf-8")
        return StackRecord.model_validate_json(text)
    except (OSError, ValidationError):
        return None


def write_record(data_dir: Path, record: StackRecord) -> None:
    """Write which process runs the stack; replaces the record of an earlier stack."""
    write_private(data_dir / "stack.json", record.model_dump_json(indent=1))


def erase_record(data_dir: Path) -> None:
    """Remove the record of a stack that has stopped."""
    (data_dir / "stack.json").unlink(missing_ok=True)


def write_private(path: Path, text: str) -> None:
    """Write a file whole or not at all, readable by its owner only from the first byte."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def settings_of_running(local: LocalSettings) -> Settings:
    """The settings with which a command in a second terminal reaches the running stack.

    Raises:
        Refused: `stack.not_running` when nobody runs the stack of `local.data_dir`.
    """
    record = load_record(local.data_dir) if is_locked(local.data_dir) else None
    if record is None or not record.database_url:
        where = str(local.data_dir)
        raise refusal("stack.not_running", where=where, data_dir=where)
    keys = load_keys(local.data_dir)
    port = record.service_url.rpartition(":")[2]
    return local.with_servers(
        temporal_address=record.temporal_address,
        database_url=record.database_url,
        keys=keys.as_settings(),
        service_port=int(port) if port else 0,
    )


def _already_running(data_dir: Path) -> Refused:
    record = load_record(data_dir)
    return refusal(
        "stack.already_running",
        where=str(data_dir),
        data_dir=str(data_dir),
        pid=record.pid if record else "?",
        addresses=record.addresses if record and record.addresses else "?",
    )
