"""Every component of the office's pages in every state, for whoever works on them and for the tests of barriers."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

from fastapi import APIRouter, Response
from starlette.datastructures import FormData

from models.values.refusal import Problem, problem
from models.values.states import Stage
from models.values.timetable import Timetable
from models.values.waits import Consequence
from rules.time.course import course
from runtime.calendars import chinese_calendar
from runtime.record.awaited import AwaitedLine
from service.pages.office.act_form import form_words
from service.pages.office.fields import Field, Kind, Option
from service.pages.office.grid import SheetColumn
from service.routes.office.dependencies import CurrentForm, OfficeView, View

router = APIRouter(prefix="/office/components", include_in_schema=False)
MOMENT = datetime(2026, 3, 2, 1, tzinfo=UTC)
OPTIONS = (Option("PASS"), Option("FAIL"))
INNER = (
    Field("group.reason", "reason", "text", required=True),
    Field("group.upheld", "upheld", "yes_no", required=True, unset="no"),
)
FOLDED = (Field("folded.reason", "reason", "text", required=True),)
ROW = (Field("rows.#.reason", "reason", "line", required=True),)
KINDS: tuple[tuple[Kind, str], ...] = (
    ("line", "title"),
    ("text", "reason"),
    ("lines", "defects"),
    ("yuan", "amount_fen"),
    ("area", "yes_area_dm2"),
    ("percent", "retention_permille"),
    ("number", "preparation_days"),
    ("yes_no", "upheld"),
    ("choice", "outcome"),
    ("many", "bidders"),
    ("order", "lots"),
    ("day", "start_by"),
    ("moment", "valid_from"),
    ("file", "scheme"),
    ("none", "order_id"),
)
COLUMNS = (
    SheetColumn("A", "房号", (), "number"),
    SheetColumn("B", "多大", ("60.5", "72"), ""),
    SheetColumn("C", "备注", (), "ignore"),
)
GIVEN = FormData({"title": "Lane 3", "amount_fen": "1234.50", "outcome": "PASS", "upheld": "yes"})


class _Turn(AwaitedLine):
    """A line of an agenda as the components show it, with whether it is one's own."""

    mine: bool = False

    @property
    def line(self) -> AwaitedLine:
        """The line itself."""
        return self


@router.get("")
async def show(view: OfficeView) -> Response:
    """All of them, untouched."""
    return _page(view, FormData(), ())


@router.post("")
async def show_wrong(_form: CurrentForm, view: OfficeView) -> Response:
    """All of them, filled in, and each wrong at its field. Nothing is written."""
    wrong = tuple(problem("form.fill_in", where=f.name, field=f.word) for f in _fields())
    return _page(view, GIVEN, wrong)


def _fields() -> tuple[Field, ...]:
    plain = tuple(
        Field(word, word, kind, required=kind != "line", options=_options(kind))
        for kind, word in KINDS
    )
    return (
        *plain,
        Field("group", "competition", "group", required=True, fields=INNER),
        Field("folded", "competition", "group", required=False, fields=FOLDED),
        Field("rows", "rejections", "rows", required=True, fields=ROW),
    )


def _options(kind: Kind) -> tuple[Option, ...]:
    return OPTIONS if kind in {"choice", "many", "order"} else ()


def _turns() -> tuple[_Turn, ...]:
    waits = {"what": "open_vote", "subject": "", "who": "owners_committee", "since": MOMENT}
    then = {"consequence": Consequence.REMINDED, "level": "street_office", "provisional": True}
    plain = {"consequence": Consequence.NONE, "level": "", "provisional": False}
    due = {"due_at": MOMENT, "late_since": None}
    return (
        _Turn.model_validate({**waits, **then, **due, "mine": True}),
        _Turn.model_validate({**waits, **then, "due_at": MOMENT, "late_since": MOMENT}),
        _Turn.model_validate({**waits, **plain, "due_at": None, "late_since": None}),
    )


def _late() -> SimpleNamespace:
    """A case in which somebody is late, and whom the level above was told of."""
    line = SimpleNamespace(**{**_turns()[1].line.model_dump(), "level": "street_office"})
    fields = {"id": "r1", "title": "梅园新村 12 号", "place_path": "d/s/c/g", "stage": "voting"}
    return SimpleNamespace(**fields, told_now=MOMENT, late=(line,))


def _page(view: View, given: FormData, problems: tuple[Problem, ...]) -> Response:
    values = {
        "turns": _turns(),
        "course": course(MOMENT, date(2027, 12, 31), Timetable(), chinese_calendar()),
        "late": (_late(),),
        "counted": {Stage.VOTING: 3, Stage.BIDDING: 1},
        "stages": tuple(Stage),
        "fields": _fields(),
        "columns": COLUMNS,
        **form_words(given, view.language),
    }
    return view.show("components.html", values, problems)
