"""Requests of a command to the service, in the name of whoever is signed in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue, TypeAdapter, ValidationError

from cli.people.session_file import KeptSession, own_sessions, service_of
from cli.servers import local_settings
from cli.words import spoken_here
from models.values.refusal import Problem, Refused, refusal

if TYPE_CHECKING:
    import httpx

    from models.values.actor import Role

ANSWER_S = 30.0
LONG_S = 600.0
"""A command that makes thousands of things is waited for as long as that."""
PROBLEMS = TypeAdapter(tuple[Problem, ...])


class ServiceRequests:
    """One service, asked with one token or with none."""

    def __init__(self, service: str, token: str = "") -> None:
        self._service = service
        self._headers = {"Accept-Language": spoken_here().replace("_", "-")}
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

    def page(self, path: str, **query: str) -> tuple[JsonValue, str]:
        """What an address says, and the cursor of the page after it; "" for the last one.

        Raises:
            Refused: what the service refuses.
        """
        with self._opened() as http:
            found = http.get(path, params=query)
            answer = _answer(found)
        following = found.links.get("next", {}).get("url", "")
        return answer, str(found.url.join(following).params["after"]) if following else ""

    def download(self, path: str) -> bytes:
        """A file that the service makes.

        Raises:
            Refused: what the service refuses.
        """
        with self._opened(LONG_S) as http:
            found = http.get(path)
            if not found.is_success:
                _answer(found)
            return found.content

    def post(
        self, path: str, body: Mapping[str, JsonValue], patience_s: float = ANSWER_S
    ) -> JsonValue:
        """What the service answers to a command.

        Raises:
            Refused: what the service refuses.
        """
        with self._opened(patience_s) as http:
            return _answer(http.post(path, json=dict(body)))

    def post_file(self, path: str, content: bytes, media_type: str) -> JsonValue:
        """What the service answers to a file as it is.

        Raises:
            Refused: what the service refuses.
        """
        with self._opened() as http:
            return _answer(http.post(path, content=content, headers={"Content-Type": media_type}))

    def _opened(self, patience_s: float = ANSWER_S) -> httpx.Client:
        import httpx

        return httpx.Client(
            base_url=self._service, headers=self._headers, timeout=patience_s, trust_env=False
        )


def in_name_of(data_dir: Path, kept: KeptSession) -> ServiceRequests:
    """Requests with the token of a session."""
    return ServiceRequests(service_of(data_dir, kept.service), kept.token)


def zone_of(requests: ServiceRequests, renovation: str = "") -> str:
    """By which clocks the people of a case live; where it is about none, those here."""
    if not renovation:
        from runtime.language.moments import HERE

        return HERE
    found = requests.get(f"/v1/renovations/{renovation}/clock")
    assert isinstance(found, dict)
    return str(found["zone"])


def of_case(data: Path | None, renovation: str, actor: str, what: str) -> ServiceRequests:
    """Requests in a case by whoever is signed in here and may do `what`, a write of `rules.authority`.

    Raises:
        Refused: as `only_able` says.
    """

    def able() -> Collection[Role]:
        from rules.authority import ROLES_OF_WRITE

        return ROLES_OF_WRITE[what].roles

    return only_able(local_settings(data).data_dir, renovation, actor, what, able)


def anybody(data: Path | None, service: str = "", token: str = "") -> ServiceRequests:
    """Requests without a session: with a unit's ticket, or with nothing.

    Raises:
        Refused: `stack.not_running`.
    """
    return ServiceRequests(service_of(local_settings(data).data_dir, service), token)


def only_able(
    data_dir: Path,
    renovation: str,
    actor: str,
    what: str,
    able_roles: Callable[[], Collection[Role]],
) -> ServiceRequests:
    """The one session of this machine whose holder has a role in a case in which `what` may be done.

    Which roles these are is only asked where there are several sessions.

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
        if isinstance(roles, list) and set(able_roles()) & set(map(str, roles)):
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
