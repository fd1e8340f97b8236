"""`gongjian show` and `gongjian estates`: what is written, read in the name of whoever asks."""

import asyncio
import csv
import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import asyncpg
import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel, SecretStr
from typer.testing import CliRunner, Result

from cli.main import app
from cli.reading.commands import IMPORTS, OF_PLACE, PLACES, UNITS
from cli.reading.sheets import SHEETS, Listing
from cli.reading.shown import cell, title
from models.values.refusal import Refused
from runtime.database import Database
from service.app import ROUTERS
from tests.support.channels import KEY, grant_roles
from tests.support.estate import make_renovation
from tests.support.money import computed
from tests.support.processes.commands import printed
from tests.support.votes.tickets import unit_ticket

RUNNER = CliRunner()
CASE = "/v1/renovations/{renovation_id}/"
ESTATE = "/v1/estates/{estate}/"
ALL = {
    **{f"{CASE}{sheet.path}": sheet for sheet in SHEETS.values()},
    OF_PLACE.path: OF_PLACE,
    PLACES.path: PLACES,
    f"{ESTATE}{UNITS.path}": UNITS,
    f"{ESTATE}{IMPORTS.path}": IMPORTS,
}
Run = Callable[..., Any]


@pytest.fixture(scope="module")
async def case(database: Database, owner: str) -> str:
    rid = await make_renovation(database, rid=f"r{uuid.uuid4().hex[:10]}")
    sql = await asyncpg.connect(owner)
    await grant_roles(sql)
    await sql.close()
    await computed(database, rid)
    await database.dispose()
    return rid


@pytest.fixture
def run(service: str, signed_in_here: Callable[..., None]) -> Run:
    async def run(*words: str, by: tuple[str, ...] = ()) -> Result:
        signed_in_here(*by, service=service)
        where = [] if by else ["--service", service]
        return await asyncio.to_thread(RUNNER.invoke, app, [*words, *where])

    return run


def models_in(kind: object) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for part in get_args(kind):
        yield from models_in(part)


@pytest.mark.parametrize("path", ALL)
def test_each_column_is_a_field_of_what_the_door_answers(path: str) -> None:
    sheet: Listing = ALL[path]
    routes = [each for router in ROUTERS for each in router.routes if isinstance(each, APIRoute)]
    (door,) = (each for each in routes if each.path == path and "GET" in (each.methods or ()))
    (view,) = models_in(door.response_model)
    named = set(sheet.columns.split())
    named |= {f"{part}.{name}" for part, names in sheet.parts.items() for name in names.split()}
    for name in named:
        inner = view
        *parts, last = name.split(".")
        for part in parts:
            (inner,) = models_in(inner.model_fields[part].annotation)
        assert last in inner.model_fields, name


@pytest.mark.parametrize("language", ["en_US.UTF-8", "zh_CN.UTF-8"])
def test_every_column_has_a_heading(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", language)
    for sheet in ALL.values():
        for names in (sheet.columns, *sheet.parts, *sheet.parts.values()):
            for name in names.split():
                assert not title(name).startswith("field.")
                assert "_" not in title(name), name


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("amount_fen", 123_456, "1,234.56"),
        ("amount_fen", -5, "-0.05"),
        ("area_dm2", 5_077, "50.77"),
        ("due_at", "2026-12-14T16:00:00+00:00", "2026-12-15 00:00"),
        ("start_by", "2026-12-14T16:00:00+00:00", "2026-12-15 00:00"),
        ("approved_by", "li", "li"),
        ("text", None, "-"),
        ("answers", ["yes", "no"], "yes, no"),
    ],
)
def test_values_are_written_for_people(name: str, value: Any, told: str) -> None:
    assert cell(name, value, "Asia/Shanghai") == told


async def test_nobody_in_particular_reads_what_is_public(run: Run, case: str) -> None:
    shown = await run("show", case, "schemes")
    assert shown.exit_code == 0, shown.output
    for said in ("New roof", "84,000.00", "New risers", "Stairwell paint"):
        assert said in shown.output
    told = json.loads(printed((await run("show", case, "schemes", "--json")).output))
    assert told[0]["items"][0]["cost_fen"] == 8_400_000


async def test_whoever_is_signed_in_reads_in_their_name(run: Run, case: str) -> None:
    bank = "committee"
    shown = await run("show", case, "instalments", by=(bank,))
    assert shown.exit_code == 0, shown.output
    assert "1-101" in shown.output


async def test_a_role_without_the_right_reads_nothing_in_its_name(run: Run, case: str) -> None:
    refused = await run("show", case, "instalments", by=("grid",))
    assert isinstance(refused.exception, Refused)
    assert refused.exception.problems[0].code == "credential.no_role"


async def test_of_several_the_one_who_may_reads_it(run: Run, case: str) -> None:
    several = ("committee", "grid")
    shown = await run("show", case, "payments", by=several)
    assert shown.exit_code == 0, shown.output


async def test_a_home_reads_the_share_table_with_its_ticket(
    run: Run, case: str, tmp_path: Path
) -> None:
    file = tmp_path / "unit.txt"
    file.write_text(unit_ticket(SecretStr(KEY), case, "1-101"), encoding="utf-8")
    shown = await run("show", case, "shares", "--limit", "2", "--credential", str(file))
    assert shown.exit_code == 0, shown.output
    assert "1-101" in shown.output
    more = next(line for line in shown.output.splitlines() if "--after" in line).split()[-1]
    rest = await run("show", case, "shares", "--after", more, "--credential", str(file))
    assert "1-101" not in rest.output
    assert "1-201" in rest.output


async def test_a_list_for_the_bank_is_written_whole_into_a_file(
    run: Run, case: str, tmp_path: Path
) -> None:
    out = tmp_path / "instalments.csv"
    words = ("show", case, "instalments", "--csv", str(out), "--limit", "1")
    assert (await run(*words, by=("committee",))).exit_code == 0
    rows = list(csv.DictReader(out.read_text(encoding="utf-8-sig").splitlines()))
    assert len(rows) == 24
    refused = await run("show", case, "tenders", "--csv", str(out))
    assert refused.exception.problems[0].code == "cases.no_such_file"


async def test_what_there_is_not_is_refused_with_what_there_is(run: Run, case: str) -> None:
    refused = await run("show", case, "secrets")
    assert isinstance(refused.exception, Refused)
    (problem,) = refused.exception.problems
    assert (problem.code, "tenders" in str(problem.params)) == ("cases.nothing_named", True)


async def test_estates_places_and_units_are_listed(run: Run, case: str) -> None:
    listed = await run("estates", "list", "--place", "d")
    assert f"{case}.estate" in listed.output
    assert "d/s/c/g" in (await run("estates", "places")).output
    committee = "committee"
    units = await run("estates", "units", f"{case}.estate", by=(committee,))
    assert "1-101" in units.output
    imports = await run("estates", "imports", f"{case}.estate", "--json", by=(committee,))
    assert json.loads(printed(imports.output)) == []
