"""`history`: what happened in a case, as sentences, at any moment, or between two of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import show, table
from cli.servers import DATA, reading
from cli.shown import event_json, moment, words
from cli.words import Language, said, speak, spoken_here
from models.values.refusal import refusal
from rules.history.levels import HistoryLevel

if TYPE_CHECKING:
    from rich.table import Table

    from runtime.history.entries import HistoryLine
    from runtime.history.view import HistoryDiff
    from runtime.record.events import EventRow

Shown = Annotated[
    HistoryLevel,
    typer.Option(help="decisions; acts of people as well; all: deliveries, letters, repairs too."),
]
AsOf = Annotated[
    str,
    typer.Option(
        "--as-of", metavar="MOMENT", help="As it stood then: 2026-03-31, or with an hour."
    ),
]
Known = Annotated[
    str, typer.Option(metavar="MOMENT", help="Only what was on the record by then, in real time.")
]
Between = Annotated[
    tuple[str, str],
    typer.Option("--diff", metavar="MOMENT MOMENT", help="What changed from the one to the other."),
]


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("history")(history)


def history(
    renovation: Annotated[
        str, typer.Argument(metavar="RENOVATION", help="The id that `gongjian start` gave.")
    ],
    level: Shown = HistoryLevel.ALL,
    as_of: AsOf = "",
    known: Known = "",
    diff: Between = ("", ""),
    limit: Annotated[int, typer.Option(min=0, help="Only the last so many; 0 is all.")] = 0,
    language: Language = "",
    data: Annotated[Path | None, DATA] = None,
) -> None:
    """The record of a renovation: who did what when, in which capacity.

    Example: gongjian history r1 --level decisions --as-of 2026-03-31
    """
    from rules.history.recorded import RecordedEvent
    from rules.history.standing import Window
    from runtime.history.asked import moment_asked
    from runtime.history.view import diff_of, history_of, standing_words

    speak(language)
    if any(diff) and as_of:
        raise refusal("history.one_or_other", where="--as-of")
    zone, rows = asyncio.run(_read(data, renovation))
    events = [RecordedEvent.model_validate(row, from_attributes=True) for row in rows]
    by = moment_asked(known, "--known", zone)
    spoken = spoken_here()
    if any(diff):
        windows = [Window(moment_asked(each, "--diff", zone), by) for each in diff]
        show_diff(
            diff_of(events, level, windows[0], windows[1], spoken, zone, most=None), limit, zone
        )
        return
    window = Window(moment_asked(as_of, "--as-of", zone), by)
    view = history_of(events, level, window, spoken, zone)
    lines = view.lines[-limit:] if limit else view.lines
    asked = bool(as_of or known)
    sentences = {each.seq: each for each in lines}
    show(
        {"standing": view.standing, "events": _json(rows, sentences)}
        if asked
        else _json(rows, sentences),
        lambda: [
            *(pairs(standing_words(view.standing, spoken, zone)) if asked else ()),
            history_table(lines, zone),
        ],
    )


def show_diff(whole: HistoryDiff, limit: int, zone: str) -> None:
    """What changed, and the last so many lines of what made it so; 0 is all of them."""
    lines = whole.lines[-limit:] if limit else whole.lines
    found = whole.model_copy(
        update={"lines": lines, "more": whole.more + len(whole.lines) - len(lines)}
    )
    changed = ((each.name, each.said) for each in found.changed)
    left = [said("history.more", more=found.more)] if found.more else []
    show(found, lambda: [*pairs(changed), *left, history_table(found.lines, zone)])


def history_table(lines: Iterable[HistoryLine], zone: str) -> Table:
    """The events in their order: when by the clocks of the place, and the sentence with what belongs to it."""
    headings = words("seq case_time what_happened")
    return table(headings, _rows(lines, zone), folded=headings[2:])


def _rows(lines: Iterable[HistoryLine], zone: str) -> Iterator[tuple[str, str, str]]:
    for line in lines:
        if line.idle:
            yield "", "", f"… {line.idle} …"
        changes = (f"{each.what}: {each.before} → {each.after}" for each in line.changes)
        told = filter(None, (line.sentence, *changes, line.nearest))
        yield str(line.seq), moment(line.happened_at, zone), "\n".join(told)


def pairs(of: Iterable[tuple[str, str]]) -> list[str]:
    """Names and values, a line each."""
    return [said("line.pair", name=name, value=value) for name, value in of]


def _json(rows: Sequence[EventRow], sentences: dict[int, HistoryLine]) -> list[dict[str, object]]:
    """The events as they are exported, each with its sentence and how much it weighs."""
    return [
        {
            **event_json(row),
            "level": sentences[row.seq].level,
            "sentence": sentences[row.seq].sentence,
            "nearest": sentences[row.seq].nearest,
            "idle": sentences[row.seq].idle,
        }
        for row in rows
        if row.seq in sentences
    ]


async def _read(data: Path | None, renovation: str) -> tuple[str, tuple[EventRow, ...]]:
    from runtime.record.cases import load_case
    from runtime.record.events import load_events

    async with reading(data) as connection:
        case = await load_case(connection, renovation)
        return case.zone, await load_events(connection, renovation)
