"""A command that writes by itself does so for whoever is signed in on this machine, and for nobody else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cli.people.requests import ServiceRequests, in_name_of
from cli.people.session_file import load_sessions, own_sessions
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


async def must_be_person(parts: Parts, data: Path | None, person: str) -> None:
    """Refuse to act, beside any case, as somebody whose session this machine does not have.

    Raises:
        Refused: `cases.not_signed_in`, `credential.…`.
    """
    from service.identity.senders import signed_in

    kept = [
        each
        for each in load_sessions(local_settings(data).data_dir)
        if each.only_case is None and each.actor_id == person
    ]
    if not kept:
        raise refusal("cases.not_signed_in", where="--as", actor=person)
    await signed_in(parts.database, kept[0].token, None)


def own_requests(data: Path | None, as_: str) -> ServiceRequests:
    """Requests of the person who is signed in here, or of the one that `--as` names.

    Raises:
        Refused: `cases.not_signed_in`, `cases.person_needed`.
    """
    home = local_settings(data).data_dir
    own = [
        each
        for each in load_sessions(home)
        if each.only_case is None and as_ in ("", each.actor_id)
    ]
    if not own:
        raise refusal("cases.not_signed_in", where="--as" if as_ else "", actor=as_ or "-")
    if len(own) > 1:
        people = ", ".join(sorted(each.actor_id for each in own))
        raise refusal("cases.person_needed", where="--as", people=people)
    return in_name_of(home, own[0])
