"""Who holds which role: giving one, ending one; and, for administrators, setting up places."""

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from models.fields import EventNumber
from models.values.actor import Role
from models.values.refusal import Problem, Refused
from rules.granting import FIRM_ROLES, MAY_GIVE
from service.estates.convening import load_places
from service.estates.setting_up import SetUpPlaces, set_up_places
from service.http.problems import read_fields
from service.identity import grants as granting
from service.identity.bodies import EndGrant, GiveRole
from service.pages.forms import moved, texts
from service.pages.office.act_form import form_words, sent_of
from service.pages.office.fields import Field, Option, fields_of, read
from service.parts import Parts
from service.routes.dependencies import RunningParts
from service.routes.office.dependencies import CurrentForm, CurrentOffice, OfficeView, View

router = APIRouter(prefix="/office/people", include_in_schema=False)
ASKED = ("person", "name", "role", "place", "reason")
"""Of a role; it begins now."""


@router.get("")
async def show_people(parts: RunningParts, view: OfficeView) -> Response:
    """The roles of one's places, and the form that gives one."""
    return await _people(parts, view, FormData())


@router.post("")
async def give(
    office: CurrentOffice, form: CurrentForm, parts: RunningParts, view: OfficeView
) -> Response:
    """Give a role; whoever has no account yet is invited, and the link is shown now and once."""
    body = read(await _questions(parts, view), sent_of(form)).body
    try:
        asked = read_fields(GiveRole, {**body, "command_id": str(form.get("command_id", ""))})
        given = await granting.give(parts.database, parts.settings, office.id, asked)
    except Refused as refused:
        return await _people(parts, view, form, refused.problems)
    return view.show("person_given.html", {"given": given})


@router.post("/places")
async def set_up(
    office: CurrentOffice, form: CurrentForm, parts: RunningParts, view: OfficeView
) -> Response:
    """Set up a grid with the places above it."""
    sent = {name: value for name, value in texts(form).items() if name in SetUpPlaces.model_fields}
    try:
        await set_up_places(parts.database, office.id, read_fields(SetUpPlaces, sent))
    except Refused as refused:
        return await _people(parts, view, form, refused.problems)
    return RedirectResponse("/office/people", 303)


@router.post("/{grant_id}/end")
async def end(
    grant_id: EventNumber,
    office: CurrentOffice,
    form: CurrentForm,
    parts: RunningParts,
    view: OfficeView,
) -> Response:
    """End a role now; everybody may lay down the own one."""
    sent = texts(form)
    body = {"command_id": sent.get("command_id"), "reason": sent.get("end_reason", "")}
    try:
        await granting.end(parts.database, office.id, grant_id, read_fields(EndGrant, body))
    except Refused as refused:
        wrong = moved(refused.problems, {"reason": f"end-{grant_id}"})
        return await _people(parts, view, form, wrong)
    return RedirectResponse("/office/people", 303)


async def _questions(parts: Parts, view: View) -> tuple[Field, ...]:
    """What is asked for a role: of roles those that somebody may give, of places those they reach."""
    own = {each.role for each in view.office.grants}
    roles = [role for role, giving in MAY_GIVE.items() if giving.by & own]
    async with parts.database.session() as session:
        places = await load_places(session, view.office.grants)
    choices = {
        "role": tuple(Option(role.value) for role in roles if role not in FIRM_ROLES),
        "place": tuple(Option(each.path, each.name) for each in places),
    }
    return tuple(
        each._replace(kind="choice", options=choices[each.word]) if each.word in choices else each
        for each in fields_of(GiveRole, {})
        if each.word in ASKED
    )


async def _people(
    parts: Parts, view: View, form: FormData, problems: tuple[Problem, ...] = ()
) -> Response:
    grants = view.office.grants
    administers = any(each.role is Role.ADMINISTRATOR for each in grants)
    found = await granting.list_seen(parts.database, grants)
    values = {
        "fields": await _questions(parts, view),
        "held": tuple(each for each in found if each.until is None),
        "administers": administers,
        "levels": ("district", "street_office", "community", "grid"),
        **form_words(form, view.language),
    }
    return view.show("people.html", values, problems)
