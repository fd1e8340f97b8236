"""The examples of docs/roll.md: what a cell, some rows or a workbook look like, and what is said of them."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

import xlsxwriter

from models.files.roll import RollReport
from models.values.refusal import Problem
from runtime.language.sentences import sentence
from runtime.spreadsheets.roll_files import check_roll_file

HEADING = ("房号", "楼栋", "单元", "楼层", "建筑面积", "用途", "业主", "证件号")
ROW = ("1-101", "1", "1", "1", "56.65", "住宅", "张三", "")
LANGUAGES = ("en", "zh_CN")


@dataclass(frozen=True)
class Example:
    """What is shown, and the sentences that stand beside it, in both languages."""

    name: str
    data: bytes
    said: tuple[tuple[str, ...], tuple[str, ...]]
    sheet: str | None = None

    def report(self) -> RollReport:
        return check_roll_file(self.data, self.name, sheet=self.sheet)


def sentences(report: RollReport, language: str) -> tuple[str, ...]:
    """What is said, without the place that a program puts before it."""
    found = (*report.readings, *report.warnings, *report.problems)
    return tuple(sentence(_alone(each.problem), language) for each in found)


def _alone(problem: Problem) -> Problem:
    return problem.model_copy(update={"where": ""})


def examples(page: str) -> Iterator[Example]:
    """Every row of a table about a column, and every block of rows with the two texts after it."""
    for column, rows in re.findall(
        r"^\| in (\S+) \|.*\n\|[-| ]+\n((?:\|.*\n)+)", page, re.MULTILINE
    ):
        for line in rows.splitlines():
            cell, english, chinese = (part.strip("| ") for part in line.split(" | "))
            yield of_cell(column, cell.strip("`"), ((english,), (chinese,)))
    blocks = re.findall(
        r"^```(csv|xlsx)(.*)\n((?:.*\n)+?)```\n+```text\n((?:.*\n)+?)```\n+```text\n((?:.*\n)+?)```",
        page,
        re.MULTILINE,
    )
    for kind, options, rows, english, chinese in blocks:
        texts = tuple(english.splitlines()), tuple(chinese.splitlines())
        yield of_rows(kind, options.strip(), rows, texts)


def of_cell(column: str, cell: str, said: tuple[tuple[str, ...], tuple[str, ...]]) -> Example:
    """The usual row with one other cell."""
    values = [
        cell.replace("↵", "\n") if title == column else value
        for title, value in zip(HEADING, ROW, strict=True)
    ]
    return Example("roll.csv", _csv([HEADING, values]), said)


def of_rows(
    kind: str, options: str, text: str, said: tuple[tuple[str, ...], tuple[str, ...]]
) -> Example:
    """Rows as CSV in an encoding; of a workbook also hidden rows, a column's format, and lines "# name" before a sheet."""
    found = dict(part.split("=", 1) for part in options.split())
    if kind == "csv":
        return Example("roll.csv", text.encode(found.get("encoding", "utf-8")), said)
    return Example("roll.xlsx", _xlsx(text, found), said, sheet=found.get("--sheet"))


def _csv(rows: list[object]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)  # type: ignore[arg-type]
    return out.getvalue().encode()


def _xlsx(text: str, options: dict[str, str]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    style = book.add_format({"num_format": options.get("format", "General")})
    page, at = None, 0
    for cells in csv.reader(io.StringIO(text)):
        if cells[0].startswith("# "):
            page, at = book.add_worksheet(cells[0][2:]), 0
            continue
        page = page or book.add_worksheet("名册")
        for column, cell in enumerate(cells):
            if column == 0 and "format" in options and cell.isdigit():
                page.write_number(at, column, int(cell), style)
            else:
                page.write_string(at, column, cell)
        at += 1
    for row in options.get("hidden", "").split(","):
        if row and page is not None:
            page.set_row(int(row) - 1, None, None, {"hidden": True})
    book.close()
    return out.getvalue()
