"""The roll from a spreadsheet and a case from a template, by HTML alone; Temporal is away here."""

import io

import asyncpg
import httpx
import pytest
import xlsxwriter

from runtime.database import Database
from tests.support.browser.desk import Desk, Shown
from tests.support.estate import make_renovation
from tests.support.people import sign_in

HEAD = ["房号", "楼栋", "单元", "楼层", "面积", "用途", "业主"]
ROWS = [
    [f"{building}-{floor}0{flat}", str(building), "1", str(floor), "60.5", "住宅", f"示例{name}"]
    for building, names in ((1, "赵钱孙李"), (2, "周吴郑王"))
    for (floor, flat), name in zip(((1, 1), (1, 2), (2, 1), (2, 2)), names, strict=True)
]
ANSWERS = {"title": "Renewal of <b>Lane 3</b>", "cost.roof": "240,000", "ends_on": "2028-12-31"}


def sheet(*rows: list[str], name: str = "roll.xlsx") -> dict[str, tuple[str, bytes]]:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        page = book.add_worksheet("业主")
        for number, row in enumerate((HEAD, *rows)):
            page.write_row(number, 0, row)
    return {"roll": (name, made.getvalue())}


@pytest.fixture(scope="module", autouse=True)
async def committee(database: Database, sql: asyncpg.Connection) -> None:
    await make_renovation(database, rid="ranother")  # its places are there
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id, valid_from)"
        " VALUES ('oc', 'Zhang', 'owners_committee', 'g', now()),"
        " ('builder', 'Firm', 'contractor', 'd', now())"
    )
    await sign_in(sql, "oc", "builder")


async def taken_over(desk: Desk, estate: str, *rows: list[str]) -> Shown:
    """The roll of a new estate, as far as the questions of the case."""
    start = await desk.get("/office/start")
    check = await desk.send(start, "/office/roll", {"estate": estate}, files=sheet(*rows))
    assert "Is this your estate?" in check.text
    return await desk.send(check, "/office/roll/import")


async def test_problems_of_a_roll_stand_in_the_grid_of_its_own_sheet(
    http: httpx.AsyncClient, sql: asyncpg.Connection
) -> None:
    desk = Desk(http, "oc")
    wrong = [ROWS[0], [*ROWS[1][:4], "sixty <i>", *ROWS[1][5:]], ROWS[2]]
    start = await desk.get("/office/start")
    page = await desk.send(start, "/office/roll", {"estate": "Wrong Lane"}, files=sheet(*wrong))
    assert "1 place of the spreadsheet must be mended" in page.text
    assert '<td class="wrong">sixty &lt;i&gt;' in page.html
    assert "E3:" in page.text
    assert "赵" not in page.html  # rows in which nothing is wrong are not repeated
    assert await sql.fetchval("SELECT count(*) FROM estate WHERE name = 'Wrong Lane'") == 0
    no_file = await desk.send(start, "/office/roll", {"estate": "x"}, files={"roll": ("", b"")})
    assert "Choose the file of the roll." in no_file.text


async def test_a_roll_may_be_as_long_as_a_photograph_and_no_stranger_s_is_read(
    http: httpx.AsyncClient,
) -> None:
    desk = Desk(http, "oc")
    start = await desk.get("/office/start")
    long = "\n".join([",".join(HEAD), *("1-101,1,1,1,nothing,住宅,示例" for _ in range(12_000))])
    files = {"roll": ("roll.csv", long.encode())}
    assert len(long.encode()) > 400_000
    page = await desk.send(start, "/office/roll", {"estate": "Long Lane"}, files=files)
    assert "12,000" in page.text or "12000" in page.text
    stranger = await http.post("/office/roll", files={"roll": ("r.csv", long.encode())})
    assert stranger.status_code == 413


