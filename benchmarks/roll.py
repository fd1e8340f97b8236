"""A roll of 200,000 units: check and import from CSV, .xlsx, .ods and .xls, beside the floors of the same run.

Every measurement is a process of its own, so that its peak memory is its own; the floors are csv.reader
alone, calamine alone and COPY of the finished rows alone. `python benchmarks/roll.py [ROWS] [REPEATS]`
prints the table and writes it, raw, to `benchmarks/results/roll.txt`.
"""

import asyncio
import csv
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import xlsxwriter
from pydantic import SecretStr
from python_calamine import CalamineWorkbook

from formats.roll import accepted_roll
from models.files.renovation import LEVELS, PlaceEntry
from models.files.roll import RollReport
from models.tables import Estate
from runtime.database import Database
from runtime.local.postgres import EmbeddedPostgres
from runtime.migrate import upgrade
from runtime.privacy.keys import PersonKeys
from runtime.spreadsheets.roll_files import check_roll_file
from service.estates.places import write_places
from service.estates.rolls import RollRequest, import_roll
from service.estates.units import copy_people, copy_units, owner_secret, unit_row_id

RESULTS = Path(__file__).parent / "results" / "roll.txt"
HEADING = (
    "房号",
    "楼号",
    "单元",
    "楼层",
    "建筑面积（㎡）",
    "用途",
    "产权人",
    "份额",
    "开发商",
    "联系电话",
)
XLS_ROWS = 30_000
"""The old format ends at 65,536 rows, the writer of the tests at 7 MB."""
SECRET = owner_secret(SecretStr("ab" * 32))
PEOPLE = PersonKeys(SecretStr("7e" * 32))
PLACES = tuple(PlaceEntry(level=level, id=level, name=level) for level in LEVELS)


