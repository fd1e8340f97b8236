"""Every table that leaves as CSV or as a workbook, with formulas in every text of it: a spreadsheet works none out.

Who writes such a table, and by which door or command it leaves, is found in the code: one that is new fails
here until something of it is planted.
"""

import ast
import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import asyncpg
import httpx
import pytest
import python_calamine
from fastapi.routing import APIRoute

from formats.csv_table import BEGINS_FORMULA
from formats.event_logs import LogFormat, log_text
from runtime.database import Database
from runtime.history.logs import logged
from runtime.local.programs import ROOT
from runtime.record.events import load_events
from service.access.printing import PrintedLetter, as_csv
from service.app import PAGES, ROUTERS
from service.identity.browser import COOKIE
from tests.support.estate import make_renovation
from tests.support.people import bearer, sign_in, token_of

RID, READER = "rleaves", "leaves-everything"
CASE = f"/v1/renovations/{RID}"
FORMULAS = (
    '=HYPERLINK("http://x")',
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "＝1",
    "－1",
)
WRITERS = frozenset({"csv_text", "xlsx_bytes", "csv_of", "cases_file", "log_text", "as_csv"})
"""What makes such a table, and what hands one on."""
USED_BY = {
    "cli/access/letters.py": "letters print --format csv",
    "cli/cases.py": "list --out, credentials",
    "cli/proofs/logs.py": "export log --format csv",
    "formats/event_logs/__init__.py": "",
    "runtime/finding/files.py": "",
    "service/access/printing.py": "",
    "service/reading/counts.py": "GET /v1/renovations, /office/overview/late.csv",
    "service/reading/files.py": "",
    "service/routes/reading/history.py": "GET /v1/renovations/{renovation_id}/log",
    "service/routes/reading/money.py": "GET …/instalments, …/payments, …/refunds",
}
"""The modules that use one: by which door or command it leaves, "" where another module hands it on."""
AS_THEY_CAME = {"cli/reading/commands.py": "show RENOVATION WHAT --csv FILE"}
"""What writes down the bytes of a door."""
BY_THEMSELVES = {
    "formats/csv_table.py": "for everybody here",
    "formats/xlsx_table.py": "for everybody here",
    "service/starting/importing.py": "units sent one by one, for the one reader of rolls",
    "cli/demo/town/estate.py": "the roll that the demo imports",
}
"""The modules that write a table without those, and for whom."""
RAW = frozenset({"writer", "DictWriter", "Workbook"})
ROOMS = ("cli", "client", "service", "runtime", "formats", "activities", "proof")
Cells = Sequence[Sequence[str]]


def calls() -> Iterator[tuple[str, str]]:
    """Each module that calls one of the writers, or writes by itself, and which."""
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                    if name in WRITERS | RAW:
                        yield str(path.relative_to(ROOT)), name


def test_whoever_makes_a_table_that_leaves_is_on_the_list() -> None:
    found = set(calls())
    assert {module for module, name in found if name in WRITERS} == USED_BY.keys()
    assert {name for _, name in found} >= WRITERS
    assert {module for module, name in found if name in RAW} == BY_THEMSELVES.keys()
    as_it_came = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "cli").rglob("*.py")
        if "form=csv" in path.read_text(encoding="utf-8")
    }
    assert as_it_came == AS_THEY_CAME.keys()


def doors() -> list[tuple[str, str]]:
    """Every door by which a table may leave, with the form: what takes one, and what is named like a file."""
    found: list[tuple[str, str]] = []
    for route in (each for router in (*ROUTERS, *PAGES) for each in router.routes):
        assert isinstance(route, APIRoute)
        forms = {
            str(value)
            for given in route.dependant.query_params
            if given.name == "form"
            for value in given.field_info.annotation or ()
        }
        found += [(route.path, form) for form in ("csv", "xlsx") if form in forms]
        found += [(route.path, "")] if route.path.endswith((".csv", ".xlsx")) else []
    return found


def cells_of(answer: bytes) -> Cells:
    """The cells of a table, and that a workbook has no cell that is worked out."""
    if not answer.startswith(b"PK"):
        return list(csv.reader(io.StringIO(answer.decode("utf-8-sig"), newline="")))
    with zipfile.ZipFile(io.BytesIO(answer)) as book:
        sheets = [book.read(name) for name in book.namelist() if name.startswith("xl/worksheets/")]
    assert sheets
    assert not [
        each for each in sheets if b"<f>" in each or b"<f " in each or b"<hyperlink" in each
    ]
    read = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer))
    return [[str(cell) for cell in row] for row in read.get_sheet_by_index(0).to_python()]