async def test_an_import_takes_units_away_only_where_that_was_ticked(
    http: httpx.AsyncClient, sql: asyncpg.Connection
) -> None:
    desk = Desk(http, "oc")
    await taken_over(desk, "Short Lane", *ROWS)
    estate = await sql.fetchval("SELECT id FROM estate WHERE name = 'Short Lane'")
    start = await desk.get(f"/office/start?estate={estate}")
    check = await desk.send(start, "/office/roll", files=sheet(*ROWS[:6]))
    assert "2 units of the estate are not in this spreadsheet" in check.text
    assert "2-201, 2-202" in check.text
    refused = await desk.send(check, "/office/roll/import")
    assert (refused.status, 'href="#remove"' in refused.html) == (422, True)
    units = "SELECT count(*) FROM unit WHERE estate_id = $1"
    assert await sql.fetchval(units, estate) == 8
    await desk.send(refused, "/office/roll/import", {"remove": "1"})
    assert await sql.fetchval(units, estate) == 6
    by = "SELECT imported_by FROM roll_import WHERE estate_id = $1 ORDER BY seq DESC LIMIT 1"
    assert await sql.fetchval(by, estate) == "oc"


async def test_a_case_is_opened_from_a_template_on_the_roll_that_is_there(
    http: httpx.AsyncClient, sql: asyncpg.Connection
) -> None:
    desk = Desk(http, "oc")
    form = await taken_over(desk, "Open Lane", *ROWS)
    empty = await desk.send(form, "/office/start/case")
    assert empty.status == 422
    for said in ("Title: please fill this in.", "Write what at least one work costs."):
        assert said in empty.text
    check = await desk.send(empty, "/office/start/case", ANSWERS)
    assert "¥252,000.00" in check.text  # with five percent for the unforeseen
    assert "Renewal of &lt;b&gt;Lane 3&lt;/b&gt;" in check.html
    assert "Notice before the vote" in check.text
    assert "the chief supervisor" in check.text
    later = await desk.send(check, "/office/start/case/open")
    assert later.status == 503  # the case is written, its workflow is not started yet
    again = await desk.send(later, "/office/start/case/open")
    assert again.status == 503
    rows = await sql.fetch("SELECT * FROM renovation WHERE title = $1", ANSWERS["title"])
    assert len(rows) == 1
    opened = "SELECT actor_id FROM event WHERE renovation_id = $1 AND kind = 'renovation.opened'"
    assert await sql.fetchval(opened, rows[0]["id"]) == "oc"
    back = await desk.send(later, "/office/start/case", {"change": "1"})
    assert 'value="240,000"' in back.html


async def test_no_firm_starts_a_case_and_nobody_one_of_another_place(
    http: httpx.AsyncClient, sql: asyncpg.Connection
) -> None:
    await taken_over(Desk(http, "oc"), "Ours", *ROWS)
    estate = await sql.fetchval("SELECT id FROM estate WHERE name = 'Ours'")
    builder = await Desk(http, "builder").get(f"/office/start/case?estate={estate}")
    assert builder.status in {403, 404, 422}
    assert "Title" not in builder.text


async def test_columns_with_headings_of_their_own_are_chosen_on_the_page(
    http: httpx.AsyncClient, sql: asyncpg.Connection
) -> None:
    desk = Desk(http, "oc")
    text = "\n".join([",".join([*HEAD[:4], "多大 <i>", *HEAD[5:]]), *(",".join(r) for r in ROWS)])
    start = await desk.get("/office/start")
    files = {"roll": ("roll.csv", text.encode())}
    page = await desk.send(start, "/office/roll", {"estate": "Own Words"}, files=files)
    assert "not understood" in page.text
    assert "E: 多大 &lt;i&gt;" in page.html
    assert "赵" not in page.html  # only what is not understood is repeated
    wrong = await desk.send(page, "/office/roll", {"map.4": "colour"})
    assert wrong.status == 422
    check = await desk.send(page, "/office/roll", {"map.4": "area_m2"})
    assert "Is this your estate?" in check.text
    assert "484.00 m²" in check.text
    await desk.send(check, "/office/roll/import")
    count = (
        "SELECT count(*) FROM unit u JOIN estate e ON e.id = u.estate_id WHERE e.name = 'Own Words'"
    )
    assert await sql.fetchval(count) == 8
