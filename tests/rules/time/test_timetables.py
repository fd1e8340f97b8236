import pytest

from models.values.timetable import Period, Timetable, calendar_days, working_days
from rules.time.timetables import LEGAL_BOUNDS, check_timetable
from tests.support.cases import book

FIELD_OF_TIMER = {
    "meeting.notice.min": "vote_notice",
    "ballot.window.max": "vote_open_max",
    "ballot.extension.default": "extension",
    "decision.publish": "decision_publication",
    "cost_share.publicity.default": "scheme_publication",
    "fund.topup": "fund_top_up",
    "tender.doc.sale": "document_sale",
    "tender.period": "bid_preparation",
    "tender.clarification": "clarification_before_deadline",
    "tender.objection.docs": "document_objection_before_deadline",
    "tender.objection.reply": "tender_objection_answer",
    "tender.candidates.publish": "candidate_publication",
    "tender.candidates.publicity": "candidate_publicity",
    "tender.complaint": "tender_complaint",
    "tender.complaint.accept": "tender_complaint_acceptance",
    "tender.complaint.decide": "tender_complaint_decision",
    "tender.report": "award_report",
    "contract.sign": "contract_signing",
    "bidbond.return.after_contract": "bond_return",
    "bidbond.return.after_withdrawal": "bond_return",
    "concealed.notice": "concealed_notice_hours",
    "accident.report": "accident_report_hours",
    "completion.filing": "completion_filing",
    "sme.payment": "contractor_payment",
    "retention.verify": "retention_verification",
    "retention.return": "retention_return",
    "defect_liability": "defect_liability_months",
    "hotline.resolve": "ticket_total",
    "grid.level1": "ticket_grid_hours",
    "grid.community": "ticket_community",
    "grid.subdistrict": "ticket_street",
    "callback.after_close": "callback",
}
UNIT = {"d": "calendar", "wd": "working"}


def timers() -> dict[str, tuple[int, str]]:
    return {row[0]: (row[1], row[2]) for row in book("timers")["timers"]}


@pytest.mark.parametrize("timer", sorted(FIELD_OF_TIMER))
def test_a_default_is_the_value_of_the_timer_list(timer: str) -> None:
    value, unit = timers()[timer]
    found = getattr(Timetable(), FIELD_OF_TIMER[timer])
    if isinstance(found, Period):
        assert (found.days, found.kind) == (value, UNIT[unit])
    else:
        assert (found, unit in {"h", "m"}) == (value, True)


def test_the_ballot_window_and_the_fund_trigger_agree_with_the_timer_list() -> None:
    listed = timers()
    least = next(b for b in LEGAL_BOUNDS if b.field == "vote_open" and b.op == ">=")
    assert listed["ballot.window.min"] == (least.limit, "d")
    percent, _ = listed["fund.topup.trigger_pct"]
    assert Timetable().fund_top_up_trigger_permille == 10 * percent
    assert listed["sme.payment.agreed"] == (bound("contractor_payment").limit, "d")


def bound(field: str):
    return next(each for each in LEGAL_BOUNDS if each.field == field)


def test_the_defaults_are_lawful_and_every_bound_is_looked_at() -> None:
    decision = check_timetable(Timetable())
    assert decision.passed
    assert len(decision.checks) == len(LEGAL_BOUNDS)


@pytest.mark.parametrize("each", LEGAL_BOUNDS, ids=lambda b: f"{b.field} {b.op} {b.limit}")
def test_one_step_beyond_a_bound_fails_with_both_numbers(each) -> None:
    wrong = each.limit - 1 if each.op == ">=" else each.limit + 1
    kind = each.kind if each.kind in {"calendar", "working"} else None
    value = Period.model_validate({"days": wrong, "kind": kind}) if kind else wrong
    # model_copy passes over the field's own limits, which may be stricter than the bound.
    decision = check_timetable(Timetable().model_copy(update={each.field: value}))
    assert decision.verdict == "FAIL"
    (failed,) = decision.failed
    assert failed.code == f"timetable.{each.field}"
    assert (failed.have, failed.op, failed.need) == (wrong, each.op, each.limit)
    assert failed.article == each.article


def test_fifteen_working_days_of_notice_are_more_than_fifteen_days() -> None:
    assert check_timetable(Timetable(vote_notice=working_days(15))).passed


def test_three_working_days_may_last_longer_than_three_days() -> None:
    # Before the National Day three working days end eleven days later.
    decision = check_timetable(Timetable(tender_objection_answer=working_days(3)))
    assert [check.code for check in decision.failed] == ["timetable.tender_objection_answer"]


def test_five_calendar_days_are_within_five_working_days() -> None:
    assert check_timetable(Timetable(ticket_total=calendar_days(5))).passed


def test_what_no_law_fixes_may_be_set_freely() -> None:
    timetable = Timetable(re_vote_wait=calendar_days(1), survey_open=calendar_days(1))
    assert check_timetable(timetable).passed
