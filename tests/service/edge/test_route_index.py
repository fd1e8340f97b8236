"""A request comes to the same route as if one route after the other had been tried."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from service.app import PAGES, ROUTERS
from service.http.route_index import RouteIndex

ROUTES = [
    each for router in (*PAGES, *ROUTERS) for each in router.routes if isinstance(each, Route)
]
MORE = (
    "",
    "/",
    "/nothing/at/all",
    "/v1//renovations",
    "/v1/renovations/",
    "/v1/renovations/a/b/c/d",
)


def scope(method: str, path: str) -> Scope:
    return {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}


def one_by_one(routes: list[Route], asked: Scope) -> tuple[object, object]:
    for route in routes:
        match, child = route.matches(dict(asked))
        if match is Match.FULL:
            return route, child["path_params"]
    return None, None


def by_index(index: RouteIndex, asked: Scope) -> tuple[object, object]:
    match, child = index.matches(dict(asked))
    return (child["route"], child["path_params"]) if match is Match.FULL else (None, None)


def test_every_path_and_method_of_the_service_comes_to_the_route_that_is_first() -> None:
    index = RouteIndex(ROUTES)
    words = ("r1", "open_vote", "mine", "ü")
    paths = {
        "/".join(word if part.startswith("{") else part for part in each.path.split("/"))
        for each in ROUTES
        for word in words
    }
    asked = [
        scope(method, path) for path in (*sorted(paths), *MORE) for method in ("GET", "POST", "PUT")
    ]
    found = [by_index(index, each) for each in asked]
    assert found == [one_by_one(ROUTES, each) for each in asked]
    assert sum(route is not None for route, _ in found) > len(ROUTES)


async def answer(_request: Request) -> Response:
    return PlainTextResponse("here")


def test_the_first_of_two_that_fit_is_taken_and_a_deep_parameter_keeps_its_place() -> None:
    first = [Route("/a/{x}", answer), Route("/a/b", answer), Route("/{rest:path}", answer)]
    deep = [first[2], first[0], first[1]]
    for routes in (first, first[::-1], deep):
        index = RouteIndex(routes)
        for path in ("/a/b", "/a/c", "/a/b/c", "/z"):
            assert by_index(index, scope("GET", path)) == one_by_one(routes, scope("GET", path))


def test_below_a_root_path_it_leaves_the_request_to_the_routes() -> None:
    below = {**scope("GET", "/below/mine"), "root_path": "/below"}
    assert RouteIndex(ROUTES).matches(below)[0] is Match.NONE
