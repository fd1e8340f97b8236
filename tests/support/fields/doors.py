"""The doors of the service as they are registered: where a request goes, what it holds, who may send it."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from service.app import ROUTERS
from service.bodies import CastBallot
from service.routes.dependencies import AGENT, OFFICIAL, PORTAL, VOTER

IN_PATH = {
    "renovation_id": "{rid}",
    "estate_id": "{rid}.estate",
    "suggestion_id": "g-1",
    "mandate_id": "m1",
    "proposal_id": "m1",
    "ticket_id": "t1",
    "letter_id": "l1",
    "link": "c" * 24,
    "name": "a-name",
    "code": "0123-4567-89AB",
    "token": f"i1.{'a' * 43}",
    "grant_id": "1",
    "client": "c-1",
    "webhook": "w-1",
    "passkey": "p" * 22,
    "firm": "firm-1",
    "firm_person": "p-1",
    "notice": "0" * 64,
    "erasure": "e-1",
    "estate": "{rid}.estate",
    "kind": "vote-announced",
    "person": "somebody",
    "picture_id": "i1",
}
"""Something of the right kind for each parameter of a path."""


class Parameter(NamedTuple):
    """A parameter of a path or of a query and its type."""

    name: str
    kind: Any
    in_path: bool


class Door(NamedTuple):
    """A route; `who` is the scheme of its credential, "" where it needs none; `room` is its tag.

    `takes` are all schemes of which one will do.
    """

    method: str
    path: str
    body: Any
    parameters: tuple[Parameter, ...]
    who: str
    room: str = ""
    takes: frozenset[str] = frozenset()

    def address(self, rid: str, **given: str) -> str:
        """The path with these parameters, the others of the right kind."""
        filled = {name: value.format(rid=rid) for name, value in IN_PATH.items()}
        return self.path.format(**{**filled, **given})


def doors() -> Iterator[Door]:
    """Every route of the service, the ballot route too, which the document describes like the portal's."""
    for route in (each for router in ROUTERS for each in router.routes):
        assert isinstance(route, APIRoute)
        field = route.body_field
        body = None if field is None else field.field_info.rebuild_annotation()
        parameters = {each.name: each for each in _parameters(route.dependant)}
        schemes = tuple(_schemes(route.dependant))
        who = schemes[0] if schemes else ""
        given = tuple(parameters.values())
        room = str(route.tags[0]).replace(" ", "_")
        yield Door(min(route.methods or ()), route.path, body, given, who, room, frozenset(schemes))
    yield Door("POST", "/v1/renovations/{renovation_id}/ballots", CastBallot, (), VOTER.scheme_name)


def _parameters(dependant: Dependant) -> Iterator[Parameter]:
    for given in dependant.path_params:
        yield Parameter(given.name, given.field_info.rebuild_annotation(), in_path=True)
    for given in dependant.query_params:
        yield Parameter(given.name, given.field_info.rebuild_annotation(), in_path=False)
    for inner in dependant.dependencies:
        yield from _parameters(inner)


def _schemes(dependant: Dependant) -> Iterator[str]:
    known = (VOTER, OFFICIAL, AGENT, PORTAL)
    for inner in dependant.dependencies:
        if inner.call in known:
            yield known[known.index(inner.call)].scheme_name
        yield from _schemes(inner)
