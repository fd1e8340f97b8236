"""Every component of a history and of its reasons in every state, with nobody's data; nothing of it is real."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from fastapi import APIRouter, Response

from models.fields import MomentAsked
from models.values.actor import Role
from models.values.refusal import problem
from rules.history.levels import HistoryLevel
from runtime.history.entries import ChangeLine, HistoryLine, TestLine
from runtime.history.view import ChangedField
from service.history.waiting import Cause, Reason
from service.pages.history import HistoryQuery, ToldHistory
from service.routes.office.dependencies import OfficeView

router = APIRouter(prefix="/office/components/history", include_in_schema=False)
MOMENT = datetime(2026, 3, 2, 1, tzinfo=UTC)
TESTS = tuple(
    TestLine(passed=passed, said=f"11 ≥ {number}", article="")
    for number, passed in enumerate((True, False, None), 10)
)
CHANGES = (
    ChangeLine(what="A", before="1", after="2"),
    ChangeLine(what="B", before=None, after="2"),
    ChangeLine(what="C", before="1", after=None),
)
NO_QUERY = HistoryQuery(HistoryLevel.ACTS, "", "", "", 0)


@router.get("")
async def show(view: OfficeView, as_of: MomentAsked = "", since: MomentAsked = "") -> Response:
    """All of them; whatever moment is asked for is wrong at its field."""
    query = HistoryQuery(HistoryLevel.ALL, as_of, since, "", 0)
    wrong = tuple(
        problem("form.fill_in", where=name, field="reason")
        for name, said in (("as_of", as_of), ("since", since))
        if said
    )
    whole = _told(NO_QUERY._replace(level=query.level), (_line(1), _line(2, full=True)), 2)
    values = {
        "whole": whole._replace(query=query) if wrong else whole,
        "others": (
            _told(NO_QUERY._replace(as_of="2026-03-02"), (_line(3),)),
            _told(NO_QUERY._replace(since="2026-03-02"), (_line(4),)),
            _told(NO_QUERY, ()),
        ),
        "waiting": SimpleNamespace(reasons=_reasons()),
        "nothing": SimpleNamespace(reasons=()),
    }
    return view.show("components_of_history.html", values, wrong)


def _told(
    query: HistoryQuery, lines: tuple[HistoryLine, ...], next_after: int | None = None
) -> ToldHistory:
    changed = ChangedField(field="state", name="A", before="1", after="2", said="1 → 2")
    return ToldHistory(query, (("A", "1"), ("B", "2")), (changed,), lines, next_after, ())


def _line(seq: int, *, full: bool = False) -> HistoryLine:
    plain = HistoryLine(
        seq=seq,
        kind="voting.box_closed",
        level=HistoryLevel.ACTS,
        happened_at=MOMENT,
        recorded_at=MOMENT,
        who="-",
        role=Role.STREET_OFFICE,
        place="d/s",
        sentence="水部街道办 · 11 / 16",
        rule_pack="CN-2021",
        hash="",
    )
    more = {"tests": TESTS, "changes": CHANGES, "nearest": "11 ≥ 11", "idle": "9"}
    return plain.model_copy(update=more) if full else plain


def _reasons() -> tuple[Reason, ...]:
    """Awaited in time and late, of somebody and of the engine; tests that hold, fail and are none."""
    wait = Reason(kind="wait", name="open_vote", said="-", who="owners_committee", since=MOMENT)
    tests = tuple(
        Cause(kind="test", name="-", said="11 ≥ 11", met=met) for met in (True, False, None)
    )
    due = {"until": MOMENT + timedelta(days=9), "then": "-", "rule": "5.2"}
    late = {"late_since": MOMENT, "article": "Civil Code art. 278", "reasons": tests}
    return (
        wait,
        wait.model_copy(update={**due, "who": ""}),
        wait.model_copy(update={**due, **late}),
        Reason(kind="trouble", name="-", said="-", met=False, since=MOMENT),
    )
