"""Every official act as a form: what it asks and causes, a page to check it, and its receipt."""

import secrets

from fastapi import APIRouter, Response
from starlette.datastructures import FormData

from models.fields import Word
from models.messages.act_bodies import BODIES
from models.messages.acts import OpenVote
from models.values.refusal import Problem, Refused, refusal
from rules.authority import ROLES_OF_ACT, check_act
from rules.four_eyes import ACTS_OF_TWO
from rules.time.course import Step, course_of_vote
from runtime.calendars import chinese_calendar
from service.pages.office.act_form import (
    as_texts,
    filled,
    form_words,
    kept,
    questions,
)
from service.pages.office.fields import Field
from service.pages.office.known import load_known
from service.parts import Parts
from service.proposals.acts import send_or_propose
from service.proposing import ProposalMade
from service.routes.dependencies import RunningParts
from service.routes.office.dependencies import (
    CaseView,
    CurrentCase,
    CurrentForm,
    CurrentOffice,
    View,
    reader_for,
)
from service.situation import Situation, load_situation

router = APIRouter(prefix="/office/cases/{renovation_id}/acts", include_in_schema=False)
SENT_BACK = ("change", "more")
"""Buttons that lead back to the form."""


@router.get("/{act}")
async def show_act(
    act: Word, situation: CurrentCase, parts: RunningParts, view: CaseView
) -> Response:
    """What an act asks for and causes; what the address names is filled in."""
    fields = await _questions(parts, situation, view, act)
    return _form(view, act, fields, FormData([*view.request.query_params.multi_items()]))


@router.post("/{act}")
async def check(
    act: Word, situation: CurrentCase, sent: CurrentForm, parts: RunningParts, view: CaseView
) -> Response:
    """What was filled in, to be checked before it counts; or the form again, with what is wrong."""
    fields, form = await _questions(parts, situation, view, act), await as_texts(sent)
    if any(name in form for name in SENT_BACK):
        return _form(view, act, fields, form)
    found = filled(act, fields, form)
    if found.problems:
        return _form(view, act, fields, form, found.problems)
    values = _values(view, act, fields, form)
    again = {"kept": kept(form), "send_id": secrets.token_hex(16)}
    return view.show("act_check.html", {**values, **again})


@router.post("/{act}/done")
async def do_act(
    act: Word,
    situation: CurrentCase,
    office: CurrentOffice,
    form: CurrentForm,
    parts: RunningParts,
    view: CaseView,
) -> Response:
    """Do it, or propose it where nobody does it alone. Sent again it is done once."""
    fields = await _questions(parts, situation, view, act, again=True)
    found = filled(act, fields, form)
    command_id = str(form.get("send_id", ""))
    try:
        done = await send_or_propose(parts, situation.id, act, found.body, office.id, command_id)
    except Refused as refused:
        # The form names complaints and objections: whoever may not do the act does not see it again.
        situation.in_role(office.grants, *sorted(ROLES_OF_ACT[act].roles))
        return _form(view, act, fields, form, refused.problems)
    values = {
        "act": act,
        "done": done,
        "proposed": isinstance(done, ProposalMade),
        "happened_at": (await load_situation(parts.database, situation.id)).now,
        "foreseen": _foreseen(view, act),
    }
    return view.show("act_done.html", values)


async def _questions(
    parts: Parts, situation: Situation, view: View, act: str, *, again: bool = False
) -> tuple[Field, ...]:
    """The questions of an act. Whoever may not do it sees why before filling it in.

    With `again` the roles are not asked: what was done once is answered once more.

    Raises:
        Refused: `authority.…`.
    """
    if act not in BODIES:
        raise refusal("authority.unknown_act", act=act)
    if not again:
        check_act(act, situation.part, view.office.grants, situation.place_path)
    reader = await reader_for(parts, situation, view.office)
    async with parts.database.session() as session:
        return questions(act, await load_known(session, situation, reader, view.language))


def _values(view: View, act: str, fields: tuple[Field, ...], form: FormData) -> dict[str, object]:
    return {
        "act": act,
        "path": "acts",
        "fields": fields,
        "roles": ", ".join(sorted(ROLES_OF_ACT[act].roles)),
        "article": ROLES_OF_ACT[act].article,
        "of_two": act in ACTS_OF_TWO,
        "foreseen": _foreseen(view, act),
        **form_words(form, view.language),
    }


def _foreseen(view: View, act: str) -> tuple[Step, ...]:
    """The days that follow from announcing a vote now."""
    case = view.case
    if act != OpenVote.name or case is None:
        return ()
    return course_of_vote(case.now, case.timetable, chinese_calendar())


def _form(
    view: View,
    act: str,
    fields: tuple[Field, ...],
    form: FormData,
    problems: tuple[Problem, ...] = (),
) -> Response:
    return view.show("act.html", _values(view, act, fields, form), problems)
