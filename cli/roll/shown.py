"""What `roll check` and `roll import` found, for people in their language and for programs as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import typer
from pydantic import BaseModel, JsonValue

from cli.output import say, wants_json
from cli.output import show as give
from formats.roll import accepted_roll, summary
from models.values.refusal import problem
from runtime.language.sentences import sentence

if TYPE_CHECKING:
    from models.files.roll import Finding, RollDifference, RollReport, RollSummary
    from service.estates.rolls import ImportedRoll

BAD = 1
SHOWN = 20
"""Units of a list that people see; programs get all of them."""
SIZES = 3
"""Heads are told apart by up to so many units; who has more is counted together."""


def show(
    report: RollReport,
    difference: RollDifference | None,
    imported: ImportedRoll | None,
    *,
    language: str,
) -> None:
    """The result for a program, or for people; a roll with problems ends with them and exit code 1.

    Raises:
        Refused: every problem of the roll, where it is shown to people.
    """
    figures = None if report.roll is None else summary(report.roll.units)
    if wants_json():
        found = (
            None if imported is None else imported.model_dump(mode="json", exclude={"difference"})
        )
        answer = report_json(report) | {
            "summary": _plain(figures),
            "difference": _plain(difference),
            "import": found,
        }
        give(answer, tuple)
        if figures is None:
            raise typer.Exit(BAD)
        return
    say(*Lines(language).of(report, figures, difference, imported))
    accepted_roll(report)


def report_json(report: RollReport) -> dict[str, JsonValue]:
    """What was found, for a program; no names."""
    return {
        "file": report.name,
        "sha256": report.sha256,
        "sheet": report.sheet,
        "heading_row": report.heading_row,
        "ignored": list(report.ignored),
        "ok": report.roll is not None,
        "problem_count": report.problem_count,
        "problems": [_finding_json(each) for each in report.problems],
        "reading_count": report.reading_count,
        "readings": [_finding_json(each) for each in report.readings],
        "warning_count": report.warning_count,
        "warnings": [_finding_json(each) for each in report.warnings],
    }


def _finding_json(finding: Finding) -> dict[str, JsonValue]:
    found = finding.problem
    return {
        "code": found.code,
        "where": found.where,
        "sheet": finding.sheet,
        "row": finding.row,
        "column": finding.column,
        "field": finding.field,
        "value": finding.value,
        "params": dict(found.params),
        "message": sentence(found),
        "message_zh": sentence(found, "zh_CN"),
    }


class Lines:
    """The lines that people read, in one language."""

    def __init__(self, language: str) -> None:
        self._language = language

    def of(
        self,
        report: RollReport,
        figures: RollSummary | None,
        difference: RollDifference | None,
        imported: ImportedRoll | None,
    ) -> Iterator[str]:
        """All of them: how the file was read comes first, then what it holds or how many problems."""
        yield self._first(report)
        if report.ignored:
            yield self._line("not_read", ", ".join(report.ignored))
        yield from self._findings("read", report.readings, report.reading_count)
        yield from self._findings("warning", report.warnings, report.warning_count)
        yield from self._figures(figures) if figures is not None else ()
        yield from self._difference(difference) if difference is not None else ()
        if difference is not None and difference.removed and imported is None:
            yield self._say("needs_remove", count=len(difference.removed))
        if imported is not None:
            yield from self._import(imported)

    def _say(self, code: str, **params: str | int) -> str:
        return sentence(problem(f"roll_line.{code}", where="", **params), self._language)

    def _line(self, title: str, text: str, indent: int = 2) -> str:
        """A title and what it is about; a Chinese letter is two columns wide."""
        name = self._say(title)
        wide = sum(1 if letter.isascii() else 2 for letter in name)
        return f"{' ' * indent}{name}{' ' * max(1, 19 - indent - wide)}{text}"

    def _first(self, report: RollReport) -> str:
        if report.roll is None:
            return self._say("problems", file=report.name, count=report.problem_count)
        row = report.heading_row or 1
        if report.sheet is None:
            return self._say("good", file=report.name, row=row)
        return self._say("good_sheet", file=report.name, sheet=report.sheet, row=row)

    def _findings(self, title: str, found: Sequence[Finding], count: int) -> Iterator[str]:
        for each in found[:SHOWN]:
            yield self._line(title, sentence(each.problem, self._language))
        shown = min(len(found), SHOWN)
        if count > shown:
            yield self._line(title, self._say("more", count=count - shown))

    def _units(self, count: int) -> str:
        return self._say("count_units", count=count).replace(str(count), f"{count:,}", 1)

    def _figures(self, figures: RollSummary) -> Iterator[str]:
        co_owned = f"{figures.co_owned_units:,}"
        units = self._units(figures.units)
        yield self._line("units", self._say("units_co_owned", units=units, co_owned=co_owned))
        yield self._line("heads", self._heads(figures))
        yield self._line("area", _area(figures.area_dm2))
        for kind, part in figures.kinds.items():
            text = f"{self._units(part.units)}, {_area(part.area_dm2)}"
            yield self._line(kind, text, indent=4)
        if figures.developer_units:
            area = _area(figures.developer_area_dm2)
            yield self._line("developer", f"{self._units(figures.developer_units)}, {area}")
        for reason, part in figures.excluded.items():
            text = f"{self._units(part.units)}, {_area(part.area_dm2)}"
            yield self._line("excluded", f"{self._say(reason)}: {text}")
        yield self._line("roll", f"sha-256 {figures.roll_sha256}")

    def _heads(self, figures: RollSummary) -> str:
        """How the heads come about: "19 heads: 17 of one unit each, 1 of 2 units, 1 developer with 3 units"."""
        parts: list[str] = []
        for size, count in figures.heads_by_units.items():
            if size == 1:
                parts.append(self._say("heads_single", count=count))
            elif size <= SIZES:
                parts.append(self._say("heads_several", count=count, units=size))
        more = sum(count for size, count in figures.heads_by_units.items() if size > SIZES)
        if more:
            parts.append(self._say("heads_of_more", count=more))
        if figures.developer_units:
            parts.append(self._say("heads_developer", count=figures.developer_units))
        comma = ", " if self._language == "en" else "，"
        return self._say("heads_all", count=figures.heads, parts=comma.join(parts))

    def _difference(self, difference: RollDifference) -> Iterator[str]:
        if difference.same:
            yield self._line("changes", self._say("none"))
            return
        pairs = tuple(f"{old} → {new}" for old, new in difference.respelled)
        for word, numbers in (
            ("added", difference.added),
            ("removed", difference.removed),
            ("respelled", pairs),
            ("regrouped", difference.regrouped),
        ):
            if numbers:
                more = ", …" if len(numbers) > SHOWN else ""
                yield self._line(word, f"{len(numbers):,}: {', '.join(numbers[:SHOWN])}{more}")
        if difference.changed:
            yield self._line("changed", f"{len(difference.changed):,}")
        for change in difference.changed[:SHOWN]:
            fields = (
                f"{name} {f'{before} → {after}' if before or name != 'owners' else after}"
                for name, (before, after) in change.fields.items()
            )
            yield f"    {change.number:<14} {'; '.join(fields)}"

    def _import(self, imported: ImportedRoll) -> Iterator[str]:
        estate = imported.estate_id
        if imported.imported:
            code = "imported_new" if imported.created else "imported"
            yield self._say(code, estate=estate, units=self._units(imported.units))
        elif imported.difference.same and not imported.created:
            yield self._say("nothing_to_do", estate=estate)
        else:
            if imported.difference.removed:
                yield self._say("needs_remove", count=len(imported.difference.removed))
            yield self._say("dry_run", estate=estate)


def _area(area_dm2: int) -> str:
    whole, part = divmod(area_dm2, 100)
    return f"{whole:,}.{part:02d} m2"


def _plain(value: BaseModel | None) -> JsonValue:
    return None if value is None else value.model_dump(mode="json")
