"""`gongjian view …` and `gongjian list --view` against a service that listens: one's own lists, by name."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from cli.main import application
from models.values.refusal import Refused
from runtime.database import Database
from tests.support.estate import make_renovation
from tests.support.people import sign_in

pytestmark = pytest.mark.slow  # a service of its own
Run = Callable[..., Result]


@pytest.fixture
async def run(
    database: Database,
    owner: str,
    service: str,
    monkeypatch: pytest.MonkeyPatch,
    signed_in_here: Callable[..., None],
) -> Run:
    sql = await asyncpg.connect(owner)
    await sign_in(sql, "views-head")
    await sql.close()
    signed_in_here("views-head", service=service)
    for name in ("GONGJIAN_CREDENTIAL_KEY", "GONGJIAN_RECEIPT_KEY"):
        monkeypatch.setenv(name, "0f" * 32)
    monkeypatch.setenv("DATABASE_URL", database.url)
    return lambda *words: CliRunner().invoke(application(words[0]), [*words])


def answered(result: Result) -> Any:
    if isinstance(result.exception, Refused):
        raise result.exception
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.splitlines()[-1])


async def test_what_is_saved_is_listed_again_until_it_is_forgotten(
    run: Run, database: Database
) -> None:
    found = await make_renovation(database, rid="rview1")
    await make_renovation(database, rid="rview2")

    async def said(*words: str) -> Any:
        return answered(await asyncio.to_thread(run, *words))

    (kept,) = await said("view", "save", "mine", "--words", "Estate", "--json")
    assert (kept["name"], kept["wanted"]["words"]) == ("mine", "Estate")
    listed = await said("list", "--view", "mine", "--json")
    assert found in {each["id"] for each in listed}
    await said("view", "save", "mine", "--place", "elsewhere", "--json")
    assert await said("list", "--view", "mine", "--json") == []
    shown = (await asyncio.to_thread(run, "view", "list")).stdout
    assert "mine  --place elsewhere" in shown
    assert await said("view", "forget", "mine", "--json") == []
    with pytest.raises(Refused, match=r"saved_view\.unknown"):
        await said("list", "--view", "mine", "--json")
