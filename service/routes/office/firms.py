"""A firm registers on a page, without an account: it waits for an office of the place, and gets a link to sign in."""

import secrets

from fastapi import APIRouter, Request, Response
from sqlalchemy import select
from starlette.datastructures import FormData

from models.tables import Place
from models.values.refusal import Problem, Refused
from service.firms.bodies import RegisterFirm
from service.firms.registering import register
from service.http.problems import read_fields, status_for
from service.pages.display import display_of
from service.pages.forms import own_form
from service.pages.office.act_form import form_words, sent_of
from service.pages.office.fields import Field, Option, fields_of, read
from service.pages.office.words import in_words, office_words
from service.pages.rendering import page
from service.parts import Parts
from service.routes.dependencies import RunningParts

router = APIRouter(prefix="/office/firm", include_in_schema=False)
WIDE = ("district", "street_office")
"""Firms register for a district or a street: the office there confirms them."""


@router.get("")
async def show_form(request: Request, parts: RunningParts) -> Response:
    """What is asked of a firm."""
    return await _form(request, parts, FormData(), ())


@router.post("")
async def register_firm(request: Request, parts: RunningParts) -> Response:
    """Register it, once; the link of its person is shown now and not again."""
    form = await own_form(request, parts.settings.address)
    body = read(await _questions(parts), sent_of(form)).body
    try:
        asked = read_fields(RegisterFirm, {**body, "command_id": str(form.get("command_id", ""))})
        entered = await register(parts.database, parts.settings, asked)
    except Refused as refused:
        return await _form(request, parts, form, refused.problems)
    return page(request, "office/firm_entered.html", {"entered": entered})


async def _questions(parts: Parts) -> tuple[Field, ...]:
    query = select(Place.path, Place.name).where(Place.kind.in_(WIDE)).order_by(Place.path)
    async with parts.database.session() as session:
        places = tuple(Option(row.path, row.name) for row in await session.execute(query))
    asked = (each for each in fields_of(RegisterFirm, {}) if each.word != "command_id")
    return tuple(_as_firms_read(each, places) for each in asked)


def _as_firms_read(field: Field, places: tuple[Option, ...]) -> Field:
    if field.word == "place":
        return field._replace(kind="choice", options=places)
    return field._replace(word="firm_person") if field.word == "person" else field


async def _form(
    request: Request, parts: Parts, form: FormData, problems: tuple[Problem, ...]
) -> Response:
    language = display_of(request).language
    values = {
        "fields": await _questions(parts),
        "send_id": form.get("command_id") or secrets.token_hex(16),
        **office_words(language),
        **form_words(form, language),
    }
    return page(
        request,
        "office/firm.html",
        values,
        status=status_for(problems) if problems else 200,
        problems=in_words(problems, language),
    )