def planted(cells: Cells) -> set[str]:
    """The formulas that stand there as texts; none stands there as one."""
    for row in cells:
        for cell in row:
            number = cell.removeprefix("-").replace(".", "", 1).isdigit()
            assert number or not cell.lstrip(" ").startswith(BEGINS_FORMULA), repr(cell)
    texts = {cell.removeprefix("'") for row in cells for cell in row if cell.startswith("'")}
    return texts & {*FORMULAS}


@pytest.fixture(scope="module")
async def case(database: Database, sql: asyncpg.Connection, superuser: str) -> str:
    """A case of which every text that may leave begins like a formula."""
    await make_renovation(database, rid=RID)
    await sign_in(sql, READER)
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ($1, 'Reads', 'auditor', 'd'),"
        " ($1, 'Reads', 'street_office', 'd')",
        READER,
    )
    owner = await asyncpg.connect(superuser)
    # Neither triggers nor keys are asked: rows of before any rule of ours could hold it.
    await owner.execute("SET session_replication_role = replica")
    for number, words in enumerate(FORMULAS):
        given = (RID, words)
        await owner.execute(
            "INSERT INTO refund (renovation_id, unit_number, amount_fen) VALUES ($1, $2, 7)", *given
        )
        await owner.execute(
            "INSERT INTO instalment (renovation_id, unit_number, number, due_at, amount_fen)"
            " VALUES ($1, $2, 1, now(), 300)",
            *given,
        )
        await owner.execute("INSERT INTO share_total VALUES ($1, 'award', $2, 300)", *given)
        await owner.execute(
            "INSERT INTO payment (id, renovation_id, command_id, unit_number, amount_fen, source, received_at)"
            " VALUES ($2, $1, $3, $2, 5, 'owner', now())",
            *(*given, f"leaves-{number}"),
        )
        await owner.execute(
            "INSERT INTO event (renovation_id, seq, command_id, happened_at, recorded_at, actor_id, actor_role,"
            " actor_label, actor_place, kind, details, rule_pack, workflow_id, run_id, prev_hash, hash)"
            " VALUES ($1, $2, $3, now(), now(), $4::text, 'street_office', $4::text, $4::text, 'test.said', jsonb_build_object('ticket', $4::text),"
            " '', '', '', repeat('0', 64), repeat('0', 64))",
            *(RID, 1_000 + number, f"leaves-e{number}", words),
        )
        await owner.execute(
            "INSERT INTO case_wait (renovation_id, workflow_id, what, subject, due_at, since, who, consequence)"
            " VALUES ($1::text, $1::text, 'open_vote', $2::text, now() - interval '2 days',"
            " now() - interval '3 days', $2::text, '')",
            *given,
        )
    await owner.execute(
        "UPDATE renovation SET title = $2, waiting_for = $2 WHERE id = $1", RID, FORMULAS[0]
    )
    await owner.close()
    return RID


@pytest.mark.parametrize(("path", "form"), doors())
async def test_no_table_that_leaves_by_a_door_is_worked_out(
    http: httpx.AsyncClient, case: str, path: str, form: str
) -> None:
    of_page = path.startswith("/office")
    headers = {"cookie": f"{COOKIE}={token_of(READER)}"} if of_page else bearer(READER)
    query = {"form": form} if form else {}
    answer = await http.get(path.format(renovation_id=RID), params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    assert planted(cells_of(answer.content)), "something of it is planted"


async def test_no_table_that_a_command_writes_is_worked_out(
    case: str, sql: asyncpg.Connection
) -> None:
    events = await load_events(sql, RID)
    assert planted(
        cells_of(log_text(LogFormat.CSV, RID, FORMULAS[0], logged(events)).encode())
    ) == {*FORMULAS}
    until = datetime(2026, 12, 1, tzinfo=UTC)
    letters = [
        PrintedLetter(unit_number=each, link=each, fact="roll", expires_at=until)
        for each in FORMULAS
    ]
    assert planted(cells_of(as_csv(letters, UTC).encode())) == {*FORMULAS}
