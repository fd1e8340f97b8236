"""A command that writes by itself does so for whoever is signed in on this machine, and for nobody else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cli.people.session_file import own_sessions
from cli.servers import local_settings

if TYPE_CHECKING:
    from service.parts import Parts


async def must_be_signed_in(
    parts: Parts, data: Path | None, renovation: str, actor_id: str
) -> None:
    """Refuse to act as somebody whose session this machine does not have.

    Raises:
        Refused: `cases.not_signed_in`, `credential.…`.
    """
    from service.identity.senders import signed_in

    kept, *_ = own_sessions(local_settings(data).data_dir, renovation, actor_id)
    await signed_in(parts.database, kept.token, renovation)
