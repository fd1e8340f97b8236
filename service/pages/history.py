"""What the pages of a history show: its lines, where the case stood, what changed; for whoever may read how much."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from models.values.refusal import Problem, Refused
from rules.history.levels import HistoryLevel
from rules.history.standing import Window
from runtime.history.asked import moment_asked
from runtime.history.entries import HistoryLine
from runtime.history.view import ChangedField, standing_words
from service.history.lines import HistoryReader, list_lines, load_diff, load_standing

ON_A_PAGE = 100


class HistoryQuery(NamedTuple):
    """What the page is asked for; a moment is a day or an hour of one, "" is none.

    `as_of` and `since` are by the clock of the case; `known` leaves out what was written down later.
    """

    level: HistoryLevel
    as_of: str
    since: str
    known: str
    after: int


class ToldHistory(NamedTuple):
    """What the page shows: where the case stood, or what changed since a moment, and the lines."""

    query: HistoryQuery
    standing: tuple[tuple[str, str], ...]
    changed: tuple[ChangedField, ...]
    lines: tuple[HistoryLine, ...]
    next_after: int | None
    problems: tuple[Problem, ...]


async def told_history(
    session: AsyncSession, asked: HistoryReader, query: HistoryQuery
) -> ToldHistory:
    """The history that is asked for; what was asked and is no moment is left out, and said."""
    problems: list[Problem] = []
    as_of = _moment(asked, "as_of", query.as_of, problems)
    since = _moment(asked, "since", query.since, problems)
    known = _moment(asked, "known", query.known, problems)
    until = Window(as_of, known)
    changed: tuple[ChangedField, ...] = ()
    if since is not None:
        found = await load_diff(session, asked, query.level, Window(since, known), until)
        changed, lines = found.changed, found.lines
        following = None
    else:
        lines = await list_lines(session, asked, query.level, until, query.after, ON_A_PAGE + 1)
        following = lines[ON_A_PAGE - 1].seq if len(lines) > ON_A_PAGE else None
    at = await load_standing(session, asked, until)
    return ToldHistory(
        query=query,
        standing=standing_words(at, asked.language, asked.zone),
        changed=changed,
        lines=lines[:ON_A_PAGE] if since is None else lines,
        next_after=following,
        problems=tuple(problems),
    )


def _moment(
    asked: HistoryReader, where: str, text: str, problems: list[Problem]
) -> datetime | None:
    try:
        return moment_asked(text, where, asked.zone)
    except Refused as refused:
        problems += refused.problems
        return None
