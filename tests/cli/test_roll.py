import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from cli.roll.commands import read_mapping, read_places
from models.values.refusal import Refused
from runtime.database import Database
from runtime.language.choice import DECIDING, language_of
from runtime.settings import LocalSettings, environment_names
from tests.formats.test_roll_headings import as_csv
from tests.support.files.workbooks import HEADING, ROW, row, xlsx
from tests.support.people import sign_in

RUNNER = CliRunner()
KEY = "ab" * 32
PLACE = "d1=区/s1=街道/c1=社区/g1=网格"


@pytest.fixture(autouse=True)
def only_our_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*DECIDING, *environment_names(LocalSettings).values()):
        if name in os.environ:
            monkeypatch.delenv(name)


@pytest.fixture
def at_database(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv("GONGJIAN_CREDENTIAL_KEY", KEY)
    monkeypatch.setenv("GONGJIAN_RECEIPT_KEY", KEY)


def run(*words: object) -> Result:
    return RUNNER.invoke(app, ["roll", *map(str, words)])


def refused(*words: object) -> list[str]:
    result = run(*words)
    assert isinstance(result.exception, Refused), result.output
    return [problem.code for problem in result.exception.problems]


def write(directory: Path, name: str, data: bytes) -> Path:
    path = directory / name
    path.write_bytes(data)
    return path


def test_a_good_roll_shows_its_figures_and_no_name(tmp_path: Path) -> None:
    result = run("check", write(tmp_path, "r.xlsx", xlsx([HEADING, ROW])))
    assert result.exit_code == 0
    assert "  units            1 unit, of which co-owned 0" in result.stdout
    assert "  heads            1 head: 1 of one unit" in result.stdout
    assert "56.65 m2" in result.stdout
    assert "张三" not in result.output


def test_a_bad_roll_as_json_has_every_cell_and_exit_code_1(tmp_path: Path) -> None:
    data = xlsx([HEADING, row(area_m2=0, floor="x"), row(number="2", kind="castle")])
    result = run("check", write(tmp_path, "r.xlsx", data), "--json")
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["ok"], answer["problem_count"]) == (1, False, 3)
    assert [
        (each["sheet"], each["row"], each["column"], each["value"]) for each in answer["problems"]
    ] == [("名册", 2, "D", "…"), ("名册", 2, "E", "0"), ("名册", 3, "F", None)]
    assert all(each["message"] and each["message_zh"] for each in answer["problems"])


def test_a_bad_roll_is_refused_with_every_problem(tmp_path: Path) -> None:
    path = write(tmp_path, "r.csv", as_csv(HEADING, row(area_m2="0"), row(number="2", floor="x")))
    assert refused("check", path) == ["roll.area_not_positive", "roll.not_an_integer"]


def test_against_an_earlier_file_the_changes_are_shown(tmp_path: Path) -> None:
    old = write(tmp_path, "old.csv", as_csv(HEADING, ROW, row(number="2")))
    new = write(tmp_path, "new.xlsx", xlsx([HEADING, row(owners="李四"), row(number="3")]))
    result = run("check", new, "--against", old, "--json")
    difference = json.loads(result.stdout)["difference"]
    assert (difference["added"], difference["removed"]) == (["3"], ["2"])
    assert difference["changed"] == [{"number": "1-101", "fields": {"owners": ["", "changed"]}}]
    shown = run("check", new, "--against", old).stdout
    assert "owners changed" in shown
    assert "李四" not in shown


def test_against_an_earlier_file_it_is_said_what_an_import_takes_away(tmp_path: Path) -> None:
    whole = (ROW, row(number="1-102"), row(number="2-101"))
    old = write(tmp_path, "old.csv", as_csv(HEADING, *whole))
    new = write(tmp_path, "new.csv", as_csv(HEADING, ROW, row(number="1号楼102室")))
    shown = run("check", new, "--against", old).stdout
    assert "  removed          2: 1-102, 2-101" in shown
    assert "  other spelling   1: 1-102 → 1号楼102室" in shown
    assert "takes away 2 units of the earlier roll and needs --remove" in shown


