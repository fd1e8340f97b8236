"""The files of a data directory beside the databases: lock, keys, and the record of its stack."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import ValidationError

from models.values.base import Carried
from models.values.refusal import Refused, refusal
from runtime.private import OWNER_ONLY, write_private
from runtime.settings import LocalSettings, Settings


def make_private(data_dir: Path) -> None:
    """Make the directory for its owner only; one of an earlier release is closed to readers, too.

    A directory with anything else in it is left as it is: it may be everybody's. Others may pass through
    where the way was opened for PostgreSQL's own account (root runs the stack).
    """
    from runtime.local.key_ring import FILE  # noqa: PLC0415 - as in `settings_of_running`

    if data_dir.exists():
        if (data_dir / FILE).exists():
            data_dir.chmod(data_dir.stat().st_mode & 0o711)
        return
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    data_dir.mkdir(exist_ok=True, mode=0o700)


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
        make_private(self._data_dir)
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


def settings_of_running(local: LocalSettings) -> Settings:
    """The settings with which a command in a second terminal reaches the running stack.

    Raises:
        Refused: `stack.not_running` when nobody runs the stack of `local.data_dir`.
    """
    record = load_record(local.data_dir) if is_locked(local.data_dir) else None
    if record is None or not record.database_url:
        where = str(local.data_dir)
        raise refusal("stack.not_running", where=where, data_dir=where)
    # Most commands need no key, and the ring knows every key's purpose: a third of their start.
    from runtime.local.key_ring import load_ring  # noqa: PLC0415

    port = record.service_url.rpartition(":")[2]
    return local.with_servers(
        temporal_address=record.temporal_address,
        database_url=record.database_url,
        keys=load_ring(local.data_dir).settings,
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
