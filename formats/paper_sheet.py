"""A typist's sheet of paper ballots: CSV with a column `unit` (房号) and one for each motion."""

import csv
import io
import json
from collections.abc import Iterable

from formats.keys_once import keys_once
from models.values.refusal import Problem, problem, refusal, refuse_if_any
from models.values.voting import INVALID
from rules.ballots.ballot import Answer
from rules.ballots.paper import Line

UNIT_HEADINGS = frozenset({"unit", "unit_number", "房号"})
WORDS = {"同意": "yes", "反对": "no", "不同意": "no", "弃权": "abstain", "无效": INVALID}
"""What a typist may write in Chinese; everything else is taken as it stands."""
NUMBERED = 2
"""The first line below the headings, as spreadsheets count."""


def lines_of_sheet(data: bytes, name: str) -> tuple[Line, ...]:
    """The lines of a sheet; a row without an answer means that there is no such ballot.

    A blank cell among filled ones is an invalid vote on that motion only if it says `invalid`
    (无效): left empty, the line was not typed to its end, and the service refuses it. A cell that
    begins with `[` or `{` is JSON (a choice from a menu).

    Raises:
        Refused: `paper.sheet_unreadable`, `paper.sheet_headings`, `paper.sheet_cell` for each cell.
    """
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise refusal("paper.sheet_unreadable", where=name) from None
    headings = [cell.strip() for cell in rows[0]] if rows else []
    motions = headings[1:]
    whole = headings and headings[0].lower() in UNIT_HEADINGS
    if not whole or not motions or len(set(motions)) < len(motions) or "" in motions:
        raise refusal("paper.sheet_headings", where=name)
    problems: list[Problem] = []
    lines: list[Line] = []
    for number, row in enumerate(rows[1:], start=NUMBERED):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        try:
            answers = _answers(motions, cells[1:])
        except ValueError:
            where = f"{name} row {number}"
            problems.append(problem("paper.sheet_cell", where=where, row=number))
        else:
            lines.append(Line(cells[0], answers))
    refuse_if_any(problems)
    if not lines:
        raise refusal("paper.sheet_headings", where=name)
    return tuple(lines)


def _answers(motions: Iterable[str], cells: list[str]) -> dict[str, Answer] | None:
    names = list(motions)
    if len(cells) > len(names):
        raise ValueError("more cells than headings")
    answers = {name: _word(cell) for name, cell in zip(names, cells, strict=False) if cell}
    return answers or None


def _word(cell: str) -> Answer:
    if not cell.startswith(("[", "{")):
        return WORDS.get(cell, cell)
    value = json.loads(cell, object_pairs_hook=keys_once)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if isinstance(value, dict) and all(type(points) is int for points in value.values()):
        return dict(value)
    raise ValueError("neither items nor points")
