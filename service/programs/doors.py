"""The doors of the service as the scopes of a program name them: by route, or a room of routes."""

from collections.abc import Iterable, Iterator

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

Door = frozenset[str]
"""The names of one door: the route's, and the room's. A scope that is one of them opens it."""
NO_DOOR: Door = frozenset()
"""For people only: no scope opens it."""
FOR_PEOPLE = frozenset({"identity", "engine"})
"""The rooms in which people sign in, give roles, add programs and look into the engine: no program comes in."""


def door_of(route: BaseRoute) -> Door:
    """The names of a route: "report_payments" and "cost_sharing"."""
    if not isinstance(route, APIRoute) or not FOR_PEOPLE.isdisjoint(route.tags):
        return NO_DOOR
    return frozenset({route.name, *(str(tag).replace(" ", "_") for tag in route.tags)})


def scopes_of(routes: Iterable[BaseRoute], scheme: object) -> frozenset[str]:
    """Every scope there is: the names of the doors that take an actor's token.

    `scheme` is the dependency that reads it.
    """
    return frozenset(
        name
        for route in routes
        if isinstance(route, APIRoute) and route.include_in_schema
        if scheme in _asked(route.dependant)
        for name in door_of(route)
    )


def _asked(dependant: Dependant) -> Iterator[object]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from _asked(inner)
