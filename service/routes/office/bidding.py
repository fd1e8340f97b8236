"""The pages of a contractor: a tender with all its terms, the own envelope, and the works with their defects."""

import secrets
from collections.abc import Mapping

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from models.values.actor import Role
from models.values.refusal import Problem, Refused
from service.bodies import SubmitBid, WithdrawBid
from service.http.problems import read_fields
from service.pages.forms import texts
from service.pages.office.act_form import form_words, sent_of
from service.pages.office.bids import bid_fields, load_envelope, terms_of
from service.pages.office.fields import read
from service.pages.office.works import load_items
from service.parts import Parts
from service.residents import bids
from service.routes.dependencies import RunningParts
from service.routes.office.dependencies import (
    CaseView,
    CurrentCase,
    CurrentForm,
    CurrentOffice,
    View,
)
from service.situation import Situation
from service.tenders import load_tender

router = APIRouter(prefix="/office/cases/{renovation_id}", include_in_schema=False)


@router.get("/tender")
async def show_tender(situation: CurrentCase, parts: RunningParts, view: CaseView) -> Response:
    """The tender, its terms and, for a firm, the own envelope; bids are shown when they are opened."""
    return await _tender(parts, situation, view, FormData())


@router.post("/tender/bid")
async def hand_in(
    situation: CurrentCase,
    office: CurrentOffice,
    form: CurrentForm,
    parts: RunningParts,
    view: CaseView,
) -> Response:
    """Check a bid; with `send_id` hand it in, once."""
    found = read(bid_fields(), sent_of(form))
    body = {**found.body, "command_id": str(form.get("send_id") or "check")}
    try:
        command = read_fields(SubmitBid, body)
        if found.problems or "change" in form:
            return await _tender(parts, situation, view, form, found.problems)
        if not form.get("send_id"):
            return _check(view, form)
        bidder = situation.in_role(office.grants, Role.CONTRACTOR)
        await bids.submit_bid(parts, situation, bidder, command)
    except Refused as refused:
        return await _tender(parts, situation, view, form, (*found.problems, *refused.problems))
    return RedirectResponse(f"/office/cases/{situation.id}/tender?done=bid", 303)


@router.post("/tender/withdrawal")
async def take_back(
    situation: CurrentCase,
    office: CurrentOffice,
    form: CurrentForm,
    parts: RunningParts,
    view: CaseView,
) -> Response:
    """Take the own bid back before the deadline; the bond goes back."""
    try:
        bidder = situation.in_role(office.grants, Role.CONTRACTOR)
        command = read_fields(WithdrawBid, {"command_id": texts(form).get("command_id")})
        await bids.withdraw_bid(parts, situation, bidder, command)
    except Refused as refused:
        return await _tender(parts, situation, view, FormData(), refused.problems)
    return RedirectResponse(f"/office/cases/{situation.id}/tender?done=withdrawn", 303)


@router.get("/works")
async def show_works(
    situation: CurrentCase, office: CurrentOffice, parts: RunningParts, view: CaseView
) -> Response:
    """Every work with where it stands, and the defects of those that failed for who builds, inspects or watches."""
    async with parts.database.session() as session:
        items = await load_items(session, situation.id, office.here(situation))
    return view.show("works.html", {"items": items})


async def _tender(
    parts: Parts,
    situation: Situation,
    view: View,
    form: FormData,
    problems: tuple[Problem, ...] = (),
) -> Response:
    contractor = next(
        (each for each in view.office.here(situation) if each.role is Role.CONTRACTOR), None
    )
    async with parts.database.session() as session:
        tender = await load_tender(session, situation.id, situation.timetable.zone)
        party = (contractor.on_behalf_of or contractor.actor_id) if contractor else ""
        envelope = (
            await load_envelope(session, parts, tender.id, party) if tender and party else None
        )
    values: Mapping[str, object] = {
        "tender": tender,
        "contractor": contractor,
        "envelope": envelope,
        "terms": terms_of(tender.criteria) if tender else {},
        "fields": bid_fields(),
        "done": view.request.query_params.get("done", ""),
        **form_words(form, view.language),
    }
    return view.show("tender.html", values, problems)


def _check(view: View, form: FormData) -> Response:
    kept = [
        (name, value)
        for name, value in form.multi_items()
        if isinstance(value, str) and name != "form_token"
    ]
    values = {
        "fields": bid_fields(),
        "kept": kept,
        "send_id": secrets.token_hex(16),
        **form_words(form, view.language),
    }
    return view.show("bid_check.html", values)
