"""Each page alone, in this process: its bytes, its SQL statements, and the CPU of its rendering beside a null template.

The world is that of the tests: a case with something on every page.
"""

import gzip
import json
import logging
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any, Self

import asyncpg
import httpx
import structlog
from jinja2 import Environment

from runtime.addresses import asyncpg_url
from runtime.database import Database
from runtime.local.postgres import Urls
from runtime.settings import Settings
from service.app import create_app
from service.pages import rendering
from tests.support.channels import KEY
from tests.support.pages.every import World, routes, whole_world
from tests.support.pages.statements import Statements
from tests.support.votes.portal import portal_settings

ROUNDS = 15
RENDERS = "_rendered"
"""The function of the pages that is measured, from the outside."""
TEMPLATE = (
    "<!doctype html><html lang='{{ tag }}'><title>{{ title }}</title><p>{{ said }}</p></html>"
)


async def page_figures(urls: Urls) -> Mapping[str, object]:
    """By address: bytes compressed, statements, ms of CPU to render, and that over the null template's."""
    settings = Settings(
        database_url=urls.app,
        credential_key=KEY,
        receipt_key=KEY,
        gateway_key=KEY,
        person_key=KEY,
        bids_key=KEY,
        temporal_address="127.0.0.1:9",
        update_timeout_s=1,
        **portal_settings(),
    )
    quiet = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=quiet)
    app = create_app(settings)
    api = app.api
    sql, database = await asyncpg.connect(asyncpg_url(urls.owner)), Database(urls.app)
    transport = httpx.ASGITransport(app)
    try:
        async with (
            api.router.lifespan_context(api),
            httpx.AsyncClient(transport=transport, base_url="http://test") as http,
        ):
            world = await whole_world(http, database, settings, sql)
            statements = Statements(api.state.parts.database.engine)
            return await _figures(world, statements)
    finally:
        await database.dispose()
        await sql.close()


async def _figures(world: World, statements: Statements) -> Mapping[str, object]:
    floor = _floor_ms()
    found: dict[str, dict[str, float]] = {}
    with Rendered() as rendered:
        for route in routes():
            if route.method != "GET" or route.path.startswith(("/static", "/look")):
                continue
            address = world.addresses(route)[0]
            headers = world.headers(route.who, "zh-CN")
            await world.http.get(address, headers=headers)  # templates are read
            statements.begin()
            answer = await world.http.get(address, headers=headers)
            count = statements.count
            for _ in range(ROUNDS):
                await world.http.get(address, headers=headers)
            if not answer.headers.get("content-type", "").startswith("text/html"):
                continue
            took = rendered.last(ROUNDS)
            found[route.path] = {
                "bytes": len(gzip.compress(answer.content)),
                "statements": count,
                "render_ms": round(took, 3),
                "over_null": round(took / floor, 1),
            }
    slowest = max(found, key=lambda name: found[name]["render_ms"])
    return {
        "null_template_ms": round(floor, 4),
        "slowest": {slowest: found[slowest]},
        "most_statements": max(each["statements"] for each in found.values()),
        "pages": found,
    }


def _floor_ms() -> float:
    null = Environment(autoescape=True).from_string(TEMPLATE)
    return statistics.median(
        _cpu_ms(lambda: null.render(tag="zh-CN", title="null", said="null")) for _ in range(2_000)
    )


def _cpu_ms(work: Callable[[], object]) -> float:
    begun = time.process_time_ns()
    work()
    return (time.process_time_ns() - begun) / 1e6


class Rendered:
    """Listens to what renders the pages, and keeps the CPU of each rendering."""

    def __init__(self) -> None:
        self._took: list[float] = []

    def last(self, count: int) -> float:
        """The median of the last so many, ms."""
        return statistics.median(self._took[-count:])

    def __enter__(self) -> Self:
        self._own = getattr(rendering, RENDERS)

        def timed(*given: Any) -> str:
            begun = time.process_time_ns()
            made = self._own(*given)
            self._took.append((time.process_time_ns() - begun) / 1e6)
            return made

        setattr(rendering, RENDERS, timed)
        return self

    def __exit__(self, *_: object) -> None:
        setattr(rendering, RENDERS, self._own)


def shown(figures: Mapping[str, object]) -> str:
    """The figures on one line."""
    return json.dumps(
        {name: figures[name] for name in ("null_template_ms", "slowest", "most_statements")}
    )