def test_heads_are_explained(tmp_path: Path) -> None:
    rows = [row(number=f"1-{n}", owners=f"业主{n}甲") for n in range(5)]
    rows += [row(number=f"2-{n}", owners="张三、李四") for n in range(2)]
    rows += [row(number=f"3-{n}", owners="王五") for n in range(4)]
    rows += [row(number=f"4-{n}", owners="某公司", developer="是") for n in range(3)]
    path = write(tmp_path, "r.csv", as_csv(HEADING, *rows))
    english = run("check", path).stdout
    parts = "5 of one unit each, 1 of 2 units, 1 of more units, 1 developer with 3 units"
    assert f"  heads            8 heads: {parts}" in english
    chinese = run("check", path, "--language", "zh_CN").stdout
    assert (
        "  人数             8 人：5 人各一套，1 人有 2 套，1 人有更多套，开发商 1 人，3 套"
        in chinese
    )


def test_how_the_file_was_read_comes_before_its_problems(tmp_path: Path) -> None:
    rows = as_csv(HEADING, row(floor="1层", owners="张三，李四"), row(number="2", owners="同上"))
    result = run("check", write(tmp_path, "r.csv", rows))
    assert isinstance(result.exception, Refused)
    first, *more = result.stdout.splitlines()
    assert first == "r.csv: 1 problem, nothing was imported"
    assert [line.split()[0] for line in more] == ["read", "read"]
    assert "张三" not in result.output


@pytest.mark.parametrize(
    ("name", "value", "chinese"),
    [
        ("LC_ALL", "zh_CN.UTF-8", True),
        ("LANG", "zh_TW", True),
        ("LC_MESSAGES", "zh", True),
        ("LANG", "en_US.UTF-8", False),
        ("LC_ALL", "C", False),
    ],
)
def test_the_language_is_the_one_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, chinese: bool
) -> None:
    for each in DECIDING:
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv(name, value)
    path = write(tmp_path, "r.csv", as_csv(HEADING, ROW))
    assert ("没有问题" in run("check", path).stdout) is chinese
    assert "没有问题" not in run("check", path, "--language", "en").stdout


def test_the_first_name_that_is_set_decides() -> None:
    assert language_of({"LC_ALL": "en_US", "LANG": "zh_CN"}) == "en"
    assert language_of({"LC_ALL": "", "LANG": "zh_CN.GB18030"}) == "zh_CN"
    assert language_of({}) == "en"


def test_a_sheet_and_a_mapping_are_taken(tmp_path: Path) -> None:
    heading = ["计费面积" if each == "面积" else each for each in HEADING]
    path = write(tmp_path, "r.xlsx", xlsx([heading, ROW], sheet="甲"))
    assert "roll.column_unknown" in refused("check", path)
    assert run("check", path, "--sheet", "甲", "--map", "area_m2=计费面积").exit_code == 0
    assert refused("check", path, "--sheet", "乙") == ["spreadsheet.sheet_unknown"]


@pytest.mark.parametrize("pair", ["area_m2", "area_m2=", "colour=面积"])
def test_a_mapping_names_one_of_our_columns(pair: str) -> None:
    with pytest.raises(Refused) as refusal:
        read_mapping([pair])
    assert refusal.value.problems[0].code == "roll.map_unreadable"


