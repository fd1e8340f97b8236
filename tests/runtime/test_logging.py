"""What goes wrong with what a person wrote is in the log, and what the person wrote is not."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import Awaitable, Callable, Iterator

import asyncpg
import pytest
import structlog
from pydantic import BaseModel, ValidationError
from sqlalchemy import text

from runtime.database import Database
from runtime.logging import configure_logging
from runtime.told_errors import told_error

SECRET = "Mrs Wang of 3-501 has dialysis"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[dict[str, object]]]]:
    before, root, written = structlog.get_config(), logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr(sys, "stderr", written)
    configure_logging()
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    structlog.configure(**before)
    root.handlers[:], root.level = handlers, level


class Age(BaseModel):
    age: int


PLACE = text("INSERT INTO place (id, kind, name, path) VALUES (:id, 'grid', :label, :label)")


async def unique(database: Database) -> None:
    async with database.session() as session:
        for _ in range(2):
            row = {"id": SECRET[:20], "label": SECRET}
            await session.execute(PLACE, row)


async def null_row(database: Database) -> None:
    """Its detail is "Failing row contains (…)"."""
    async with database.session() as session:
        await session.execute(
            text("INSERT INTO place (id, kind) VALUES (:id, NULL)"), {"id": SECRET}
        )


async def wrong_type(database: Database) -> None:
    async with database.session() as session:
        await session.execute(text("SELECT CAST(:given AS integer)"), {"given": SECRET})


async def in_the_driver(database: Database) -> None:
    connection = await asyncpg.connect(database.url.replace("+asyncpg", ""))
    try:
        await connection.fetch("SELECT $1::text::int", SECRET)
    finally:
        await connection.close()


async def in_the_model(_database: Database) -> None:
    Age.model_validate({"age": SECRET})


async def behind_another(database: Database) -> None:
    try:
        await null_row(database)
    except Exception as error:
        raise RuntimeError("it did not work") from error


async def in_a_group(database: Database) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(null_row(database))


WAYS = (unique, null_row, wrong_type, in_the_driver, in_the_model, behind_another, in_a_group)


@pytest.mark.parametrize("way", WAYS)
async def test_no_value_is_in_a_line_of_the_log(
    database: Database,
    lines: Callable[[], list[dict[str, object]]],
    way: Callable[[Database], Awaitable[None]],
) -> None:
    with pytest.raises(Exception) as raised:
        await way(database)
    caught = raised.value
    assert SECRET[:20] in _every_word(caught), "else this test shows nothing"
    structlog.get_logger("x").error("failed", exc_info=caught)
    logging.getLogger("temporalio").error("failed in a library", exc_info=caught)
    told = lines()
    assert len(told) == 2
    for line in told:
        assert "Wang" not in json.dumps(line)
        assert f"in {way.__name__}" in str(line["exception"]), "where it was is told"
    assert type(caught).__name__ in str(told[0]["exception"])


def _every_word(error: BaseException | None) -> str:
    if error is None:
        return ""
    inner = getattr(error, "exceptions", ())
    words = [str(error), *(map(_every_word, inner)), _every_word(error.__cause__)]
    return " ".join(words)


async def test_what_is_told_of_a_refused_row_is_enough_to_find_it(database: Database) -> None:
    with pytest.raises(Exception) as refused:
        await null_row(database)
    told = told_error(refused.value)
    assert "sqlstate=23502" in told
    assert "table_name=place" in told
    assert "INSERT INTO place (id, kind)" in told


async def test_a_task_that_nobody_waited_for_is_told_without_its_words(
    database: Database, lines: Callable[[], list[dict[str, object]]]
) -> None:
    """asyncio writes the future into its message, with the words of the error."""
    task = asyncio.ensure_future(null_row(database))
    await asyncio.wait([task])
    loop = asyncio.get_running_loop()
    context = {"message": "Task exception was never retrieved", "exception": task.exception()}
    loop.default_exception_handler({**context, "future": task})
    (line,) = lines()
    assert line["event"] == "Task exception was never retrieved"
    assert "Wang" not in json.dumps(line)
    assert "sqlstate=23502" in str(line["exception"])


def test_an_error_without_values_keeps_its_words() -> None:
    with pytest.raises(ValueError, match="literal") as plain:
        int("x")
    assert told_error(plain.value).endswith(str(plain.value))
    with pytest.raises(ValidationError) as wrong:
        Age.model_validate({})
    assert told_error(wrong.value).endswith("ValidationError: Age, age missing")
