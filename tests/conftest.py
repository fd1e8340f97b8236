import asyncio
import gc
import os
import secrets
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
import structlog

from cli.output import choose_json
from rules.history.levels import LEVELS
from runtime.database import Database
from runtime.gc import calm_collector
from runtime.language.choice import choose
from runtime.local.postgres import EmbeddedPostgres, Urls
from runtime.migrate import upgrade

TEMPLATE = "gongjian_template"
FAILURES = Path(__file__).resolve().parents[1] / "build" / "failures.txt"
"""What has failed so far; pytest itself tells it when the last test is over, of a slow run after hours."""


def pytest_configure(config: pytest.Config) -> None:
    """Keep what tests write in a directory of this run alone.

    The one that pytest takes is shared by all runs of a user: each run that begins closes it to everybody else,
    also to the user as whom PostgreSQL runs where the tests are run by root.
    """
    # Fourteen thousand tests are a heap that Python's collector would walk through again and again.
    calm_collector()
    if config.option.basetemp is None and not hasattr(config, "workerinput"):
        config.option.basetemp = tempfile.mkdtemp(prefix="gongjian-tests-")
        config.add_cleanup(lambda: shutil.rmtree(config.option.basetemp, ignore_errors=True))
        FAILURES.unlink(missing_ok=True)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Write down a failure as soon as it is heard of, by the process that hears of all."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        FAILURES.parent.mkdir(exist_ok=True)
        with FAILURES.open("a", encoding="utf-8") as file:
            file.write(
                f"{report.nodeid} ({report.when})\n{report.longreprtext}\n{report.caplog}\n\n"
            )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with many slow tests first: begun last, each would run on alone while the other processes are done."""
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[item.path])


def pytest_collection_finish() -> None:
    """What was collected stays until the end."""
    gc.freeze()


@dataclass(frozen=True)
class TestPostgres:
    """The one server of a test run: `urls` with `at` for the address of another database."""

    __test__ = False

    server: EmbeddedPostgres
    urls: Urls

    def at(self, url: str, name: str) -> str:
        return f"{url.rpartition('/')[0]}/{name}"

    async def create(self, name: str, template: str | None = None) -> None:
        """A database of the owner's role that the application's role may enter."""
        copy = f" TEMPLATE {template}" if template else ""
        await self.as_admin(
            f"CREATE DATABASE {name} OWNER gongjian_owner{copy}",
            f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC",
            f"GRANT CONNECT ON DATABASE {name} TO gongjian_app",
        )

    async def drop(self, name: str) -> None:
        await self.as_admin(f"DROP DATABASE {name} WITH (FORCE)")

    async def kinds_without_level(self, name: str) -> set[str]:
        """The kinds of events in a database that `rules.history` does not know; tests invent "test.…"."""
        connection = await asyncpg.connect(self.at(self.urls.admin, name))
        try:
            rows = await connection.fetch("SELECT DISTINCT kind FROM event")
        finally:
            await connection.close()
        return {kind for (kind,) in rows if not kind.startswith("test.")} - LEVELS.keys()

    async def as_admin(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.at(self.urls.admin, "postgres"))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


@pytest.fixture(scope="session", autouse=True)
def plain_tracebacks() -> None:
    """Without a configuration structlog draws the variables of every frame, which takes seconds."""
    plain = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback
    )
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])


@pytest.fixture(autouse=True)
def no_command_before() -> None:
    """What a command of an earlier test asked for is over: its language, and that it wants JSON."""
    choose("")
    choose_json(wanted=False)


@pytest.fixture(scope="session")
def postgres() -> Iterator[TestPostgres]:
    """A real PostgreSQL for the whole run, with a migrated database to copy from."""
    directory = Path(tempfile.mkdtemp(prefix="gongjian-test-"))
    server = EmbeddedPostgres(directory, durable=False)
    try:
        running = TestPostgres(server, server.start())
        with asyncio.Runner() as runner:
            runner.run(running.create(TEMPLATE))
        upgrade(running.at(running.urls.owner, TEMPLATE))
        yield running
    finally:
        server.stop()
        shutil.rmtree(directory)


@pytest.fixture(scope="module")
async def database_name(postgres: TestPostgres) -> AsyncIterator[str]:
    """A fresh database of this module, with the schema and no rows."""
    name = f"test_{secrets.token_hex(6)}"
    await postgres.create(name, TEMPLATE)
    yield name
    strange = await postgres.kinds_without_level(name)
    await postgres.drop(name)
    assert not strange, (
        f"events that no reader of a history is told of, see rules.history: {strange}"
    )


@pytest.fixture(scope="module")
async def database(postgres: TestPostgres, database_name: str) -> AsyncIterator[Database]:
    """The module's database as worker and service see it: with the application's role."""
    opened = Database(postgres.at(postgres.urls.app, database_name))
    yield opened
    await opened.dispose()


@pytest.fixture(scope="module")
def owner(postgres: TestPostgres, database_name: str) -> str:
    """The address of the same database for the role that owns the schema (postgresql://…)."""
    return postgres.at(postgres.urls.owner, database_name)


@pytest.fixture(scope="module")
def superuser(postgres: TestPostgres, database_name: str) -> str:
    """The address of the same database for PostgreSQL's superuser."""
    return postgres.at(postgres.urls.admin, database_name)