@pytest.mark.parametrize("text", ["a=b", "a/b/c/d", "a=b/c=d/e=f/g=", "a=b/c=d/e=f/g=h/i=j"])
def test_a_place_has_four_levels_with_names(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        read_places(text)
    assert refusal.value.problems[0].code == "roll.place_unreadable"


def test_a_roll_is_imported_once(tmp_path: Path, at_database: None) -> None:
    path = write(tmp_path, "r.xlsx", xlsx([HEADING, ROW]))
    assert refused("import", path, "--estate", "甲小区") == ["roll.estate_unknown"]
    asked = ("import", path, "--estate", "甲小区", "--place", PLACE)
    assert "dry run" in run(*asked, "--dry-run").stdout
    first = json.loads(run(*asked, "--json").stdout)
    assert first["import"]["imported"]
    assert first["import"]["created"]
    assert (first["summary"]["units"], first["difference"]["added"]) == (1, ["1-101"])
    again = run("import", path, "--estate", "甲小区")
    assert again.exit_code == 0
    assert "nothing to do" in again.stdout


@pytest.fixture
async def keepers(
    owner: str, service: str, signed_in_here: Callable[..., None]
) -> AsyncIterator[asyncpg.Connection]:
    """Of two committees, one here and one of another district; both are signed in on this machine."""
    sql = await asyncpg.connect(owner)
    for place in ("d1", "d9"):
        await sql.execute(
            "INSERT INTO place (id, kind, name, path) VALUES ($1::text, 'district', $1::text, $1::text)"
            " ON CONFLICT DO NOTHING",
            place,
        )
        await sql.execute(
            "INSERT INTO role_grant (actor_id, label, role, place_id)"
            " VALUES ($1::text, $1::text, 'street_office', $2)",
            f"keeper-{place}",
            place,
        )
    await sign_in(sql, "keeper-d1", "keeper-d9")
    signed_in_here("keeper-d1", "keeper-d9", service=service)
    yield sql
    await sql.execute("DELETE FROM role_grant WHERE actor_id LIKE 'keeper-%'")
    await sql.close()


async def test_a_roll_is_imported_in_the_name_of_whoever_keeps_it_and_is_signed_in(
    tmp_path: Path, at_database: None, keepers: asyncpg.Connection
) -> None:
    path = write(tmp_path, "r.csv", as_csv(HEADING, ROW))
    asked = ("import", path, "--estate", "丁小区", "--place", PLACE)

    async def no(*words: object) -> list[str]:
        return await asyncio.to_thread(refused, *asked, *words)

    assert await no("--as", "anybody") == ["cases.not_signed_in"]
    for dry in ((), ("--dry-run",)):
        assert await no("--as", "keeper-d9", *dry) == ["credential.no_role"]
    assert await keepers.fetchval("SELECT count(*) FROM estate WHERE name = '丁小区'") == 0
    done = await asyncio.to_thread(run, *asked, "--as", "keeper-d1")
    assert done.exit_code == 0, done.output
    changed = write(tmp_path, "r2.csv", as_csv(HEADING, ROW, row(number="2-101")))
    several = await asyncio.to_thread(refused, "import", changed, "--estate", "丁小区")
    assert several == ["cases.person_needed"]
    by_operator = await asyncio.to_thread(
        run, "import", changed, "--estate", "丁小区", "--operator"
    )
    assert by_operator.exit_code == 0
    rows = await keepers.fetch(
        "SELECT imported_by FROM roll_import JOIN estate ON estate.id = estate_id"
        " WHERE estate.name = '丁小区' ORDER BY seq"
    )
    first, second = (row["imported_by"] for row in rows)
    assert first == "keeper-d1"
    assert second.startswith("operator:")


def test_an_import_of_a_part_needs_leave_to_remove(tmp_path: Path, at_database: None) -> None:
    whole = write(tmp_path, "r.csv", as_csv(HEADING, ROW, row(number="2-101")))
    part = write(tmp_path, "part.csv", as_csv(HEADING, ROW))
    asked = ("--estate", "丙小区", "--place", PLACE)
    assert run("import", whole, *asked).exit_code == 0
    assert refused("import", part, *asked) == ["roll.would_remove"]
    dry = run("import", part, *asked, "--dry-run").stdout
    assert "  removed          1: 2-101" in dry
    assert "takes away 1 unit of the earlier roll and needs --remove" in dry
    assert "has 1 unit" in run("import", part, *asked, "--remove").stdout


def test_a_bad_roll_is_not_imported(tmp_path: Path, at_database: None) -> None:
    path = write(tmp_path, "r.csv", as_csv(HEADING, row(area_m2="0")))
    assert refused("import", path, "--estate", "x", "--place", PLACE) == ["roll.area_not_positive"]
    result = run("import", path, "--estate", "x", "--place", PLACE, "--json")
    assert (result.exit_code, json.loads(result.stdout)["import"]) == (1, None)
