"""The sessions of whoever uses this machine: a private file in the data directory, one line of it each.

It is what a browser's cookies are: whoever reads it is that person until the session ends. It never
leaves the machine, and `gongjian logout` ends what stands in it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from models.values.base import Carried
from models.values.refusal import refusal
from runtime.local.data_dir import is_locked, load_record
from runtime.private import write_private

FILE = "sessions.json"


class KeptSession(Carried):
    """A session; `service` is "" where it is of the stack of this data directory."""

    actor_id: str
    token: str
    expires_at: datetime
    only_case: str | None = None
    service: str = ""


class SessionFile(Carried):
    """Every session of this data directory."""

    sessions: tuple[KeptSession, ...] = ()


def load_sessions(data_dir: Path) -> tuple[KeptSession, ...]:
    """The sessions that are not over."""
    try:
        text = (data_dir / FILE).read_text(encoding="utf-8")
        kept = SessionFile.model_validate_json(text).sessions
    except (OSError, ValidationError):
        return ()
    now = datetime.now(UTC)
    return tuple(each for each in kept if each.expires_at > now)


def keep_sessions(data_dir: Path, *new: KeptSession) -> None:
    """Add sessions; an earlier one of the same actor in the same place is forgotten."""
    replaced = {(each.service, each.only_case, each.actor_id) for each in new}
    others = (
        each
        for each in load_sessions(data_dir)
        if (each.service, each.only_case, each.actor_id) not in replaced
    )
    write_sessions(data_dir, (*others, *new))


def write_sessions(data_dir: Path, sessions: tuple[KeptSession, ...]) -> None:
    """Replace the file."""
    data_dir.mkdir(parents=True, exist_ok=True)
    write_private(data_dir / FILE, SessionFile(sessions=sessions).model_dump_json(indent=1))


def own_sessions(data_dir: Path, renovation: str, actor: str = "") -> tuple[KeptSession, ...]:
    """The sessions that act in a case, of one actor or of all who are signed in here.

    Raises:
        Refused: `cases.not_signed_in`.
    """
    found = tuple(
        each
        for each in load_sessions(data_dir)
        if each.only_case in (None, renovation) and actor in ("", each.actor_id)
    )
    if not found:
        raise refusal("cases.not_signed_in", where="--as" if actor else "", actor=actor or "-")
    return found


def service_of(data_dir: Path, service: str) -> str:
    """The address of a service, of the stack of this data directory where it is "".

    Raises:
        Refused: `stack.not_running`.
    """
    if service:
        return service
    record = load_record(data_dir) if is_locked(data_dir) else None
    if record is None or not record.service_url:
        raise refusal("stack.not_running", where=str(data_dir), data_dir=str(data_dir))
    return record.service_url
