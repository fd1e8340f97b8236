"""Requests of a command to the service, in the name of whoever is signed in."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue, TypeAdapter, ValidationError

from cli.people.session_file import KeptSession, own_sessions, service_of
from models.values.refusal import Problem, Refused, refusal

if TYPE_CHECKING:
    import httpx

    from models.values.actor import Role

ANSWER_S = 30.0
PROBLEMS = TypeAdapter(tuple[Problem, ...])


class ServiceRequests:
    """One service, asked with one token or with none."""

    def __init__(self, service: str, token: str = "") -> None:
        self._service = service
        self._headers = {"Accept-Language": os.environ.get("LANG", "en").replace("_", "-")}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: str) -> JsonValue:
        """What an address says; of a list all of its pages, unless the query names one.

        Raises:
            Refused: what the service refuses.
        """
        with self._opened() as http:
            response = http.get(path, params=query)
            found = _answer(response)
            while isinstance(found, list) and "next" in response.links and "limit" not in query:
                response = http.get(response.url.join(response.links["next"]["url"]))
                more = _answer(response)
                assert isinstance(more, list)
                found += more
            return found

    def post(self, path: str, body: Mapping[str, JsonValue]) -> JsonValue:
        """What the service answers to a command.

        Raises:
            Refused: what the service refuses.
        """
        with self._opened() as http:
            return _answer(http.post(path, json=dict(body)))

    def _opened(self) -> httpx.Client:
        import httpx

        return httpx.Client(
            base_url=self._service, headers=self._headers, timeout=ANSWER_S, trust_env=False
        )


def in_name_of(data_dir: Path, kept: KeptSession) -> ServiceRequests:
    """Requests with the token of a session."""
    return ServiceRequests(service_of(data_dir, kept.service), kept.token)


def only_able(
    data_dir: Path, renovation: str, actor: str, what: str, able_roles: Collection[Role]
) -> ServiceRequests:
    """The one session of this machine whose holder has a role in a case in which `what` may be done.

    Raises:
        Refused: `cases.not_signed_in`, `cases.actor_needed`; what the service refuses.
    """
    sessions = own_sessions(data_dir, renovation, actor)
    if len(sessions) == 1:
        return in_name_of(data_dir, sessions[0])
    able = {}
    for each in sessions:
        requests = in_name_of(data_dir, each)
        roles = requests.get(f"/v1/renovations/{renovation}/roles")
        if isinstance(roles, list) and set(able_roles) & set(map(str, roles)):
            able[each.actor_id] = requests
    if len(able) == 1:
        return next(iter(able.values()))
    raise refusal(
        "cases.actor_needed", where="--as", act=what, actors=", ".join(sorted(able)[:20]) or "-"
    )


def _answer(response: httpx.Response) -> JsonValue:
    if response.is_success:
        return response.json() if response.content else None
    try:
        problems = PROBLEMS.validate_python(
            [
                {name: each[name] for name in ("code", "where", "params")}
                for each in response.json()["problems"]
            ]
        )
    except (ValueError, KeyError, TypeError, ValidationError):
        raise refusal("cases.service_unclear", status=response.status_code) from None
    raise Refused(*problems)
