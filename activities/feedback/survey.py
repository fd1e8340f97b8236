"""The survey, the looks at open complaints, and the evaluation against the targets."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import select

from activities.feedback import counts
from activities.recording import Case, Writer, writes
from models.messages.feedback import FeedbackOutcome, FeedbackPeriod, FeedbackState
from models.tables import Evaluation, Event, SurveyAnswer
from models.values.decisions.decision import Decision
from models.values.feedback import (
    EvaluationFacts,
    Interval,
    Look,
    Measurement,
    TargetResult,
)
from models.values.waits import Consequence
from rules import feedback as law
from runtime.record.journal import Recorded
from runtime.rows.digests import answer_for

SURVEY_OPENED = "feedback.survey_opened"
IDS_SHOWN = 100
"""Most ticket ids that one event names; their number is always exact."""


class Evaluations(Writer):
    """Writes the survey's opening, the looks at open tickets and the evaluation."""

    @writes("Evaluations.open_survey", event=SURVEY_OPENED, into=FeedbackPeriod)
    async def open_survey(self, case: Case) -> Recorded[FeedbackPeriod]:
        """Ask every household; a full census, so n and the response rate say all (5.6)."""
        closes_at = case.ends(case.now, case.timetable.survey_open)
        case.wait_for("survey", closes_at, who="owners", then=Consequence.TICKETS_LOOKED_AT)
        case.notify("all_owners", "survey_opened", closes_at=closes_at)
        return Recorded(
            FeedbackPeriod(survey_closes_at=closes_at),
            {"closes_at": closes_at.isoformat()},
        )

    @writes(
        "Evaluations.count_open_tickets",
        event="feedback.tickets_looked_at",
        into=FeedbackState,
        request=lambda looks: Look(number=looks),
    )
    async def count_open_tickets(self, case: Case, looks: int) -> Recorded[FeedbackState]:
        """Look at the open tickets, once a working day, until none is open or their time is over."""
        opened = await counts.event_details(case, SURVEY_OPENED)
        closed_at = datetime.fromisoformat(str(opened["closes_at"])) if opened else case.now
        case.not_before(await _next_look_at(case) or closed_at)
        tickets = await counts.open_ticket_ids(case)
        again = law.next_look(case.now, closed_at, len(tickets), case.timetable, case.calendar)
        if again is None:
            case.goes_on()
        else:
            case.wait_for("tickets", again, then=Consequence.TICKETS_LOOKED_AT)
        return Recorded(
            FeedbackState(
                open_tickets=len(tickets),
                look_again_at=again,
            ),
            {
                "look": looks,
                "open": len(tickets),
                "tickets": list(tickets[:IDS_SHOWN]),
                "look_again_at": None if again is None else again.isoformat(),
            },
        )

    @writes("Evaluations.evaluate", event="feedback.evaluated", into=FeedbackOutcome, bulk=True)
    async def evaluate(self, case: Case) -> Recorded[FeedbackOutcome]:
        """Measure every indicator and put it beside its target; below the floor a plan is due (E48)."""
        _, scheme = await case.scheme()
        facts = await counts.evaluation_facts(case)
        measured = law.measurements(facts)
        results = [law.compare_with_target(measured, target) for target in scheme.targets]
        await _write_rows(case, measured, results)
        # The answers came without events: this one answers for all of them.
        answer_for(case.session, SurveyAnswer)
        floor = law.satisfaction_floor(facts.satisfied, facts.answers, case.timetable)
        plan = _ask_for_plan(case, floor)
        case.goes_on()
        case.is_last_word()
        met = sum(result.met for result in results)
        return Recorded(
            FeedbackOutcome(outcome="evaluated", targets_met=met, targets=len(results)),
            {
                **_evaluation_details(facts, measured, results, floor),
                "targets_met": met,
                **plan,
            },
        )


async def _next_look_at(case: Case) -> datetime | None:
    """When this stage said that it would look at the tickets again; None before its first look."""
    said = await case.session.scalar(
        select(Event.details["look_again_at"].as_string())
        .where(
            Event.renovation_id == case.renovation.id,
            Event.kind == "feedback.tickets_looked_at",
            Event.workflow_id == case.command.workflow_id,
        )
        .order_by(Event.seq.desc())
        .limit(1)
    )
    return datetime.fromisoformat(said) if said else None


async def _write_rows(
    case: Case, measured: tuple[Measurement, ...], results: list[TargetResult]
) -> None:
    """One row per indicator. A later evaluation (re-survey, E48) replaces the figures; the events
    keep the earlier ones. Without a target the row says 0/1, which is no demand.
    """
    targets = {result.measured.indicator: result for result in results}
    unknown = {name: result.measured for name, result in targets.items()}
    for each in {**unknown, **{one.indicator: one for one in measured}}.values():
        target = targets.get(each.indicator)
        await case.session.merge(
            Evaluation(
                renovation_id=case.renovation.id,
                indicator=each.indicator,
                numerator=each.numerator,
                denominator=each.denominator,
                missing=each.missing,
                target_numerator=target.target_numerator if target else 0,
                target_denominator=target.target_denominator if target else 1,
            )
        )


def _ask_for_plan(case: Case, floor: Decision) -> dict[str, JsonValue]:
    """Below the floor: improvement plan and a new survey (E48). Without answers: only the survey.

    Committee and street office hold it themselves: the case holds no second one.
    """
    if floor.passed:
        return {}
    re_survey_at = case.ends(case.now, case.timetable.re_survey)
    template = "improvement_plan_due" if floor.verdict == "FAIL" else "survey_without_answers"
    case.notify("owners_committee", template, re_survey_at=re_survey_at)
    case.notify("street_office", template, re_survey_at=re_survey_at)
    return {"follow_up": template, "re_survey_at": re_survey_at.isoformat()}


def _evaluation_details(
    facts: EvaluationFacts,
    measured: tuple[Measurement, ...],
    results: list[TargetResult],
    floor: Decision,
) -> dict[str, JsonValue]:
    interval: Interval | None = law.wilson(facts.satisfied, facts.answers)
    checks: list[JsonValue] = [result.check.model_dump(mode="json") for result in results]
    return {
        "indicators": [each.model_dump(mode="json") for each in measured],
        "satisfaction": {
            "satisfied": facts.satisfied,
            "n": facts.answers,
            "asked": facts.units,
            "wilson_95_permille": None if interval is None else interval.model_dump(mode="json"),
        },
        "targets": len(results),
        "checks": [*checks, *(check.model_dump(mode="json") for check in floor.checks)],
    }
