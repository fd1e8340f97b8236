"""What officials and banks write beside the acts, each as a form: mandates, sales, attendance, rulings, payments, cash."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Response
from pydantic import BaseModel
from starlette.datastructures import FormData

from models.fields import Word
from models.values.actor import Actor, Role
from models.values.refusal import Problem, Refused, refusal
from rules.authority import ROLES_OF_WRITE
from rules.four_eyes import Proposing
from runtime.ballots.boxes import load_running_boxes
from service.bodies import Accepted, ReportPayments
from service.channels import attendance, mandates, replacements, rulings
from service.channels.bodies import (
    RecordAttendance,
    RegisterMandate,
    ReplaceOwner,
    RuleOnBallots,
)
from service.channels.open_box import motions_by_id
from service.http.problems import read_fields
from service.ledger.bodies import ReceiveCash
from service.ledger.deciding import propose_cash
from service.pages.office.act_form import (
    AGENT_DECIDES,
    form_words,
    instructions,
    kept,
    sent_of,
)
from service.pages.office.fields import Field, Option, fields_of, in_rows, in_zone, read
from service.pages.office.known import load_known
from service.parts import Parts
from service.proposing import ProposalMade
from service.residents import payments
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

router = APIRouter(prefix="/office/cases/{renovation_id}/writes", include_in_schema=False)
Do = Callable[[Parts, Situation, Actor, Any], Awaitable[Accepted]]


class Write(NamedTuple):
    """A body, who may send it, and the use case that takes it."""

    body: type[BaseModel]
    roles: frozenset[Role]
    do: Do
    of_vote: bool = True
    """It belongs to the running vote."""


def _of_vote(body: type[BaseModel], name: str, do: Do) -> Write:
    return Write(body, ROLES_OF_WRITE[name].roles, do)


WRITES: Mapping[str, Write] = {
    "register_mandate": _of_vote(RegisterMandate, "register_mandate", mandates.register_mandate),
    "replace_owner": _of_vote(ReplaceOwner, "replace_owner", replacements.replace_unit_owner),
    "record_attendance": _of_vote(
        RecordAttendance, "record_attendance", attendance.record_attendance
    ),
    "rule_on_ballots": _of_vote(RuleOnBallots, "rule_on_ballots", rulings.record_ruling),
    "receive_cash": Write(
        ReceiveCash, ROLES_OF_WRITE["receive_cash"].roles, propose_cash, of_vote=False
    ),
    "payments": Write(
        ReportPayments,
        frozenset({Role.PAYMENT_PROVIDER}),
        payments.report_payments,
        of_vote=False,
    ),
}
OURS = frozenset({"command_id", "box_id"})


@router.get("/{write}")
async def show_write(
    write: Word, situation: CurrentCase, parts: RunningParts, view: CaseView
) -> Response:
    """What is asked for, and what it causes."""
    asked = FormData([*view.request.query_params.multi_items()])
    return _form(view, write, await _questions(parts, situation, view, write), asked)


@router.post("/{write}")
async def check(
    write: Word, situation: CurrentCase, form: CurrentForm, parts: RunningParts, view: CaseView
) -> Response:
    """What was filled in, to be checked before it counts."""
    fields = await _questions(parts, situation, view, write)
    if "change" in form or "more" in form:
        return _form(view, write, fields, form)
    _, problems = _body(write, situation, fields, form)
    if problems:
        return _form(view, write, fields, form, problems)
    again = {"kept": kept(form), "send_id": secrets.token_hex(16)}
    return view.show("act_check.html", {**_values(view, write, fields, form), **again})


@router.post("/{write}/done")
async def do_write(
    write: Word,
    situation: CurrentCase,
    office: CurrentOffice,
    form: CurrentForm,
    parts: RunningParts,
    view: CaseView,
) -> Response:
    """Do it, once."""
    fields = await _questions(parts, situation, view, write)
    body, problems = _body(write, situation, fields, form)
    asked = {**body, "command_id": str(form.get("send_id", ""))}
    if box := str(form.get("box_id", "")):
        asked["box_id"] = box
    try:
        actor = situation.in_role(office.grants, *sorted(WRITES[write].roles))
        command = read_fields(WRITES[write].body, asked)
        done = await WRITES[write].do(parts, situation, actor, command)
    except Refused as refused:
        return _form(view, write, fields, form, (*problems, *refused.problems))
    values = {
        "act": write,
        "done": done,
        "proposed": isinstance(done, ProposalMade),
        "happened_at": (await load_situation(parts.database, situation.id)).now,
        "foreseen": (),
    }
    return view.show("act_done.html", values)


async def _questions(
    parts: Parts, situation: Situation, view: View, write: str
) -> tuple[Field, ...]:
    """The questions of a write, and of several boxes which.

    Raises:
        Refused: `service.not_found`, `credential.no_role`.
    """
    found = WRITES.get(write)
    if found is None:
        raise refusal("service.not_found")
    situation.in_role(view.office.grants, *sorted(found.roles))
    reader = await reader_for(parts, situation, view.office)
    async with parts.database.session() as session:
        known = await load_known(session, situation, reader, view.language)
        boxes = await load_running_boxes(session, situation.id) if found.of_vote else ()
    asked = tuple(each for each in fields_of(found.body, known) if each.word not in OURS)
    if found.body is RegisterMandate:
        motions = {name: each for box in boxes for name, each in motions_by_id(box).items()}
        asked = (*asked, instructions(motions.values()))
    if len(boxes) < 2:  # noqa: PLR2004 - only of several one must be chosen
        return asked
    choices = tuple(Option(box.id, box.building or box.id) for box in boxes)
    return (Field("box_id", "box_id", "choice", required=True, options=choices), *asked)


def _body(
    write: str, situation: Situation, fields: tuple[Field, ...], form: FormData
) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """The body that a form means, and all that is wrong with it."""
    sent = sent_of(form)
    found = read(fields, sent)
    body = in_zone(found.body, fields, ZoneInfo(situation.timetable.zone))
    body.pop("box_id", None)
    bound = body.get("instructions")
    if isinstance(bound, dict):
        body["instructions"] = {name: how for name, how in bound.items() if how != AGENT_DECIDES}
    problems = found.problems
    try:
        read_fields(WRITES[write].body, {**body, "command_id": "check"})
    except Refused as refused:
        said = {each.where for each in problems}
        at = in_rows(refused.problems, fields, sent)
        problems += tuple(each for each in at if each.where not in said)
    return body, problems


def _values(view: View, write: str, fields: tuple[Field, ...], form: FormData) -> dict[str, object]:
    return {
        "act": write,
        "path": "writes",
        "fields": fields,
        "roles": ", ".join(sorted(WRITES[write].roles)),
        "article": ROLES_OF_WRITE[write].article if write in ROLES_OF_WRITE else "[D]",
        "of_two": write in {each.value for each in Proposing},
        "foreseen": (),
        **form_words(form, view.language),
    }


def _form(
    view: View,
    write: str,
    fields: tuple[Field, ...],
    form: FormData,
    problems: tuple[Problem, ...] = (),
) -> Response:
    return view.show("act.html", _values(view, write, fields, form), problems)
