"""A list of cases as a file: one flat line a case, for a spreadsheet or a program."""

import json
from collections.abc import Sequence
from enum import StrEnum

import asyncpg

from formats.csv_table import csv_text
from formats.xlsx_table import xlsx_bytes
from runtime.record.cases import CaseFilter, CaseRow, find_cases

AT_ONCE = 500
"""So many cases are read with one query."""
HEADINGS = (
    *("id", "title", "place", "stage", "state", "waiting_for", "due_at", "late_since", "late"),
    *("needs_attention", "rule_pack", "opened_at", "closed_at"),
)


class FileForm(StrEnum):
    """What a file is written as."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"


async def find_all(
    connection: asyncpg.Connection, wanted: CaseFilter, most: int
) -> tuple[CaseRow, ...]:
    """All cases of a filter in the order of its list, at most `most` of them."""
    found: list[CaseRow] = []
    while len(found) < most:
        after = found[-1].cursor if found else ""
        part = await find_cases(connection, wanted, min(AT_ONCE, most - len(found)), after)
        found += part
        if len(part) < AT_ONCE:
            break
    return tuple(found)


def cases_file(cases: Sequence[CaseRow], form: FileForm) -> bytes:
    """The cases in that form; moments in ISO 8601. No text of it is a formula (`formats.csv_table`)."""
    rows = [_cells(each) for each in cases]
    if form is FileForm.JSON:
        named = [dict(zip(HEADINGS, row, strict=True)) for row in rows]
        return json.dumps(named, ensure_ascii=False, indent=1).encode() + b"\n"
    if form is FileForm.XLSX:
        return xlsx_bytes((HEADINGS, *rows))
    return csv_text((HEADINGS, *rows), bom=True).encode()


def _cells(case: CaseRow) -> tuple[object, ...]:
    late = case.late
    return (
        case.id,
        case.title,
        case.place_path,
        case.stage,
        case.state,
        case.waiting_for,
        case.due_at.isoformat() if case.due_at else None,
        min((each.late_since.isoformat() for each in late if each.late_since), default=None),
        "; ".join(f"{each.who}: {each.what}" for each in late) or None,
        "; ".join(each.step for each in case.needs_attention) or None,
        case.rule_pack,
        case.opened_at.isoformat(),
        case.closed_at.isoformat() if case.closed_at else None,
    )
