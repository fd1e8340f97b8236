"""The roll from the spreadsheet that a committee has: read, checked in its own grid, and imported when confirmed."""

import asyncio
import base64
from collections.abc import Mapping
from typing import NamedTuple

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData, UploadFile

from formats.roll import COLUMNS, accepted_roll, summary
from formats.roll.columns import IGNORE
from models.files.roll import Roll
from models.values.refusal import Problem, Refused, refusal
from service.estates.convening import load_estates, load_grids
from service.estates.rolls import ImportedRoll, RollRequest, compare_roll, import_roll
from service.pages.forms import texts
from service.pages.office.grid import RollLook, look
from service.parts import Parts
from service.routes.dependencies import RunningParts
from service.routes.office.dependencies import CurrentUpload, OfficeView, View
from service.starting.importing import MOST_BYTES, request_for

router = APIRouter(prefix="/office", include_in_schema=False)


FIELDS = (*COLUMNS, IGNORE)
OF_COLUMNS = frozenset(
    {"roll.column_unknown", "roll.column_twice", "roll.column_missing", "roll.mapped_missing"}
)
"""Problems that another choice of the columns may cure."""


class Sent(NamedTuple):
    """A roll's file and for which estate it was sent."""

    content: bytes
    name: str
    sheet: str | None
    place: str
    estate: str
    mapping: Mapping[str, str]
    """Heading to field, as it was chosen for this spreadsheet."""

    def look(self) -> RollLook:
        """Read it, in the caller's thread."""
        return look(self.content, self.name, self.sheet, self.mapping)


@router.get("/start")
async def show_start(parts: RunningParts, view: OfficeView) -> Response:
    """The estates whose roll is there, and where another roll comes in."""
    return await _start(parts, view)


@router.post("/roll")
async def check_roll(form: CurrentUpload, parts: RunningParts, view: OfficeView) -> Response:
    """What the file holds: its problems in the grid of the sheet, or its figures and what would change."""
    try:
        sent = await _sent(form)
        looked = await asyncio.to_thread(sent.look)
    except Refused as refused:
        return await _start(parts, view, refused.problems)
    if looked.report.roll is None:
        return _problems(view, sent, looked)
    roll = accepted_roll(looked.report)
    try:
        would = await compare_roll(parts.database, await _request(parts, view, sent, roll))
    except Refused as refused:
        return await _start(parts, view, refused.problems)
    return _figures(view, sent, looked, would, ())


@router.post("/roll/import")
async def import_it(form: CurrentUpload, parts: RunningParts, view: OfficeView) -> Response:
    """Import what was checked; units go away only where that was ticked."""
    sent = await _sent(form)
    looked = await asyncio.to_thread(sent.look)
    if looked.report.roll is None:
        return _problems(view, sent, looked)
    request = await _request(
        parts, view, sent, accepted_roll(looked.report), remove="remove" in form
    )
    try:
        done = await import_roll(parts.database, request)
    except Refused as refused:
        would = await compare_roll(parts.database, request)
        at = tuple(
            each.model_copy(update={"where": "remove"})
            if each.code == "roll.would_remove"
            else each
            for each in refused.problems
        )
        return _figures(view, sent, looked, would, at)
    return RedirectResponse(f"/office/start/case?estate={done.estate_id}", 303)


async def _start(parts: Parts, view: View, problems: tuple[Problem, ...] = ()) -> Response:
    async with parts.database.session() as session:
        grids = await load_grids(session, view.office.grants)
        estates = await load_estates(session, grids)
    asked = view.request.query_params
    values = {"grids": grids, "estates": estates, "asked": asked.get("estate", "")}
    return view.show("start.html", values, problems)


async def _sent(form: FormData) -> Sent:
    """The file of a form, or as the check page carries it on.

    Raises:
        Refused: `form.file_wanted`.
    """
    fields = texts(form)
    upload = form.get("roll")
    if isinstance(upload, UploadFile) and upload.filename:
        content, name = await upload.read(), upload.filename
    else:
        name = fields.get("name", "")
        try:
            content = base64.b64decode(fields.get("content", ""), validate=True)
        except ValueError:  # no base64, or no ASCII
            content = b""
    if not content:
        raise refusal("form.file_wanted", where="roll")
    if len(content) > MOST_BYTES:
        raise refusal("file.too_large", where="roll", have=len(content), most=MOST_BYTES)
    return Sent(
        content,
        name,
        fields.get("sheet") or None,
        fields.get("place", ""),
        fields.get("estate", "").strip(),
        _mapping(fields),
    )


def _mapping(fields: Mapping[str, str]) -> dict[str, str]:
    """Heading to field, of the columns for which one was chosen.

    Raises:
        Refused: `roll.map_unreadable`.
    """
    found: dict[str, str] = {}
    for name, title in fields.items():
        kind, _, place = name.partition(".")
        chosen = fields.get(f"map.{place}", "")
        if kind != "title" or not chosen or not title.strip():
            continue
        if chosen not in FIELDS:
            fields_there = ", ".join(FIELDS)
            raise refusal(
                "roll.map_unreadable", where=name, pair=f"{chosen}={title}", fields=fields_there
            )
        found[title] = chosen
    return found


async def _request(
    parts: Parts, view: View, sent: Sent, roll: Roll, *, remove: bool = False
) -> RollRequest:
    """The import that a form asks for: of an estate that is there by its id, else of a new one at a grid.

    Raises:
        Refused: `form.estate_wanted`; as `request_for` says.
    """
    if not sent.estate:
        raise refusal("form.estate_wanted", where="estate")
    by = view.office.id
    return await request_for(parts, by, roll, sent.estate, sent.place, remove=remove)


def _kept(sent: Sent) -> dict[str, str]:
    """What the next form sends once more; which column is what, it asks or sends beside."""
    return {
        "content": base64.b64encode(sent.content).decode(),
        "name": sent.name,
        "place": sent.place,
        "estate": sent.estate,
    }


def _problems(view: View, sent: Sent, looked: RollLook) -> Response:
    sheets = next(
        (
            str(each.problem.params.get("sheets", ""))
            for each in looked.report.problems
            if each.problem.code == "spreadsheet.choose_sheet"
        ),
        "",
    )
    values = {
        "report": looked.report,
        "grid": looked.grid,
        "sheets": [name.strip() for name in sheets.split(",") if name.strip()],
        "kept": _kept(sent),
        "sent": sent,
        **_columns(looked),
    }
    return view.show("roll_problems.html", values)


def _figures(
    view: View,
    sent: Sent,
    looked: RollLook,
    would: ImportedRoll,
    problems: tuple[Problem, ...],
) -> Response:
    values = {
        "report": looked.report,
        "figures": summary(accepted_roll(looked.report).units),
        "would": would,
        "kept": {**_kept(sent), "sheet": sent.sheet or ""},
        "mapping": tuple(sent.mapping.items()),
        **_columns(looked),
    }
    return view.show("roll_check.html", values, problems)


def _columns(looked: RollLook) -> dict[str, object]:
    """How the columns are read, and what they may be read as."""
    wrong = {each.problem.code for each in looked.report.problems} & OF_COLUMNS
    return {"read_as": looked.columns, "fields": FIELDS, "columns_wrong": bool(wrong)}
