"""Suggestions on the pages of an office: what waits for its review or its reply, with the forms of both."""

from collections.abc import Mapping

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from models.fields import Id
from models.values.actor import Role
from models.values.refusal import Problem, Refused
from models.values.states import SuggestionOutcome
from rules.authority import ROLES_OF_WRITE
from service.http.paging import Slice
from service.http.problems import read_fields
from service.pages.forms import moved, texts
from service.pages.office.session import Office
from service.pages.schemes import load_scheme
from service.parts import Parts
from service.proposing import ProposalMade
from service.reading.shaping import viewer_under
from service.routes.dependencies import RunningParts, note_reading
from service.routes.office.dependencies import (
    CaseView,
    CurrentCase,
    CurrentForm,
    CurrentOffice,
    View,
)
from service.situation import Situation
from service.suggestions import answering, reviewing
from service.suggestions.bodies import AnswerSuggestions, ReviewSuggestion
from service.suggestions.showing import SuggestionsWanted, list_suggestions

router = APIRouter(prefix="/office/cases/{renovation_id}/suggestions", include_in_schema=False)
REVIEW, ANSWER = "review_suggestion", "answer_suggestion"
SHOWN = 100
DONE = frozenset({"review", "answer", "proposed"})


@router.get("")
async def show_suggestions(
    situation: CurrentCase,
    office: CurrentOffice,
    parts: RunningParts,
    view: CaseView,
    done: str = "",
) -> Response:
    """What residents suggest in the case, the newest first, with what the person who looks may do. It is written down."""
    actor = situation.in_role(office.grants, *_able())
    await note_reading(parts, actor, view.request)
    return await _list(parts, situation, office, view, done=done)


@router.post("/{suggestion_id}/review")
async def review(
    suggestion_id: Id,
    situation: CurrentCase,
    office: CurrentOffice,
    form: CurrentForm,
    parts: RunningParts,
    view: CaseView,
) -> Response:
    """Publish the words of a suggestion, or hide them with a reason."""
    fields = texts(form)
    actor = situation.in_role(office.grants, *sorted(ROLES_OF_WRITE[REVIEW].roles))
    try:
        command = read_fields(ReviewSuggestion, _given(fields, "decision", "reason"))
        await reviewing.review(parts, situation, actor, suggestion_id, command)
    except Refused as refused:
        own = {"reason": f"reason-{suggestion_id}"}
        return await _list(parts, situation, office, view, moved(refused.problems, own))
    return _to_list(situation, "review")


@router.post("/{suggestion_id}/reply")
async def reply(
    suggestion_id: Id,
    situation: CurrentCase,
    office: CurrentOffice,
    form: CurrentForm,
    parts: RunningParts,
    view: CaseView,
) -> Response:
    """Reply with a reason; what many support is turned down by two."""
    fields = texts(form)
    given = {**_given(fields, "outcome", "reason"), "suggestions": [suggestion_id]}
    given |= {name: fields[name] for name in ("item", "motion") if fields.get(name)}
    actor = situation.in_role(office.grants, *sorted(ROLES_OF_WRITE[ANSWER].roles))
    try:
        done = await answering.answer(
            parts, situation, actor, read_fields(AnswerSuggestions, given)
        )
    except Refused as refused:
        own = {name: f"{name}-{suggestion_id}" for name in ("outcome", "item", "motion")}
        own["reason"] = f"why-{suggestion_id}"
        return await _list(parts, situation, office, view, moved(refused.problems, own))
    return _to_list(situation, "proposed" if isinstance(done, ProposalMade) else "answer")


def _able() -> list[Role]:
    roles = ROLES_OF_WRITE[REVIEW].roles | ROLES_OF_WRITE[ANSWER].roles
    return sorted(roles)


def _given(fields: Mapping[str, str], *names: str) -> dict[str, object]:
    return {name: fields.get(name, "") for name in ("command_id", *names)}


def _to_list(situation: Situation, done: str) -> Response:
    return RedirectResponse(f"/office/cases/{situation.id}/suggestions?done={done}", 303)


async def _list(
    parts: Parts,
    situation: Situation,
    office: Office,
    view: View,
    problems: tuple[Problem, ...] = (),
    *,
    done: str = "",
) -> Response:
    asked = SuggestionsWanted(renovation_id=situation.id, part=Slice(limit=SHOWN))
    async with parts.database.session() as session:
        found = await list_suggestions(
            session, asked, viewer_under(office.grants, situation.place_path)
        )
        scheme = await load_scheme(session, situation.id)
    roles = {each.role for each in office.here(situation)}
    values = {
        "suggestions": found,
        "may_review": bool(roles & ROLES_OF_WRITE[REVIEW].roles),
        "may_answer": bool(roles & ROLES_OF_WRITE[ANSWER].roles),
        "outcomes": tuple(SuggestionOutcome),
        "items": scheme.items if scheme else (),
        "motions": scheme.motions if scheme else (),
        "done": done if done in DONE else "",
    }
    return view.show("suggestions.html", values, problems)