def rows(count: int) -> Iterator[tuple[str | int | float, ...]]:
    """Made-up units: every tenth owner has two, every twentieth unit is a parking bay."""
    for n in range(count):
        owner = n - 1 if n % 10 == 1 else n
        yield (
            f"{n // 200}-{n}",
            str(n // 200),
            str(n % 4),
            n % 33,
            round(40 + n % 9_000 / 100, 2),
            "车位" if n % 20 == 0 else "住宅",
            f"示例{owner}、示例{owner}乙" if n % 3 == 0 else f"示例{owner}",
            12,
            "是" if n % 50 == 0 else "否",
            "13800000000",
        )


def write_files(directory: Path, count: int) -> None:
    """The same roll in each format."""
    with (directory / "roll.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADING)
        writer.writerows(rows(count))
    book = xlsxwriter.Workbook(str(directory / "roll.xlsx"))
    page = book.add_worksheet("名册")
    page.write_row(0, 0, HEADING)
    for at, cells in enumerate(rows(count), start=1):
        page.write_row(at, 0, cells)
    book.close()
    from tests.support.files.workbooks import ods, xls  # noqa: PLC0415 - writers that only tests have

    (directory / "roll.ods").write_bytes(ods([HEADING, *rows(count)]))
    (directory / "roll.xls").write_bytes(xls([HEADING, *rows(min(count, XLS_ROWS))]))


def report_of(path: Path) -> RollReport:
    """What `gongjian roll check` reads."""
    report = check_roll_file(path.read_bytes(), path.name)
    assert report.roll is not None, report.problems[:3]
    return report


async def in_database(url: str, work: Callable[[Database], object]) -> object:
    database = Database(url, 2)
    try:
        return await work(database)  # type: ignore[misc]
    finally:
        await database.dispose()


def import_file(path: Path, url: str, estate: str) -> None:
    """What `gongjian roll import` does."""
    roll = accepted_roll(report_of(path))
    request = RollRequest(
        roll=roll, estate=estate, by="bench", secret=SECRET, people=PEOPLE, places=PLACES
    )
    asyncio.run(in_database(url, lambda database: import_roll(database, request)))


def copy_alone(path: Path, url: str, estate: str) -> tuple[float, float]:
    """Seconds, and those of the processor, of COPY of finished rows into a new estate, with commit."""
    units = accepted_roll(report_of(path)).units
    new = [(unit_row_id(estate, unit), unit) for unit in units]

    async def work(database: Database) -> tuple[float, float]:
        began, before = time.perf_counter(), cpu_s()
        async with database.session() as session, session.begin():
            await write_places(session, PLACES)
            now = datetime.now(UTC)
            session.add(Estate(id=estate, name=estate, place_id=PLACES[-1].id, created_at=now))
            await session.flush()
            await copy_units(session, estate, units, SECRET)
            await copy_people(session, new, PEOPLE)
        return time.perf_counter() - began, cpu_s() - before

    return asyncio.run(in_database(url, work))  # type: ignore[return-value]


def one(what: str, path: Path, url: str, estate: str) -> dict[str, float]:
    """One measurement in this process: seconds, peak MB of it and of its children."""
    began, before = time.perf_counter(), cpu_s()
    alone: tuple[float, float] | None = None
    if what == "csv.reader":
        sum(1 for _ in csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))
    elif what == "calamine":
        book = CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
        sum(1 for _ in book.get_sheet_by_index(0).iter_rows())
    elif what == "check":
        report_of(path)
    elif what == "import":
        import_file(path, url, estate)
    elif what == "copy":
        alone = copy_alone(path, url, estate)
    seconds, cpu = alone or (time.perf_counter() - began, cpu_s() - before)
    return {
        "seconds": seconds,
        "cpu": cpu,
        "own_mb": peak_kb() / 1024,
        "child_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }


def cpu_s() -> float:
    """Processor seconds of this process and of its children, which other work does not lengthen."""
    times = os.times()
    return sum(times[:4])


def peak_kb() -> int:
    """The most memory of this process since it began; ru_maxrss would begin with its parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


def measure(what: str, path: Path, url: str, estate: str) -> dict[str, float]:
    command = [sys.executable, __file__, "--one", what, str(path), url, estate]
    done = subprocess.run(
        command, check=True, capture_output=True, env=os.environ | {"PYTHONPATH": "."}
    )
    return dict(json.loads(done.stdout))


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    lines = [
        (
            f"roll of {count:,} units (.xls: {min(count, XLS_ROWS):,}), {repeats} repeats, "
            f"{os.cpu_count()} cores, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, "
            f"load {os.getloadavg()[0]:.1f}; PostgreSQL durable"
        ),
        f"{'what':<28}{'median s':>10}{'min':>8}{'max':>8}{'cpu s':>8}{'rows/s':>10}{'own MB':>8}{'child MB':>10}",
    ]
    with tempfile.TemporaryDirectory(prefix="gongjian-bench-") as name:
        directory = Path(name)
        write_files(directory, count)
        server = EmbeddedPostgres(directory / "postgres")
        urls = server.start()
        try:
            upgrade(urls.owner)
            lines += table(directory, urls.app, count, repeats)
        finally:
            server.stop()
    text = "\n".join(lines) + "\n"
    print(text, end="")
    RESULTS.write_text(text, encoding="utf-8")


def table(directory: Path, url: str, count: int, repeats: int) -> Iterator[str]:
    todo = [
        ("floor: csv.reader alone", "csv.reader", "roll.csv", count),
        ("check .csv", "check", "roll.csv", count),
        ("floor: calamine .xlsx alone", "calamine", "roll.xlsx", count),
        ("check .xlsx", "check", "roll.xlsx", count),
        ("floor: calamine .ods alone", "calamine", "roll.ods", count),
        ("check .ods", "check", "roll.ods", count),
        ("floor: calamine .xls alone", "calamine", "roll.xls", min(count, XLS_ROWS)),
        ("check .xls", "check", "roll.xls", min(count, XLS_ROWS)),
        ("floor: COPY alone", "copy", "roll.csv", count),
        ("import .csv (check + write)", "import", "roll.csv", count),
        ("import .xlsx (check + write)", "import", "roll.xlsx", count),
    ]
    for title, what, file, units in todo:
        runs = [measure(what, directory / file, url, f"{what}-{file}-{n}") for n in range(repeats)]
        yield line(title, runs, units)
    runs = [
        measure("import", directory / "roll.xlsx", url, "import-roll.xlsx-0")
        for _ in range(repeats)
    ]
    yield line("import .xlsx again (no-op)", runs, count)


def line(title: str, runs: list[dict[str, float]], units: int) -> str:
    seconds = [run["seconds"] for run in runs]
    middle = statistics.median(seconds)
    return (
        f"{title:<28}{middle:>10.2f}{min(seconds):>8.2f}{max(seconds):>8.2f}"
        f"{statistics.median(run['cpu'] for run in runs):>8.2f}{units / middle:>10,.0f}"
        f"{max(run['own_mb'] for run in runs):>8.0f}{max(run['child_mb'] for run in runs):>10.0f}"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        what, path, url, estate = sys.argv[2:6]
        print(json.dumps(one(what, Path(path), url, estate)))
    else:
        main()
