"""The lines of a history: each event as a sentence, with its tests, what it changed, and the idle time before it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from pydantic import JsonValue, ValidationError

from models.values.actor import Role
from models.values.base import Carried
from models.values.decisions.decision import Check
from rules.checks import recorded_check
from rules.history.levels import LEVELS, HistoryLevel, kinds_shown
from rules.history.misses import nearest, to_spare
from rules.history.periods import Open, narrowest, opened
from rules.history.recorded import RecordedEvent
from runtime.history.figures import text
from runtime.history.sentences import actor_words, told
from runtime.language.checks import check_sentence, quantity

IDLE = timedelta(days=7)
"""A pause of so long is said, with what the case waited through."""


class ChangeLine(Carried):
    """One thing that an act changed; None before it was, or after it is not any more."""

    what: str
    before: JsonValue
    after: JsonValue


class TestLine(Carried):
    """One test of the law behind a decision, in words."""

    __test__ = False

    passed: bool | None
    said: str
    article: str


class HistoryLine(Carried):
    """One event as people read it.

    `idle` says in words that nothing of this level happened before it for a week or longer, and what the case
    waited through. `nearest` is the test that was the nearest to the other side. Moments are case time;
    `recorded_at` is real time.
    """

    seq: int
    kind: str
    level: HistoryLevel
    happened_at: datetime
    recorded_at: datetime
    who: str
    role: Role
    place: str
    sentence: str
    tests: tuple[TestLine, ...] = ()
    nearest: str = ""
    changes: tuple[ChangeLine, ...] = ()
    rule_pack: str
    idle: str = ""
    hash: str


def history_lines(
    events: Iterable[RecordedEvent], level: HistoryLevel, language: str, zone: str, after: int = 0
) -> tuple[HistoryLine, ...]:
    """The lines of what a level shows of these events behind the event `after`.

    The events come in the order of the record; those that open or end a period (`rules.history.periods`) are
    given whether they are shown or not. `zone` is that of the place.
    """
    shown = kinds_shown(level)
    lines: list[HistoryLine] = []
    pause = Pause()
    for event in events:
        pause.goes_on(event)
        if event.kind in shown:
            if event.seq > after:
                lines.append(_line(event, pause.words(event, language), language, zone))
            pause.ends(event)
    return tuple(lines)


class Pause:
    """The time since the last line, by what the case waited through."""

    def __init__(self) -> None:
        self._last: RecordedEvent | None = None
        self._line: RecordedEvent | None = None
        self._open: Open = {}
        self._spent: dict[str, timedelta] = {}

    def goes_on(self, event: RecordedEvent) -> None:
        """The time until an event belongs to the narrowest period that was open."""
        if self._last is not None:
            name = narrowest(self._open)
            spent = event.happened_at - self._last.happened_at
            self._spent[name] = self._spent.get(name, timedelta()) + spent
        self._last, self._open = event, opened(self._open, event)

    def ends(self, event: RecordedEvent) -> None:
        """The event is a line: a new pause begins."""
        self._line, self._spent = event, {}

    def words(self, event: RecordedEvent, language: str) -> str:
        """How long nothing was told, and why, if that was long; else ""."""
        if self._line is None or event.happened_at - self._line.happened_at < IDLE:
            return ""
        longest = max(self._spent, key=lambda name: self._spent[name], default="")
        days = (event.happened_at - self._line.happened_at).days
        idle = text(f"idle.{longest}", language, {"days": days}) or ""
        hidden = event.seq - self._line.seq - 1
        if not hidden:
            return idle
        return text("idle.hidden", language, {"idle": idle, "n": hidden}) or idle


def tests_in(event: RecordedEvent) -> Sequence[Check]:
    """The tests that an event says, with both numbers; what an old event has otherwise is passed over."""
    given = event.given.get("checks")
    found = []
    for each in given if isinstance(given, list) else ():
        if isinstance(each, dict):
            try:
                found.append(recorded_check(each))
            except ValidationError:
                continue
    return found


def nearest_words(checks: Iterable[Check], language: str) -> str:
    """The test that was the nearest to the other side, and by how much; "" where no number is known."""
    check = nearest(checks)
    if check is None:
        return ""
    test = check_sentence(check, language).rstrip(".。")
    if not check.passed:
        return text("miss.short", language, {"test": test}) or ""
    spare = to_spare(check)
    if spare is None:
        return text("miss.near", language, {"test": test}) or ""
    code = "miss.spare" if check.op in (">=", ">", "==") else "miss.cap"
    by = quantity(spare, check.unit, language)
    return text(code, language, {"test": test, "by": by}) or ""


def _line(event: RecordedEvent, idle: str, language: str, zone: str) -> HistoryLine:
    who = actor_words(event.actor_role, event.actor_label, event.on_behalf_of, language)
    checks, level = tests_in(event), LEVELS.get(event.kind, HistoryLevel.ALL)
    return HistoryLine(
        seq=event.seq,
        kind=event.kind,
        level=level,
        happened_at=event.happened_at,
        recorded_at=event.recorded_at,
        who=who,
        role=Role(event.actor_role),
        place=event.actor_place,
        sentence=told(event, who, language, zone),
        tests=tuple(
            TestLine(passed=each.passed, said=check_sentence(each, language), article=each.article)
            for each in checks
        ),
        nearest=nearest_words(checks, language) if level is HistoryLevel.DECISIONS else "",
        changes=_changes(event),
        rule_pack=event.rule_pack,
        idle=idle,
        hash=event.hash,
    )


def _changes(event: RecordedEvent) -> tuple[ChangeLine, ...]:
    given = event.given.get("changes")
    return tuple(
        ChangeLine.model_validate(each)
        for each in (given if isinstance(given, list) else ())
        if isinstance(each, dict) and {"what", "before", "after"} <= each.keys()
    )
