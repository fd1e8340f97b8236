"""Suggestions on the pages of a home: those of the neighbours, the own ones, and joining them."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from models.fields import Id
from models.values.refusal import Problem, Refused, refusal
from models.values.states import SuggestionState
from service.http.paging import Slice
from service.http.problems import read_fields
from service.pages.homes import Home
from service.parts import Parts
from service.routes.dependencies import RunningParts, home_viewer
from service.routes.pages.dependencies import CurrentHome, CurrentHomeForm, home_page
from service.suggestions import making
from service.suggestions.bodies import MakeSuggestion, SupportSuggestion, WithdrawSuggestion
from service.suggestions.rooms import FromWhom
from service.suggestions.showing import SuggestionsWanted, list_suggestions

router = APIRouter(prefix="/mine/suggestions", include_in_schema=False)
SHOWN = 100
"""The newest; the API has all."""
DONE = frozenset({"made", "support", "take-back", "withdraw"})
STANDING = frozenset({SuggestionState.SUBMITTED, SuggestionState.OPEN})
Deed = Callable[..., Awaitable[object]]
DEEDS: Mapping[str, tuple[Deed, Any]] = {
    "support": (making.support, SupportSuggestion),
    "take-back": (making.withdraw_support, SupportSuggestion),
    "withdraw": (making.withdraw, WithdrawSuggestion),
}


@router.get("")
async def show_suggestions(
    home: CurrentHome, parts: RunningParts, request: Request, done: str = ""
) -> Response:
    """What is suggested for the estate, how it stands, and the form of a new one."""
    return await _list(request, parts, home, FormData(), done=done)


@router.post("")
async def send_suggestion(form: CurrentHomeForm, parts: RunningParts, request: Request) -> Response:
    """Suggest something: a theme, why, and what should be done."""
    home, fields = form.home, form.fields
    given = {name: fields.get(name, "") for name in ("theme", "reason", "proposal")}
    try:
        command = read_fields(MakeSuggestion, {**given, **_who(home, fields)})
        await making.make(parts, home.situation, _sender(home), command)
    except Refused as refused:
        return await _list(request, parts, home, fields, refused.problems)
    return RedirectResponse("/mine/suggestions?done=made", 303)


@router.post("/{suggestion_id}")
async def do_with_one(
    form: CurrentHomeForm, suggestion_id: Id, parts: RunningParts, request: Request
) -> Response:
    """Join a suggestion, leave it, or take the own one back."""
    home, fields = form.home, form.fields
    deed = str(fields.get("deed", ""))
    try:
        if deed not in DEEDS:
            raise refusal("service.not_found")
        do, kind = DEEDS[deed]
        command = read_fields(kind, _who(home, fields))
        await do(parts, home.situation, _sender(home), suggestion_id, command)
    except Refused as refused:
        return await _list(request, parts, home, FormData(), refused.problems)
    return RedirectResponse(f"/mine/suggestions?done={deed}", 303)


def _who(home: Home, fields: FormData) -> dict[str, object]:
    return {
        "command_id": str(fields.get("command_id", "")),
        "unit_number": home.voter.unit_number,
    }


def _sender(home: Home) -> FromWhom:
    return FromWhom(home.situation.owner(home.voter.unit_number), home.voter)


async def _list(
    request: Request,
    parts: Parts,
    home: Home,
    given: FormData,
    problems: tuple[Problem, ...] = (),
    *,
    done: str = "",
) -> Response:
    unit = home.voter.unit_number
    viewer = await home_viewer(parts, home.situation, unit)
    asked = SuggestionsWanted(renovation_id=home.situation.id, part=Slice(limit=SHOWN))
    async with parts.database.session() as session:
        found = await list_suggestions(session, asked, viewer)
    values = {
        "suggestions": found,
        "standing": STANDING,
        "given": given,
        "just_done": done if done in DONE else "",
        "command_id": lambda: secrets.token_hex(16),
    }
    return home_page(request, home, "resident/suggestions.html", values, problems)
