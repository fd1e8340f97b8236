"""Finding the route of a request by the words of its path.

Starlette tries the expression of one route after the other, and there are hundreds; that cost a third of the
time of a request.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound, Route
from starlette.types import Receive, Scope, Send


@dataclass
class _Node:
    """What comes after the beginning of a path: a word, or whatever stands in the place of a parameter."""

    words: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    routes: list[tuple[int, Route]] = field(default_factory=list)
    """Those whose path ends here, with their places in the order of all."""


class RouteIndex(BaseRoute):
    """Stands before the routes that it is made of, and answers for them where one fits.

    Of several that fit, it is the first one, as without it. A request for which none does goes on to
    the routes themselves, which know whether another method is allowed.
    """

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._root = _Node()
        self._deep: list[tuple[int, Route]] = []
        """Those with a parameter that may contain slashes."""
        for place, route in enumerate(routes):
            if isinstance(route, Route):
                self._add(place, route)

    def _add(self, place: int, route: Route) -> None:
        if ":path}" in route.path:
            self._deep.append((place, route))
            return
        node = self._root
        for word in route.path.split("/"):
            if "{" not in word:
                node = node.words.setdefault(word, _Node())
                continue
            if node.parameter is None:
                node.parameter = _Node()
            node = node.parameter
        node.routes.append((place, route))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As each of the routes would: FULL for the first one that takes path and method."""
        if scope["type"] == "http" and not scope.get("root_path"):
            words = scope["path"].split("/")
            found = [*_ending(self._root, words), *self._deep]
            for _, route in sorted(found, key=lambda each: each[0]):
                match, child = route.matches(scope)
                if match is Match.FULL:
                    return match, {**child, "route": route}
        return Match.NONE, {}

    def url_path_for(self, name: str, /, **path_params: object) -> URLPath:
        """The routes themselves know their names."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the route that was found."""
        await scope["route"].handle(scope, receive, send)


def _ending(node: _Node, words: list[str]) -> Iterator[tuple[int, Route]]:
    """The routes whose paths have these words, or a parameter in the place of one."""
    if not words:
        yield from node.routes
        return
    first, *rest = words
    for after in (node.words.get(first), node.parameter):
        if after is not None:
            yield from _ending(after, rest)
