"""The campaign of a running vote: the board door by door, the turnout, reminders, and paper ballots."""

import secrets
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from models.tables import BallotBox
from models.values.channels import VISITS
from models.values.refusal import Refused
from rules.authority import ROLES_OF_WRITE
from runtime.ballots.boxes import load_running_boxes
from service.channels import count_sheets, paper, rounds
from service.channels.bodies import EnterPaper, RecordVisits, Remind
from service.channels.open_box import motions_by_id, running_box
from service.http.problems import read_fields
from service.pages.forms import texts
from service.pages.office import paper_form
from service.pages.office.board import load_board, load_way_in, quorum_of
from service.parts import Parts
from service.routes.dependencies import RunningParts
from service.routes.office.dependencies import (
    CaseView,
    CurrentCase,
    CurrentForm,
    CurrentOffice,
    View,
)
from service.situation import Situation
from service.views import turnout_of

router = APIRouter(prefix="/office/cases/{renovation_id}", include_in_schema=False)
SEES_DOORS = ROLES_OF_WRITE["remind"].roles | ROLES_OF_WRITE["record_visits"].roles
"""Who may know of which doors nothing has come."""


@router.get("/board")
async def show_board(situation: CurrentCase, parts: RunningParts, view: CaseView) -> Response:
    """Building by building: who has taken part, and at which doors somebody was; never how."""
    return await _board(parts, situation, view)


@router.post("/board/visits")
async def record_visits(
    situation: CurrentCase,
    office: CurrentOffice,
    form: CurrentForm,
    parts: RunningParts,
    view: CaseView,
) -> Response:
    """Write down what was found at the doors of a round; what was left empty is not of it."""
    fields = texts(form)
    visits = [
        {"unit_number": name.removeprefix("visit."), "outcome": said}
        for name, said in fields.items()
        if name.startswith("visit.") and said
    ]
    try:
        actor = situation.in_role(office.grants, *sorted(ROLES_OF_WRITE["record_visits"].roles))
        body = {"command_id": fields.get("command_id"), "box_id": fields.get("box")}
        await rounds.record_visits(
            parts, situation, actor, read_fields(RecordVisits, {**body, "visits": visits})
        )
    except Refused as refused:
        return await _board(parts, situation, view, _at_doors(refused, visits))
    return RedirectResponse(
        f"/office/cases/{situation.id}/board?done={len(visits)}&box={quote(fields.get('box', ''))}",
        303,
    )


@router.post("/board/reminder")
async def remind(
    situation: CurrentCase,
    office: CurrentOffice,
    form: CurrentForm,
    parts: RunningParts,
    view: CaseView,
) -> Response:
    """Remind those who have not taken part, and nobody else."""
    fields = texts(form)
    body = {"command_id": fields.get("command_id"), "box_id": fields.get("box")}
    try:
        actor = situation.in_role(office.grants, *sorted(ROLES_OF_WRITE["remind"].roles))
        await rounds.remind_non_voters(parts, situation, actor, read_fields(Remind, body))
    except Refused as refused:
        return await _board(parts, situation, view, refused)
    return RedirectResponse(
        f"/office/cases/{situation.id}/board?reminded=1&box={quote(fields.get('box', ''))}", 303
    )


@router.get("/paper")
async def show_paper(
    situation: CurrentCase, office: CurrentOffice, parts: RunningParts, view: CaseView
) -> Response:
    """The count sheet of each batch, and the form for a batch."""
    situation.in_role(office.grants, *sorted(ROLES_OF_WRITE["enter_paper"].roles))
    return await _paper(parts, situation, view, FormData([*view.request.query_params.items()]))


@router.post("/paper")
async def enter_paper(
    situation: CurrentCase,
    office: CurrentOffice,
    form: CurrentForm,
    parts: RunningParts,
    view: CaseView,
) -> Response:
    """Type a batch; the second typing, by somebody else, casts what agrees."""
    actor = situation.in_role(office.grants, *sorted(ROLES_OF_WRITE["enter_paper"].roles))
    if "more" in form:
        return await _paper(parts, situation, view, form)
    try:
        async with parts.database.session() as session:
            box = await running_box(session, situation, str(form.get("box", "")) or None)
        body = paper_form.batch(form, motions_by_id(box))
        entered = await paper.enter_paper(
            parts, situation, actor, read_fields(EnterPaper, {**body, "box_id": box.id})
        )
    except Refused as refused:
        return await _paper(parts, situation, view, form, refused)
    values = {"entered": entered, "code": form.get("code"), "reference": form.get("reference")}
    return view.show("paper_done.html", values)


def _at_doors(refused: Refused, visits: Sequence[Mapping[str, str]]) -> Refused:
    """The problems of a round at the doors that they are about; where nothing was said, at the doors."""
    doors = {
        f"visits.{number}": f"visit.{each['unit_number']}" for number, each in enumerate(visits)
    }
    where = {each["unit_number"]: f"visit.{each['unit_number']}" for each in visits}
    moved = {"visits": "doors", **doors, **where}
    return Refused(
        *(
            each.model_copy(
                update={"where": moved.get(".".join(each.where.split(".")[:2]), each.where)}
            )
            for each in refused.problems
        )
    )


async def _board(
    parts: Parts, situation: Situation, view: View, refused: Refused | None = None
) -> Response:
    asked = view.request.query_params
    situation.in_role(view.office.grants, *sorted(SEES_DOORS))
    async with parts.database.session() as session:
        boxes = await load_running_boxes(session, situation.id)
        box = await running_box(session, situation, asked.get("box") or _first(boxes))
        buildings = await load_board(session, box, situation.estate_id)
        turnout = await turnout_of(session, box)
        way = await load_way_in(session, box)
    values: Mapping[str, object] = {
        "box": box,
        "boxes": boxes,
        "buildings": buildings,
        "shown": asked.get("building", ""),
        "turnout": turnout,
        "way": way.told(),
        "need": quorum_of(situation.rule_pack, box, turnout),
        "outcomes": VISITS,
        "may_visit": _may(view, situation, "record_visits"),
        "may_remind": _may(view, situation, "remind"),
        "done": asked.get("done", ""),
        "reminded": asked.get("reminded", ""),
    }
    return view.show("board.html", values, () if refused is None else refused.problems)


def _first(boxes: Sequence[BallotBox]) -> str | None:
    """Of several boxes the first one is shown until another is asked for."""
    return boxes[0].id if boxes else None


def _may(view: View, situation: Situation, write: str) -> bool:
    roles = {each.role for each in view.office.here(situation)}
    return bool(ROLES_OF_WRITE[write].roles & roles)


async def _paper(
    parts: Parts,
    situation: Situation,
    view: View,
    form: FormData,
    refused: Refused | None = None,
) -> Response:
    async with parts.database.session() as session:
        boxes = await load_running_boxes(session, situation.id)
        box = await running_box(session, situation, str(form.get("box", "")) or _first(boxes))
        sheets = await count_sheets.list_count_sheets(session, box)
    values = {
        "box": box,
        "boxes": boxes,
        "sheets": sheets,
        "motions": tuple(motions_by_id(box).values()),
        "rows": paper_form.rows_wanted(form),
        "given": form,
        # Made here, written on the bundle by the first typist and kept nowhere.
        "new_code": secrets.token_hex(8),
    }
    return view.show(
        "paper.html", values, () if refused is None else paper_form.at_rows(refused.problems, form)
    )
