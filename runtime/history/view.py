"""A history as it is asked for: how much of it, until when, or what changed between two moments."""

from collections.abc import Sequence

from pydantic import JsonValue

from models.values.base import Carried
from rules.history.levels import HistoryLevel
from rules.history.recorded import RecordedEvent
from rules.history.standing import CaseStanding, Window, differences, standing
from runtime.history.entries import HistoryLine, history_lines
from runtime.history.figures import figure, text

MOST = 500
"""So many lines of a difference are told."""


class ChangedField(Carried):
    """A part of the standing at two moments, as data and in words."""

    field: str
    name: str
    before: JsonValue
    after: JsonValue
    said: str


class HistoryView(Carried):
    """Where a case stood, and the lines that led there."""

    level: HistoryLevel
    standing: CaseStanding
    lines: tuple[HistoryLine, ...]


class HistoryDiff(Carried):
    """What is another between two moments, and the lines that made it so; `more` are not among them."""

    before: CaseStanding
    after: CaseStanding
    changed: tuple[ChangedField, ...]
    lines: tuple[HistoryLine, ...]
    more: int = 0


def history_of(
    events: Sequence[RecordedEvent], level: HistoryLevel, window: Window, language: str, zone: str
) -> HistoryView:
    """The history of all events of a case that lie within the window."""
    within = [each for each in events if window.holds(each)]
    return HistoryView(
        level=level,
        standing=standing(within),
        lines=history_lines(within, level, language, zone),
    )


def diff_of(
    events: Sequence[RecordedEvent],
    level: HistoryLevel,
    earlier: Window,
    later: Window,
    language: str,
    zone: str,
    most: int | None = MOST,
) -> HistoryDiff:
    """What changed from the one window to the other; the order in which they are given does not matter.

    It tells the first `most` of the lines, or all of them.
    """
    before, after = (standing(filter(each.holds, events)) for each in (earlier, later))
    if before.seq > after.seq:
        earlier, later, before, after = later, earlier, after, before
    between = [each for each in events if later.holds(each) and not earlier.holds(each)]
    lines = history_lines(between, level, language, zone)
    return HistoryDiff(
        before=before,
        after=after,
        changed=tuple(
            ChangedField(
                field=each.field,
                name=text(f"standing.{each.field}", language, {}) or each.field,
                before=each.before,
                after=each.after,
                said=" → ".join(
                    field_words(each.field, value, language, zone)
                    for value in (each.before, each.after)
                ),
            )
            for each in differences(before, after)
        ),
        lines=lines[:most],
        more=len(lines) - len(lines[:most]),
    )


def standing_words(at: CaseStanding, language: str, zone: str) -> tuple[tuple[str, str], ...]:
    """Where a case stood, each known part by its name and in words; before its first event there is nothing."""
    if not at.seq:
        name, nothing = (text(each, language, {}) for each in ("standing.record", "said.not_begun"))
        return ((name or "seq", nothing or "0"),)
    values = at.model_dump(mode="json")
    return tuple(
        (
            text(f"standing.{name}", language, {}) or name,
            field_words(name, value, language, zone),
        )
        for name, value in values.items()
        if name != "seq" and value not in (None, "", {})
    )


def field_words(name: str, value: JsonValue, language: str, zone: str) -> str:
    """One part of a standing in words; a dash for what is not known."""
    if isinstance(value, bool):
        return text("said.yes" if value else "said.no", language, {}) or str(value)
    if isinstance(value, dict):
        spans = (text(f"span.{each}", language, {}) or each for each in value)
        return (text("between", language, {}) or ", ").join(spans) or "–"
    return figure(name, value, language, zone) or "–"
