"""A typist's sheet of paper ballots: a column `unit` (房号), and one for each motion, by its title as printed or its id."""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from formats.keys_once import keys_once
from models.values.refusal import Problem, problem, refusal, refuse_if_any
from models.values.voting import INVALID
from rules.ballots.ballot import Answer
from rules.ballots.paper import Line

UNIT_HEADINGS = frozenset({"unit", "unit_number", "房号"})
WORDS = {"同意": "yes", "反对": "no", "不同意": "no", "弃权": "abstain", "无效": INVALID}
"""What a typist may write in Chinese; everything else is taken as it stands."""
ANSWERED = frozenset({"yes", "no", "abstain", INVALID})
BETWEEN = re.compile("[、;；]")
NUMBERED = 2
"""The first line below the headings, as spreadsheets count."""


class PrintedMotion(NamedTuple):
    """A motion as it stands on the ballot paper: its title, and the titles of its options or works, each with its id."""

    id: str
    title: str
    choices: Mapping[str, str]
    several: bool = False
    """Of a menu a voter chooses several works: a cell may list their titles, with 、 or ; between them."""


def lines_of_sheet(
    data: bytes, name: str, printed: Sequence[PrintedMotion] = ()
) -> tuple[Line, ...]:
    """The lines of a CSV sheet, see `lines_of_rows`.

    Raises:
        Refused: `paper.sheet_unreadable`; as `lines_of_rows` says.
    """
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise refusal("paper.sheet_unreadable", where=name) from None
    return lines_of_rows(rows, name, printed)


def lines_of_rows(
    rows: Sequence[Sequence[str]], name: str, printed: Sequence[PrintedMotion] = ()
) -> tuple[Line, ...]:
    """The lines of a sheet; a row without an answer means that there is no such ballot.

    `printed` are the motions of the box, by whose titles columns and answers may be named; without
    them only ids are known.

    A blank cell among filled ones is an invalid vote on that motion only if it says `invalid`
    (无效): left empty, the line was not typed to its end, and the service refuses it. A cell that
    begins with `[` or `{` is JSON (a choice from a menu).

    Raises:
        Refused: `paper.sheet_headings`, `paper.sheet_motion` for a heading that is no motion,
            `paper.sheet_cell` for each cell.
    """
    headings = _without_empty_end([cell.strip() for cell in rows[0]]) if rows else []
    motions = [_motion_of(heading, name, printed) for heading in headings[1:]]
    known = {each.id: (_by_look(each.choices), each.several) for each in printed}
    whole = headings and headings[0].lower() in UNIT_HEADINGS
    if not whole or not motions or len(set(motions)) < len(motions) or "" in motions:
        raise refusal("paper.sheet_headings", where=name)
    problems: list[Problem] = []
    lines: list[Line] = []
    for number, row in enumerate(rows[1:], start=NUMBERED):
        cells = [cell.strip() for cell in row]
        cells = _without_empty_end(cells) if len(cells) > len(headings) else cells
        if not any(cells):
            continue
        try:
            answers = _answers(motions, cells[1:], known)
        except ValueError:
            where = f"{name} row {number}"
            problems.append(problem("paper.sheet_cell", where=where, row=number))
        else:
            lines.append(Line(cells[0], answers))
    refuse_if_any(problems)
    if not lines:
        raise refusal("paper.sheet_headings", where=name)
    return tuple(lines)


def _motion_of(heading: str, name: str, printed: Sequence[PrintedMotion]) -> str:
    """The id of the motion that a heading names."""
    if not printed or any(heading == each.id for each in printed):
        return heading
    whole = ".whole"
    if heading.endswith(whole) and any(heading == each.id + whole for each in printed):
        return heading
    titled = [each.id for each in printed if _look(each.title) == _look(heading)]
    if len(titled) != 1:
        known = ", ".join(f"{each.title} ({each.id})" for each in printed)
        raise refusal("paper.sheet_motion", where=f"{name} row 1", heading=heading, known=known)
    return titled[0]


def _look(title: str) -> str:
    """What two titles that read the same have in common: width of letters, spaces and case do not count."""
    return "".join(unicodedata.normalize("NFKC", title).casefold().split())


def _by_look(choices: Mapping[str, str]) -> dict[str, str]:
    """Title to id, but for titles that two choices share: these are named by their ids only."""
    found: dict[str, list[str]] = {}
    for title, choice in choices.items():
        found.setdefault(_look(title), []).append(choice)
    return {title: ids[0] for title, ids in found.items() if len(ids) == 1}


def _without_empty_end(cells: list[str]) -> list[str]:
    """The cells up to the last that is filled: a workbook's rows are all equally wide."""
    filled = [number for number, cell in enumerate(cells, start=1) if cell]
    return cells[: max(filled, default=0)]


def _answers(
    motions: Iterable[str], cells: list[str], known: Mapping[str, tuple[Mapping[str, str], bool]]
) -> dict[str, Answer] | None:
    names = list(motions)
    if len(cells) > len(names):
        raise ValueError("more cells than headings")
    answers = {
        name: _word(cell, *known.get(name, ({}, False)))
        for name, cell in zip(names, cells, strict=False)
        if cell
    }
    return answers or None


def _word(cell: str, choices: Mapping[str, str], several: bool) -> Answer:
    if not cell.startswith(("[", "{")):
        word = WORDS.get(cell, cell)
        if several and word not in ANSWERED:
            parts = (part.strip() for part in BETWEEN.split(cell))
            return tuple(choices.get(_look(part), part) for part in parts if part)
        return choices.get(_look(cell), word)
    value = json.loads(cell, object_pairs_hook=keys_once)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if isinstance(value, dict) and all(type(points) is int for points in value.values()):
        return dict(value)
    raise ValueError("neither items nor points")
