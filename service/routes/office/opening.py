"""Starting a renovation from a template: its questions, the calendar that it implies, and the case."""

import secrets
from typing import NamedTuple

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData
from temporalio.service import RPCError

from models.files.renovation import RenovationFile
from models.values.actor import Actor
from models.values.refusal import Problem, Refused, problem
from service.bodies import CommandBody
from service.estates.convening import KnownEstate, known_estate
from service.estates.template import TEMPLATES, Drawn, Setting
from service.http.problems import read_fields
from service.pages import wording
from service.pages.office.act_form import form_words, kept, sent_of
from service.pages.office.template import draw, questions
from service.parts import Parts
from service.routes.dependencies import RunningParts
from service.routes.office.dependencies import CurrentForm, OfficeView, View
from service.starting import opening

router = APIRouter(prefix="/office/start/case", include_in_schema=False)
OF_PEOPLE = frozenset({"opening.nobody_yet", "opening.few_bidders", "opening.one_alone"})
"""Warnings that the page says by the roles that are missing."""


class CaseChoice(NamedTuple):
    """For which estate, by which template, in which role, and where."""

    estate: KnownEstate
    template: str
    actor: Actor
    setting: Setting


@router.get("")
async def show_form(parts: RunningParts, view: OfficeView) -> Response:
    """The few questions of the template."""
    asked = view.request.query_params
    chosen = await _chosen(parts, view, asked.get("estate", ""), asked.get("template", "basic"))
    return _form(view, chosen, FormData(), ())


@router.post("")
async def check(form: CurrentForm, parts: RunningParts, view: OfficeView) -> Response:
    """The answers, the calendar that they imply and what is still missing, before anything is opened."""
    chosen = await _chosen_in(parts, view, form)
    if "change" in form:
        return _form(view, chosen, form, ())
    drawn = _drawn(view, chosen, form)
    if drawn.file is None:
        return _form(view, chosen, form, drawn.problems)
    return await _check(parts, view, chosen, form, drawn.file)


@router.post("/open")
async def open_case(form: CurrentForm, parts: RunningParts, view: OfficeView) -> Response:
    """Open the case on the roll of the estate; sent again it is opened once."""
    chosen = await _chosen_in(parts, view, form)
    drawn = _drawn(view, chosen, form)
    if drawn.file is None:
        return _form(view, chosen, form, drawn.problems)
    try:
        opened = await opening.open_case(
            parts, _opening(chosen, drawn.file), _sent_as(form), view.language, preview=False
        )
    except Refused as refused:
        return _form(view, chosen, form, refused.problems)
    except (RPCError, RuntimeError):
        # The case is written; the same command, sent once more, starts its workflow.
        again = (problem("service.not_confirmed"),)
        return await _check(parts, view, chosen, form, drawn.file, again)
    return RedirectResponse(f"/office/cases/{opened.renovation_id}", 303)


def _opening(chosen: CaseChoice, file: RenovationFile) -> opening.Opening:
    return opening.Opening(file, None, chosen.actor)


def _sent_as(form: FormData) -> str:
    """The id that our page made.

    Raises:
        Refused: `service.field_…` for one that it did not make.
    """
    return read_fields(CommandBody, {"command_id": form.get("send_id")}).command_id


async def _chosen_in(parts: Parts, view: View, form: FormData) -> CaseChoice:
    return await _chosen(
        parts, view, str(form.get("estate", "")), str(form.get("template", "basic"))
    )


async def _chosen(parts: Parts, view: View, estate_id: str, template: str) -> CaseChoice:
    """The estate, if it is one of the person's places.

    Raises:
        Refused: `roll.estate_unknown`, `credential.no_role`.
    """
    grants = view.office.grants
    async with parts.database.session() as session:
        estate = await known_estate(session, grants, estate_id)
    actor, setting = await opening.setting_for(parts, grants, estate_id)
    return CaseChoice(estate, template if template in TEMPLATES else "basic", actor, setting)


def _drawn(view: View, chosen: CaseChoice, form: FormData) -> Drawn:
    fields = questions(chosen.template, chosen.estate.buildings)
    return draw(fields, sent_of(form), chosen.setting, lambda name: _title(view, name))


def _title(view: View, name: str) -> str:
    return wording.text(f"work.{name}", view.language, {})


def _form(
    view: View, chosen: CaseChoice, form: FormData, problems: tuple[Problem, ...]
) -> Response:
    values = {
        "chosen": chosen,
        "templates": tuple(TEMPLATES),
        "fields": questions(chosen.template, chosen.estate.buildings),
        **form_words(form, view.language),
    }
    return view.show("start_case.html", values, problems)


async def _check(
    parts: Parts,
    view: View,
    chosen: CaseChoice,
    form: FormData,
    file: RenovationFile,
    problems: tuple[Problem, ...] = (),
) -> Response:
    try:
        seen = await opening.foresee(parts, _opening(chosen, file))
    except Refused as refused:
        return _form(view, chosen, form, refused.problems)
    values = {
        "chosen": chosen,
        "file": file,
        "fields": questions(chosen.template, chosen.estate.buildings),
        "course": seen.course,
        "missing": seen.missing,
        "others": seen.others,
        "warnings": [each for each in seen.warnings if each.code not in OF_PEOPLE],
        "kept": kept(form),
        "send_id": form.get("send_id") or secrets.token_hex(16),
        **form_words(form, view.language),
    }
    return view.show("start_check.html", values, problems)
