"""Every component of the residents' and public pages in every state, with nobody's data; nothing of it is real."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

from fastapi import APIRouter, Response
from starlette.datastructures import FormData

from models.values.decisions.menu import BallotForm, Menu, MenuItem
from models.values.explanation import OwnPrice
from models.values.refusal import Problem, problem
from models.values.states import Stage, TicketState
from models.values.timetable import Timetable
from models.values.voting import Matter, Motion, MotionKind, MotionOption
from rules.retention import KINDS
from rules.time.course import planned_stages
from runtime.calendars import chinese_calendar
from runtime.record.awaited import AwaitedLine
from service.ballots.lookup import FoundBallot
from service.channels.agents import HeldByAgent
from service.pages.ballot_form import AnsweredMotion
from service.pages.needs import Need
from service.pages.public.complaints import Lasted, Month
from service.pages.public.course import TurnoutDay, course_of
from service.pages.public.lane import lanes
from service.pages.public.money import segments
from service.pages.results import Bar
from service.privacy.bodies import HouseholdErasure
from service.reading.prices import by_answer
from service.routes.office.dependencies import CurrentForm, OfficeView, View

router = APIRouter(prefix="/office/components/homes", include_in_schema=False)
MOMENT = datetime(2026, 3, 2, 1, tzinfo=UTC)
NEEDS = (
    *("ballot", "opinion", "vote_objection", "instalment", "instalment_late"),
    *("answer", "publication", "consent", "survey"),
)
STATES = ("taken", "counted", "superseded", "contested", "set_aside", "broken")
LEAF, KEY = "5f" * 32, "0a" * 32
WRONG = ("answer.yes_no", "text", "picture", "shown")
SOURCES = (
    *("operator", "developer", "subsidy", "social_capital"),
    *("public_revenue", "maintenance_fund", "extra_subsidy", "owners"),
)


@router.get("")
async def show(view: OfficeView) -> Response:
    """All of them, untouched."""
    return _page(view, FormData(), ())


@router.post("")
async def show_wrong(_form: CurrentForm, view: OfficeView) -> Response:
    """All of them, filled in and wrong. Nothing is written."""
    given = FormData([("answer.yes_no", "yes"), ("answer.works", "lift")])
    return _page(
        view, given, tuple(problem("form.fill_in", where=w, field="reason") for w in WRONG)
    )


def _page(view: View, given: FormData, problems: tuple[Problem, ...]) -> Response:
    values = {
        **_of_homes(),
        **_of_votes(),
        **_of_everybody(),
        **_of_erasures(),
        "given": given,
        "moment_shown": MOMENT,
    }
    return view.show("components_of_homes.html", values, problems)


def _of_homes() -> Mapping[str, object]:
    open_objection = {"answered_at": None, "filed_at": MOMENT, "upheld": None, "answer": None}
    answered = {**open_objection, "answered_at": MOMENT, "answer": "Line one\nLine two"}
    unit = SimpleNamespace(area_dm2=5_665)
    return {
        "needs": tuple(
            Need(kind, "/office/components/homes", MOMENT, _due(kind), _about(kind))
            for kind in NEEDS
        ),
        "objections": (
            open_objection,
            {**answered, "upheld": True},
            {**answered, "upheld": False},
        ),
        "household": SimpleNamespace(unit=unit, basis="estimate", share_fen=421_337),
        "posted": (
            {"content": {"total_fen": 12_600_000, "units": 12}},
            {"content": {"candidates": [{"bidder": "Firm", "price_fen": 9_900_000}]}},
            {"content": {}},
        ),
        "ticket_states": tuple(TicketState),
    }


def _due(kind: str) -> int | None:
    return 150_000 if kind.startswith("instalment") else None


def _about(kind: str) -> str:
    return {"publication": "share_table", "answer": "2 单元三楼墙面渗水"}.get(kind, "")


def _of_votes() -> Mapping[str, object]:
    items = (MenuItem(id="lift", title="Lift", cost=800), MenuItem(id="ramp", title="", cost=90))
    menus = tuple(
        _motion(form.value, menu=Menu(form=form, budget=900, items=items)) for form in BallotForm
    )
    options = (MotionOption(id="a", title="Scheme A"), MotionOption(id="b", title="Scheme B"))
    found = {
        "box_id": "b",
        "code": "ABCDEFGH2345",
        "leaf_hash": LEAF,
        "channel": "web",
        "cast_at": MOMENT,
        "recorded_at": MOMENT,
    }
    head = {"tree_size": 1, "root": LEAF, "public_key": KEY}
    proof = {"code": found["code"], "leaf": LEAF, "index": 0, "path": [], "size": 1, "root": LEAF}
    return {
        "motions": (_motion("yes_no"), _motion("options", options=options), *menus),
        "found": tuple(FoundBallot(**found, state=state) for state in STATES),
        "proved": FoundBallot(**found, state="counted", index=0, tree_head=head),
        "proof": json.dumps({**proof, "statement": "{}", "key": KEY, "signature": KEY * 2}),
        "lines": (
            AnsweredMotion("Works", ("yes",), ()),
            AnsweredMotion("Menu", (), ("Lift · 7", "Ramp · 3")),
            AnsweredMotion("Costs", (), ()),
        ),
        "paper": {"motions": ({"title": "Works"}, {"title": "Costs"})},
        "wall": (
            HeldByAgent("Zhou", ("1-101", "2-302")),
            *(HeldByAgent("", (f"1-{n}",)) for n in range(201, 302)),
        ),
        "prices": by_answer(
            (
                OwnPrice(motion="yes_no", choice="yes", total_fen=421_337, own_fen=300_000),
                OwnPrice(motion="options", choice="a", total_fen=421_337, own_fen=120_000),
            )
        ),
    }


def _of_erasures() -> Mapping[str, object]:
    asked = {"erasure": "e", "owner": 1, "reason": "-", "asked_at": MOMENT, "expires_at": MOMENT}
    period = KINDS[0]
    kept = {"kind": period.kind, "state": "restricted", "until": MOMENT.isoformat()}
    outcome = (
        {"kind": "account", "state": "erased"},
        {**kept, "basis": period.basis.value, "article": period.article},
        {**kept, "until": None, "basis": period.basis.value, "article": ""},
    )
    states: tuple[dict[str, object], ...] = (
        {"done_at": MOMENT, "outcome": outcome},
        {"refused_at": MOMENT, "refusal": "-"},
        {},
        {"expires_at": MOMENT + timedelta(days=30)},
    )
    return {
        "erasures": tuple(HouseholdErasure.model_validate({**asked, **each}) for each in states),
        "real_now": MOMENT + timedelta(days=1),
        "when": datetime.fromisoformat,
    }


def _motion(name: str, **more: object) -> Motion:
    base = {"id": name, "title": name, "kind": MotionKind.MAJOR, "matter": Matter.REBUILD}
    return Motion.model_validate({**base, **more})


def _of_everybody() -> Mapping[str, object]:
    none, some, enough = (Bar("heads", have, 16, 11) for have in (0, 3, 12))
    area = Bar("area", 40_000, 114_720, 76_480)
    days = tuple(TurnoutDay(date(2026, 3, n), n, n * 4_000) for n in (3, 4, 9))
    month = Month("2026-03", 5, 3, 1, Lasted("hours", 7), Lasted("days", 1))
    return {
        "bars": (none, some, enough, area, Bar("area", 0, 0, None)),
        "course": course_of(days, MOMENT, MOMENT + timedelta(days=15), (some, area), "UTC"),
        "structure": tuple(segments([(name, 1_000_000 * n) for n, name in enumerate(SOURCES, 1)])),
        "months": (month, Month("2026-02", 1, 0, 0, None, None)),
        "works": tuple({"state": state} for state in ("passed", "passed", "planned")),
        "waits": _waits(),
        "lane": lanes(
            [(stage, MOMENT + timedelta(days=40 * n)) for n, stage in enumerate(Stage)],
            planned_stages(MOMENT, Timetable(), chinese_calendar()),
            None,
            MOMENT + timedelta(days=190),
            "UTC",
        ),
    }


def _waits() -> tuple[AwaitedLine, ...]:
    line = {"what": "open_vote", "subject": "", "who": "owners_committee, street_office"}
    rest = {"since": MOMENT, "due_at": MOMENT, "consequence": "", "level": "", "provisional": False}
    return (AwaitedLine.model_validate({**line, **rest, "late_since": None}),)
