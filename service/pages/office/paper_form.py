"""A batch of paper ballots as a form: a row a ballot, its unit and what it says to each motion.

The names of the fields: "unit.<row>", "said.<row>.<motion>".
"""

from collections.abc import Mapping

from pydantic import JsonValue
from starlette.datastructures import FormData

from models.values.decisions.menu import BallotForm
from models.values.refusal import Problem
from models.values.voting import Choice, Motion
from service.pages.forms import whole

AT_FIRST, AT_ONCE, MOST = 10, 10, 100
"""Rows of a new form, rows that are added, and rows of one page; a bundle of more is two batches."""
NONE = "none"
"""There is no ballot of this unit in the bundle: the other typing was wrong."""
PLAIN = 2
"""Steps of the place "lines.3"."""
FIELDS = ("command_id", "reference", "channel", "scan", "code")


def rows_wanted(form: FormData) -> int:
    """How many rows a form has."""
    rows = whole(str(form.get("rows", "")))
    return min((AT_FIRST if rows is None else rows) + (AT_ONCE if "more" in form else 0), MOST)


def batch(form: FormData, motions: Mapping[str, Motion]) -> dict[str, JsonValue]:
    """The body of the typing that a form means; its limits are asked later."""
    lines: list[JsonValue] = [
        {"unit_number": unit, "choices": _choices(form, row, motions)} for row, unit in _units(form)
    ]
    return {**{name: str(form.get(name, "")) for name in FIELDS}, "lines": lines}


def at_rows(problems: tuple[Problem, ...], form: FormData) -> tuple[Problem, ...]:
    """The problems at the names of the form: of a unit at its row, of a line at what it is about."""
    rows = {unit: row for row, unit in _units(form)}
    numbered = [row for row, _ in _units(form)]
    return tuple(_moved(each, rows, numbered) for each in problems)


def _moved(found: Problem, rows: Mapping[str, int], numbered: list[int]) -> Problem:
    steps = found.where.split(".")
    if found.where in rows:
        return found.model_copy(update={"where": f"unit.{rows[found.where]}"})
    if found.where == "lines":
        return found.model_copy(update={"where": "unit.0"})
    if steps[0] == "lines" and len(steps) > 1 and steps[1].isdecimal():
        # The rules count lines from 1, the body counts its fields from 0.
        number = int(steps[1]) - (len(steps) == PLAIN)
        row = numbered[number] if 0 <= number < len(numbered) else 0
        return found.model_copy(update={"where": f"unit.{row}"})
    return found


def _units(form: FormData) -> list[tuple[int, str]]:
    """The rows in which a unit stands."""
    given = ((row, str(form.get(f"unit.{row}", "")).strip()) for row in range(MOST))
    return [(row, unit) for row, unit in given if unit]


def _choices(
    form: FormData, row: int, motions: Mapping[str, Motion]
) -> dict[str, JsonValue] | None:
    """What the ballot of a row says; None where there is none."""
    said = {name: str(form.get(f"said.{row}.{name}", "")).strip() for name in motions}
    if NONE in said.values():
        return None
    return {name: _answer(text, motions[name]) for name, text in said.items() if text}


def _answer(text: str, motion: Motion) -> JsonValue:
    """Of a menu the works with commas between them, or works with their points; else one word."""
    if motion.menu is None or text in {Choice.ABSTAIN, "invalid"}:
        return text
    parts = [part.strip() for part in text.replace("，", ",").split(",") if part.strip()]
    if motion.menu.form is not BallotForm.CUMULATIVE:
        return [*parts]
    points: dict[str, JsonValue] = {}
    for part in parts:
        work, _, number = part.partition("=")
        given = whole(number.strip())
        points[work.strip()] = number if given is None else given
    return points
