"""Photographs before everybody sees them: somebody looks, marks what nobody may recognise, and publishes."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from models.fields import Id, line
from models.values.actor import Actor
from models.values.refusal import Problem, Refused, refusal
from rules.authority import ROLES_OF_WRITE
from service.http.problems import read_fields
from service.pages.office.known import ticket_texts
from service.pages.office.session import Office
from service.parts import Parts
from service.pictures import cells, publishing, showing
from service.pictures.bodies import PictureView, PublishPicture
from service.pictures.reading import blur
from service.reading.shaping import Viewer
from service.routes.dependencies import RunningParts
from service.routes.office.dependencies import (
    CaseReader,
    CaseView,
    CurrentCase,
    CurrentForm,
    CurrentOffice,
    View,
)
from service.routes.pictures import picture_response
from service.situation import Situation

router = APIRouter(prefix="/office/cases/{renovation_id}/pictures", include_in_schema=False)
Marked = Annotated[str, *line(3_000, 0)]
"""Names of cells with commas between them."""


@router.get("")
async def list_pictures(
    situation: CurrentCase,
    office: CurrentOffice,
    parts: RunningParts,
    view: CaseView,
    reader: CaseReader,
) -> Response:
    """Every photograph of the case, those that nobody has published yet first."""
    _publisher(situation, office)
    async with parts.database.session() as session:
        found = await showing.list_pictures(session, situation.id, reader)
        texts = await ticket_texts(session, {each.ticket_id for each in found})
    values = {
        "pictures": sorted(found, key=lambda each: each.published_at is not None),
        "texts": texts,
        "done": view.request.query_params.get("done", ""),
    }
    return view.show("pictures.html", values)


@router.get("/{picture_id}")
async def show_picture(
    picture_id: Id,
    situation: CurrentCase,
    office: CurrentOffice,
    parts: RunningParts,
    view: CaseView,
    reader: CaseReader,
) -> Response:
    """The photograph under a grid of ticks."""
    _publisher(situation, office)
    return _marking(view, await _picture(parts, situation, reader, picture_id), frozenset())


@router.post("/{picture_id}")
async def check_picture(
    picture_id: Id,
    situation: CurrentCase,
    office: CurrentOffice,
    form: CurrentForm,
    parts: RunningParts,
    view: CaseView,
    reader: CaseReader,
) -> Response:
    """The photograph as everybody would see it, to be looked at before it is published."""
    _publisher(situation, office)
    picture = await _picture(parts, situation, reader, picture_id)
    marked = frozenset(map(str, form.getlist("cells")))
    if "change" in form:
        return _marking(view, picture, marked)
    try:
        cells.parts_of(_cells_in(form, picture), picture.width, picture.height)
    except Refused as refused:
        return _marking(view, picture, marked, refused.problems)
    return _check(view, picture, form)


@router.post("/{picture_id}/publication")
async def publish(
    picture_id: Id,
    situation: CurrentCase,
    office: CurrentOffice,
    form: CurrentForm,
    parts: RunningParts,
    view: CaseView,
    reader: CaseReader,
) -> Response:
    """Show it to everybody; whoever publishes answers for it that nobody is recognised."""
    actor = _publisher(situation, office)
    picture = await _picture(parts, situation, reader, picture_id)
    try:
        if not form.get("nobody_is_seen"):
            raise refusal("picture.look_first", where="nobody_is_seen")
        blurred = cells.parts_of(_cells_in(form, picture), picture.width, picture.height)
        given = {
            "command_id": form.get("command_id"),
            "parts": [each.model_dump() for each in blurred],
            "nobody_is_seen": True,
        }
        command = read_fields(PublishPicture, given)
        await publishing.publish_picture(parts, situation, actor, picture_id, command)
    except Refused as refused:
        return _check(view, picture, form, refused.problems)
    return RedirectResponse(f"/office/cases/{situation.id}/pictures?done=1", 303)


@router.get("/{picture_id}/content")
async def send_picture(
    picture_id: Id,
    situation: CurrentCase,
    office: CurrentOffice,
    parts: RunningParts,
    reader: CaseReader,
    marked: Marked = "",
) -> Response:
    """The photograph itself, with what is marked blurred."""
    _publisher(situation, office)
    async with parts.database.session() as session:
        content = await showing.load_for(session, reader, situation.id, picture_id)
    if not marked:
        return picture_response(content)
    picture = await _picture(parts, situation, reader, picture_id)
    chosen = cells.read_cells(marked.split(","), picture.width, picture.height)
    kept = await blur(content, cells.parts_of(chosen, picture.width, picture.height))
    return picture_response(kept.content)


def _publisher(situation: Situation, office: Office) -> Actor:
    return situation.in_role(office.grants, *sorted(ROLES_OF_WRITE["publish_picture"].roles))


async def _picture(
    parts: Parts, situation: Situation, reader: Viewer, picture_id: str
) -> PictureView:
    """One photograph of the case, of no complaint about whoever looks.

    Raises:
        Refused: `picture.unknown`.
    """
    async with parts.database.session() as session:
        return await showing.load_picture(session, situation.id, reader, picture_id)


def _cells_in(form: FormData, picture: PictureView) -> tuple[cells.Cell, ...]:
    return cells.read_cells(map(str, form.getlist("cells")), picture.width, picture.height)


def _marking(
    view: View, picture: PictureView, marked: frozenset[str], problems: tuple[Problem, ...] = ()
) -> Response:
    values = {
        "picture": picture,
        "cells": tuple(cells.grid(picture.width, picture.height)),
        "marked": marked,
    }
    return view.show("picture.html", values, problems)


def _check(
    view: View, picture: PictureView, form: FormData, problems: tuple[Problem, ...] = ()
) -> Response:
    marked = tuple(map(str, form.getlist("cells")))
    values = {
        "picture": picture,
        "marked": marked,
        "send_id": str(form.get("command_id") or secrets.token_hex(16)),
    }
    return view.show("picture_check.html", values, problems)
