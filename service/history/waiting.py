"""Why a case waits: what is awaited, of whom, until when, what happens then, and what must be true, with both numbers.

The tree is computed from the rows at the moment of the question, by the rules that decide; it is there too when no
worker runs.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select

from models.messages.ids import collections_of
from models.tables import CaseWait, Objection, Publication
from models.values.base import Carried
from models.values.decisions.decision import Check
from models.values.inspection import ItemState
from models.values.refusal import problem
from models.values.states import (
    OPEN_STATES,
    ObjectionState,
    PublicationState,
    RenovationState,
    Stage,
)
from models.values.voting import ReportedTally
from rules.checks import check
from rules.cost_sharing import collected
from rules.disclosure.events import REDACTED
from rules.time import lateness
from rules.voting import pack_for
from rules.voting.packs import quorum
from runtime.language.checks import check_sentence
from runtime.language.sentences import awaited, phrase, sentence
from runtime.record.agenda import load_waits
from runtime.record.cases import Trouble
from service.channels.open_box import read_ready
from service.parts import Parts
from service.reading.money import list_instalments
from service.situation import Situation
from service.views import RenovationView, turnout_of

ENGINE_LATE = "engine_late"


class Cause(Carried):
    """Something that a case waits for, or that must be true before it goes on.

    `met` is None where it is no test. `rule` is a section of rules.md, `article` that of a text of law, "" where
    none has it. `who` may end it: roles or an audience; "" is the engine itself. `then` is what
    the engine does at `until`. Moments are case time, of `kind` "trouble" real time.
    """

    kind: str
    name: str
    said: str
    met: bool | None = None
    have: str = ""
    need: str = ""
    unit: str = ""
    rule: str = ""
    article: str = ""
    who: str = ""
    since: datetime | None = None
    until: datetime | None = None
    late_since: datetime | None = None
    then: str = ""


class Reason(Cause):
    """The same with what must be true for it."""

    reasons: tuple[Cause, ...] = ()

    @property
    def is_bare(self) -> bool:
        """It only says that one workflow waits for another, whose own line says of whom and until when."""
        return self.kind == "wait" and not (self.who or self.until or self.reasons)


class Waiting(Carried):
    """Why a case is where it is; nothing of one that is over."""

    state: RenovationState
    stage: Stage
    waiting_for: str
    case_now: datetime
    reasons: tuple[Reason, ...]


async def why(parts: Parts, situation: Situation, view: RenovationView, language: str) -> Waiting:
    """The tree of reasons; `view` is the case as whoever asks may read it.

    Everybody may ask: what is counted for it is counted once a while for all of them (`service.edge.ready`).
    """
    reasons: list[Reason] = []
    if view.state in OPEN_STATES:
        async with parts.database.session() as session:
            waits = await load_waits(session, situation.id)
        for wait in waits:
            checks = await _tests(parts, situation, view, wait)
            reasons.append(_awaited(wait, view, checks, language))
        reasons += _beside(view, language)
    return Waiting(
        state=view.state,
        stage=view.stage,
        waiting_for=view.waiting_for,
        case_now=view.case_now,
        reasons=tuple(reasons),
    )


def _awaited(
    wait: CaseWait, view: RenovationView, checks: Sequence[Check], language: str
) -> Reason:
    late = wait.late_since or (wait.due_at if _over(wait, view) else None)
    engine_late = late is not None and not wait.who
    tests = [_test(each, language) for each in checks]
    if engine_late:
        said = phrase("why.engine_late", language, {}) or ENGINE_LATE
        tests.append(Cause(kind=ENGINE_LATE, name=wait.what, said=said, met=False))
    return Reason(
        kind="wait",
        name=wait.what,
        said=awaited(wait.what, language),
        rule=lateness.basis(wait.what).rule,
        article=lateness.basis(wait.what).article,
        who=wait.who,
        since=wait.since,
        until=wait.due_at,
        late_since=late,
        then=sentence(problem(f"then.{wait.consequence}"), language) if wait.consequence else "",
        reasons=tuple(tests),
    )


def _over(wait: CaseWait, view: RenovationView) -> bool:
    return wait.due_at is not None and wait.due_at < view.case_now


def _test(of: Check, language: str) -> Cause:
    return Cause(
        kind="test",
        name=of.code,
        said=check_sentence(of, language),
        met=of.passed,
        have="" if of.have is None else str(of.have),
        need="" if of.need is None else str(of.need),
        unit=of.unit,
        article=of.article,
    )


def _beside(view: RenovationView, language: str) -> list[Reason]:
    """What no line of the agenda says: steps that broke, consents and people who are missing."""
    broken = [
        Reason(
            kind="trouble",
            name=each.step,
            said=_broke(each, language),
            met=False,
            since=each.since,
        )
        for each in view.needs_attention
    ]
    consents = [
        Reason(
            kind="consent",
            name=each.work_id,
            said=phrase("why.consent", language, {"work": each.work_id}) or "",
            met=False,
            who="owner",
        )
        for each in view.consents_missing
    ]
    lacks = [
        Reason(
            kind="lack",
            name=each.kind,
            said=phrase("why.lack", language, {"have": each.have, "need": each.need}) or "",
            met=False,
            have=str(each.have),
            need=str(each.need),
            unit="people",
            who=", ".join(each.roles),
        )
        for each in view.lacks
    ]
    return [*broken, *consents, *lacks]


def _broke(trouble: Trouble, language: str) -> str:
    if trouble.error == REDACTED:
        return phrase("why.trouble_inside", language, {}) or ""
    params = {"error": trouble.error, "step": trouble.step}
    return phrase("why.trouble", language, params) or ""


Tests = Callable[[Parts, Situation, RenovationView], Awaitable[Sequence[Check]]]


async def _tests(
    parts: Parts, situation: Situation, view: RenovationView, wait: CaseWait
) -> Sequence[Check]:
    """What must be true for this wait to end well, by the rules that decide it then.

    By what comes in of a later instalment nothing is decided.
    """
    found = TESTS.get(wait.what.partition(".")[0])
    beside = wait.workflow_id.startswith(collections_of(situation.id))
    return () if found is None or beside else await found(parts, situation, view)


async def _turnout(parts: Parts, situation: Situation, view: RenovationView) -> Sequence[Check]:
    checks: list[Check] = []
    for box in (view.box, *view.other_boxes):
        if box is not None and box.result is None:
            found = await read_ready(parts, situation.id, turnout_of, box.id)
            tally = ReportedTally(
                roll_heads=found.roll_heads,
                roll_area_dm2=found.roll_area_dm2,
                participating_heads=found.participating_heads,
                participating_area_dm2=found.participating_area_dm2,
            )
            checks += quorum(pack_for(situation.rule_pack), tally).checks
    return checks


async def _money(parts: Parts, situation: Situation, _view: RenovationView) -> Sequence[Check]:
    async def counted() -> Sequence[Check]:
        async with parts.database.session() as session:
            every = await list_instalments(session, situation)
        first = min((each.due_at for each in every), default=None)
        lines = [each for each in every if each.due_at == first]
        due = sum(each.amount_fen for each in lines)
        have = due - sum(each.open_fen for each in lines)
        return collected(have, due, situation.timetable).checks

    return await parts.ready.read(("why_money", situation.id), counted)


async def _objections(parts: Parts, situation: Situation, view: RenovationView) -> Sequence[Check]:
    subject = view.waiting_for.partition(".")[2]
    by = lateness.basis(f"answers.{subject}")
    article = by.article or f"rules {by.rule}"
    async with parts.database.session() as session:
        waiting = await session.scalar(
            select(func.count())
            .select_from(Objection)
            .join(Publication, Publication.id == Objection.publication_id)
            .where(
                Publication.renovation_id == situation.id,
                Publication.state == PublicationState.OPEN,
                Objection.state == ObjectionState.OPEN,
            )
        )
    return (check("why.objections_answered", article, waiting or 0, "<=", 0, "items"),)


async def _works(_parts: Parts, _situation: Situation, view: RenovationView) -> Sequence[Check]:
    counted = {each.state: each.items for each in view.works}
    given_up = counted.get(ItemState.CANCELLED, 0)
    total = sum(counted.values()) - given_up
    passed = counted.get(ItemState.PASSED, 0)
    return (check("why.items_passed", "Quality Regs art. 16(2)", passed, ">=", total, "items"),)


async def _tickets(_parts: Parts, _situation: Situation, view: RenovationView) -> Sequence[Check]:
    article = lateness.basis("tickets").article
    return (check("why.complaints_closed", article, view.open_tickets, "<=", 0, "items"),)


TESTS: Mapping[str, Tests] = {
    "ballots": _turnout,
    "turnout": _turnout,
    "payments": _money,
    "paid_up": _money,
    "objections": _objections,
    "answers": _objections,
    "publication": _objections,
    "works": _works,
    "record_inspection": _works,
    "accept_works": _works,
    "tickets": _tickets,
}
"""By what is awaited the tests whose numbers are known before it ends; how many have bid is not (art. 22)."""
