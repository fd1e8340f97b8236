"""Starting a renovation from a template: its questions, the calendar that it implies, and the case."""

import secrets
from datetime import datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData
from temporalio.service import RPCError

from formats.renovation_file.foreseen import file_warnings
from models.files.renovation import RenovationFile
from models.messages.journey import Stage
from models.values.actor import Actor
from models.values.refusal import Problem, Refused, problem, refusal
from rules.authority import Grant, acting
from rules.lacking import lacking
from rules.time.course import course
from runtime.calendars import chinese_calendar
from runtime.database import driver_connection
from runtime.record.lacks import load_people
from service.bodies import CommandBody
from service.estates.renovations import open_renovation, running_cases
from service.http.problems import read_fields
from service.pages import wording
from service.pages.office.act_form import form_words, kept, sent_of
from service.pages.office.estates import KnownEstate, load_chain, load_estates, load_grids, role_for
from service.pages.office.template import TEMPLATES, Drawn, Setting, draw, questions
from service.parts import Parts
from service.routes.dependencies import RunningParts
from service.routes.office.dependencies import (
    ZONE,
    CurrentForm,
    OfficeView,
    View,
)

router = APIRouter(prefix="/office/start/case", include_in_schema=False)
OPENS_AT = time(9)
OF_PEOPLE = frozenset({"opening.nobody_yet", "opening.few_bidders", "opening.one_alone"})
"""Warnings that the page says by the roles that are missing."""


class CaseChoice(NamedTuple):
    """For which estate, by which template, in which role, and where."""

    estate: KnownEstate
    template: str
    grant: Grant
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
        opened = await open_renovation(
            parts.database,
            parts.client,
            parts.settings,
            command_id=read_fields(CommandBody, {"command_id": form.get("send_id")}).command_id,
            file=drawn.file,
            roll=None,
            actor=_opener(chosen),
        )
    except Refused as refused:
        return _form(view, chosen, form, refused.problems)
    except (RPCError, RuntimeError):
        # The case is written; the same command, sent once more, starts its workflow.
        again = (problem("service.not_confirmed"),)
        return await _check(parts, view, chosen, form, drawn.file, again)
    return RedirectResponse(f"/office/cases/{opened.renovation_id}", 303)


def _opener(chosen: CaseChoice) -> Actor:
    return acting(chosen.grant)


async def _chosen_in(parts: Parts, view: View, form: FormData) -> CaseChoice:
    return await _chosen(
        parts, view, str(form.get("estate", "")), str(form.get("template", "basic"))
    )


async def _chosen(parts: Parts, view: View, estate_id: str, template: str) -> CaseChoice:
    """The estate, if it is one of the person's places.

    Raises:
        Refused: `roll.estate_unknown`, `credential.no_role`.
    """
    async with parts.database.session() as session:
        grids = await load_grids(session, view.office.grants)
        estates = {each.id: each for each in await load_estates(session, grids)}
        if estate_id not in estates:
            raise refusal("roll.estate_unknown", where="estate", estate=estate_id)
        estate = estates[estate_id]
        grant = role_for(view.office.grants, estate.path)
        places = await load_chain(session, estate.path)
    opener = {
        "id": grant.actor_id,
        "label": grant.label,
        "role": grant.role.value,
        "place": grant.place,
    }
    today = datetime.now(ZoneInfo(ZONE)).date()
    setting = Setting(places, estate.name, (opener,), today, synthetic=False)
    return CaseChoice(estate, template if template in TEMPLATES else "basic", grant, setting)


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
    zone = ZoneInfo(file.timetable.zone)
    opens = datetime.combine(file.starts_on, OPENS_AT, zone)
    async with parts.database.session() as session:
        driver = await driver_connection(session)
        people = await load_people(driver, file.place_path, "")
        others = await running_cases(session, chosen.estate.id)
    lacks = lacking(people, *Stage)
    warnings = file_warnings(file, people, file.starts_on)
    values = {
        "chosen": chosen,
        "file": file,
        "fields": questions(chosen.template, chosen.estate.buildings),
        "course": course(opens, file.ends_on, file.timetable, chinese_calendar()),
        "missing": sorted({role for lack in lacks for role in lack.roles if not people.get(role)}),
        "others": others,
        "warnings": [each for each in warnings if each.code not in OF_PEOPLE],
        "kept": kept(form),
        "send_id": form.get("send_id") or secrets.token_hex(16),
        **form_words(form, view.language),
    }
    return view.show("start_check.html", values, problems)
