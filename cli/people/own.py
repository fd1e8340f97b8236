"""A command that writes by itself does so for whoever is signed in on this machine, and for nobody else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cli.people.requests import ServiceRequests, in_name_of
from cli.people.session_file import KeptSession, load_sessions, own_sessions
from cli.servers import local_settings
from models.values.refusal import refusal

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


def own_requests(data: Path | None, as_: str) -> ServiceRequests:
    """Requests of the person who is signed in here, or of the one that `--as` names.

    Raises:
        Refused: as `own_session` says; `stack.not_running`.
    """
    return in_name_of(local_settings(data).data_dir, own_session(data, as_))


def own_session(data: Path | None, as_: str) -> KeptSession:
    """The session of the person who is signed in here, or of the one that `--as` names.

    Raises:
        Refused: `cases.not_signed_in`, `cases.person_needed`.
    """
    own = [each for each in _own(data) if as_ in ("", each.actor_id)]
    if not own:
        raise refusal("cases.not_signed_in", where="--as" if as_ else "", actor=as_ or "-")
    if len(own) > 1:
        people = ", ".join(sorted(each.actor_id for each in own))
        raise refusal("cases.person_needed", where="--as", people=people)
    return own[0]


def person_or_operator(data: Path | None, as_: str, *, operator: bool) -> KeptSession | None:
    """The session of whoever is signed in here; None where the operator of the machine acts, who needs none.

    Raises:
        Refused: as `own_session` says; `cases.operator_or_person` for both at once.
    """
    if operator and as_:
        raise refusal("cases.operator_or_person", where="--operator")
    return None if operator or not (as_ or _own(data)) else own_session(data, as_)


def _own(data: Path | None) -> list[KeptSession]:
    """The sessions of people; players live inside their case."""
    kept = load_sessions(local_settings(data).data_dir)
    return [each for each in kept if each.only_case is None]
