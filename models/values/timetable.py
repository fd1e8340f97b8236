"""Time as the law counts it: working-day calendars, and the timetable of one renovation.

Tags as in the rule book: [V] verified in a text of law, [M] from memory, [D] default proposed by
this project. What is [M] or [D] is configuration and never a constant in code.
"""

from datetime import date
from typing import Literal

from pydantic import Field

from models.values.base import Carried


class WorkCalendar(Carried):
    """The days off and the make-up days that the State Council has announced.

    The announcement covers `first_on` to `last_on`, both included; outside of it only weekends and
    the holidays with a fixed date are known, and what is computed there is provisional.
    """

    first_on: date
    last_on: date
    holidays: tuple[date, ...] = ()
    """Weekdays that are days off."""
    make_up: tuple[date, ...] = ()
    """Weekend days that are worked."""


class Period(Carried):
    """A number of days, `calendar` or `working`; the day of the event itself never counts."""

    days: int = Field(ge=0, le=3_650)
    kind: Literal["calendar", "working"] = "calendar"


def calendar_days(days: int) -> Period:
    """A period of calendar days (日)."""
    return Period(days=days, kind="calendar")


def working_days(days: int) -> Period:
    """A period of working days (工作日)."""
    return Period(days=days, kind="working")


DROPPED = frozenset({"objection_acknowledgement", "tender_notice"})
"""Periods of earlier releases that nothing kept: the receipt acknowledges an objection at once, and bids
come in as soon as the tender is published."""
WAITING = frozenset(
    {
        "fund_top_up",
        "fund_top_up_trigger_permille",
        "relief_permille",
        "compensation_cap_permille",
        "tender_complaint",
        "tender_complaint_acceptance",
        "tender_complaint_decision",
        "concealed_postponement_hours",
        "hold_answer_hours",
        "accident_report_hours",
        "acceptance_notice",
        "progress_permille",
        "prepayment_permille",
        "defect_urgent_hours",
        "defect_repair",
        "ticket_pause_max",
        "evaluation_publication",
    }
)
"""Periods and limits that nothing keeps yet: whoever names one is told. Each says below what it waits for."""


class Timetable(Carried):
    """Every period and limit of one renovation, with the default and its source.

    `rules.time.timetables.check_timetable` says which values fall below the law.
    """

    zone: str = "Asia/Shanghai"
    """IANA zone in which days begin and end."""

    # Whoever is awaited
    escalation: Period = calendar_days(7)
    """From the reminder of whoever is late to the notice to the level above, and from level to level [D]."""
    suspension_review: Period = calendar_days(30)
    """To resume a renovation that was suspended, or to be asked why not [D, E6]."""

    # Voting
    vote_opening: Period = calendar_days(30)
    """To announce the vote, from when it may be announced [D]."""
    vote_notice: Period = calendar_days(15)
    """Notice to all owners before the vote; at least 15 days [V Property Management Regs art. 14]."""
    vote_open: Period = calendar_days(15)
    """The ballot window, 5 to 60 days [V Hangzhou art. 20]; the default is [D]."""
    vote_open_max: Period = calendar_days(60)
    """The longest window, extension included [V Hangzhou art. 20]."""
    extension: Period = calendar_days(15)
    """One extension, only when the quorum is short [D; practice: Jiangmen portal]."""
    extension_limit: int = Field(default=1, ge=0, le=3)
    """How many extensions a vote may have [D]."""
    extension_decided_days_before: int = Field(default=1, ge=0, le=30)
    """The extension is decided this many days before the close, never after it [D]."""
    second_vote_hours: int = Field(default=24, ge=1, le=72)
    """How long a second vote that the law holds at once, in the same meeting, is open [D]."""
    decision_publication: Period = calendar_days(3)
    """The decision is posted within 3 days [V Shandong art. 32]."""
    result_objection: Period = calendar_days(7)
    """Objection window on the preliminary result (询异公示) [D; practice: Dongguan]."""
    objection_answer: Period = working_days(5)
    """A reasoned answer to an objection outside of tender matters [D]."""
    scheme_revision: Period = calendar_days(60)
    """To revise a scheme that a vote has rejected, or that no money covers [D]."""
    re_vote_limit: int = Field(default=3, ge=1, le=10)
    """Votes on one matter before it is shelved [D]."""
    re_vote_wait: Period = calendar_days(30)
    """Least time between two votes on one matter [D]."""
    re_vote_span: Period = calendar_days(365)
    """All votes on one matter happen within this time [D]."""
    challenge: Period = calendar_days(365)
    """Owners may ask a court to revoke within one year [V SPC interpretation art. 12]."""

    # Cost sharing
    scheme_publication: Period = calendar_days(7)
    """The scheme and the share table are published before the cost vote [D]."""
    subsidy_decision: Period = working_days(20)
    """To grant or decline what public money is asked for [D; after the 20 working days in which an
    application is decided, Administrative License Law art. 42 M]."""
    collection_decision: Period = working_days(10)
    """To decide what becomes of a collection that fell short [D]."""
    collection_reminders: tuple[Period, ...] = (calendar_days(15), calendar_days(30))
    """Reminders, counted from the due date [D, E13: two reminders]."""
    collection_deadline: Period = calendar_days(60)
    """From the call for contributions to the collection decision [D]."""
    instalment_interval: Period = calendar_days(60)
    """Between two instalments [D; HK practice]."""
    collection_threshold_permille: int = Field(default=900, ge=0, le=1_000)
    """Share of the owners' total that must be collected or guaranteed before works [D 2.5]."""
    # waits for the top-up of the maintenance fund
    fund_top_up: Period = calendar_days(30)
    """Top-up of the maintenance fund from notice [V Weifang art. 66]."""
    # waits for the top-up of the maintenance fund
    fund_top_up_trigger_permille: int = Field(default=300, ge=0, le=1_000)
    """Balance below this part of the first deposit calls for a top-up [V Weifang art. 66]."""
    # waits for relief out of hardship funds (E14)
    relief_permille: int = Field(default=800, ge=0, le=1_000)
    """Relief for subsistence-allowance households [V2 Changzhou]; configure per city."""
    # waits for compensation of the low floors (E9)
    compensation_cap_permille: int = Field(default=300, ge=0, le=1_000)
    """Compensation to low floors, of the project cost [V2 Zhuhai]."""
    subsidy_re_vote_permille: int = Field(default=50, ge=0, le=1_000)
    """A lost subsidy above this part of the owners' gap needs a new vote [D, E15]."""
    payment_unblocking: Period = working_days(3)
    """To have the mandate of a blocked account signed again [D, E17]."""
    refund_publication: Period = calendar_days(7)
    """Objection window on the refund sheet [D 2.6]."""
    refund_payment: Period = calendar_days(30)
    """Refund of an overpayment [D, E16]."""

    # Bidding
    tender_publication: Period = calendar_days(30)
    """To publish the tender, from the money or from a tender that failed [D]."""
    document_sale: Period = calendar_days(5)
    """Documents on sale at least 5 days [V Tendering Regs art. 16]."""
    bid_preparation: Period = calendar_days(20)
    """From the issue of documents to the deadline, at least 20 days [V Tendering Law art. 24]."""
    clarification_before_deadline: Period = calendar_days(15)
    """Changes that affect bids come at least 15 days before the deadline [V Law art. 23]."""
    document_objection_before_deadline: Period = calendar_days(10)
    """Objections to documents come at least 10 days before the deadline [V Regs art. 22]."""
    tender_objection_answer: Period = calendar_days(3)
    """Answer to an objection in tender matters; suspended meanwhile [V Regs art. 22, 54]."""
    bid_evaluation: Period = calendar_days(15)
    """The committee's report after the opening [D]; the bids are valid for longer."""
    direct_award: Period = working_days(20)
    """To approve a direct award after two tenders that failed [D, B-20]."""
    candidate_publication: Period = calendar_days(3)
    """Candidates are published within 3 days of the report [V Regs art. 54]."""
    candidate_publicity: Period = calendar_days(3)
    """Publicity of the candidates, at least 3 days [V Regs art. 54]."""
    # waits for complaints to the supervision of tenders (B-18)
    tender_complaint: Period = calendar_days(10)
    """A complaint within 10 days of knowing [V Regs art. 60]."""
    # waits for complaints to the supervision of tenders (B-18)
    tender_complaint_acceptance: Period = working_days(3)
    """Acceptance of a complaint [V Regs art. 61]."""
    # waits for complaints to the supervision of tenders (B-18)
    tender_complaint_decision: Period = working_days(30)
    """Decision on a complaint [V Regs art. 61]."""
    award: Period = calendar_days(15)
    """The award notice, from the end of the candidates' publicity [D]."""
    contract_signing: Period = calendar_days(30)
    """Contract within 30 days of the award notice [V Law art. 46]."""
    award_report: Period = calendar_days(15)
    """Report to the authority within 15 days of the award [V Law art. 47]."""
    bond_return: Period = calendar_days(5)
    """Bid bonds go back within 5 days of signing or withdrawal [V Regs art. 35, 57]."""
    bid_bond_permille: int = Field(default=20, ge=0, le=1_000)
    """Bid bond, at most 2% of the estimate [V Regs art. 26]."""
    performance_bond_permille: int = Field(default=100, ge=0, le=1_000)
    """Performance bond, at most 10% of the price [V Regs art. 58]."""
    tender_rounds: int = Field(default=2, ge=1, le=5)
    """Rounds before another route is taken [M, B-20]."""
    competition_bids: int = Field(default=3, ge=0, le=10)
    """Fewer valid bids go on only if the committee finds that they compete [M, E21]."""
    unsigned_fault: Literal["", "candidate", "tenderer"] = ""
    """Who is responsible for a contract that is not signed in time, by the documents, where nobody names
    a party; "" leaves the bond where it is until somebody does [M, E27]."""
    unsigned_bond_permille: int = Field(default=2_000, ge=1_000, le=5_000)
    """What the candidate gets back of its bid bond if the tenderer is responsible: double [M, E27]."""
    abnormal_mean_permille: int = Field(default=850, ge=0, le=1_000)
    """A bid below this part of the mean must be justified [D, B-21]."""
    abnormal_ceiling_permille: int = Field(default=800, ge=0, le=1_000)
    """A bid below this part of the ceiling must be justified [D, B-21]."""

    # Inspection
    works_start: Period = calendar_days(30)
    """To begin the works, from the signature of a contract that names no day [D, E36]."""
    works_grace: Period = calendar_days(14)
    """From the day on which works should have begun, or gone on, to the notice to cure [D, E36]."""
    works_silence: Period = calendar_days(30)
    """The longest time in which nothing of the works is reported or inspected [D]."""
    part_consent: Period = calendar_days(30)
    """An owner's word on works that occupy part of the own unit, from when the works wait for it [D, E9]."""
    item_inspection: Period = working_days(3)
    """To inspect an item that was reported [D]; concealed works by the hours of their notice."""
    completion_acceptance: Period = working_days(10)
    """The completion acceptance, from when the last item has passed [D]."""
    concealed_notice_hours: int = Field(default=48, ge=0, le=720)
    """Notice before concealed works are covered [M GF-2017-0201]."""
    # waits for postponements of an inspection (I-3)
    concealed_postponement_hours: int = Field(default=48, ge=0, le=720)
    """The inspector may ask for at most this postponement [M GF-2017-0201]."""
    # waits for holds that a resident supervisor asks for
    hold_answer_hours: int = Field(default=24, ge=1, le=720)
    """A resident supervisor's request to hold is answered within this time [D]."""
    # waits for accidents (E38)
    accident_report_hours: int = Field(default=24, ge=1, le=24)
    """A quality accident is reported within 24 hours [V Quality Regs art. 52]."""
    rectification_limit: int = Field(default=3, ge=1, le=10)
    """Re-inspections before the default of the contractor [D 4.1]."""
    rectification_period: Period = calendar_days(7)
    """To put right what failed an inspection [D]."""
    cure_notice: Period = calendar_days(14)
    """To cure a default once more, from the notice to cure [D; Civil Code art. 563: a reasonable time]."""
    termination_decision: Period = working_days(10)
    """The client decides what follows when the time to cure is over [D, E36]."""
    termination_measurement: Period = calendar_days(14)
    """The works of a contract that was terminated are measured [D, E36]."""
    # waits for the publicity before the acceptance
    acceptance_notice: Period = calendar_days(7)
    """Publicity before the completion acceptance [D]."""
    completion_filing: Period = calendar_days(15)
    """Filing of the completion [V Quality Regs art. 49]."""
    # waits for payments during the works
    progress_permille: int = Field(default=800, ge=0, le=1_000)
    """Progress payment, at least 80% of work done, state-funded [M]."""
    # waits for payments during the works
    prepayment_permille: int = Field(default=100, ge=0, le=300)
    """Prepayment, 10% to 30% [M]."""
    wage_permille: int = Field(default=300, ge=0, le=1_000)
    """The most of a contract's price that goes out as wages before anything is certified [D 4.2]."""
    retention_permille: int = Field(default=30, ge=0, le=1_000)
    """Quality retention, at most 3% of the settlement [V2 Jianzhi 2017 no. 138]."""
    retention_verification: Period = calendar_days(14)
    """Verification after the request for the retention [V2]."""
    retention_return: Period = calendar_days(14)
    """Return of the retention after verification [V2]."""
    contractor_payment: Period = calendar_days(30)
    """A public body pays an SME within 30 days, 60 if agreed, from the acceptance where that is agreed
    as a condition [V SME Payment Regs 2025 art. 9]."""
    variation_permille: int = Field(default=100, ge=0, le=1_000)
    """A variation above this part of the contract needs a new owners' decision [D, E33]."""
    contingency_permille: int = Field(default=50, ge=0, le=1_000)
    """Contingency, voted with the scheme [D; HK practice 5%]."""
    defect_liability_months: int = Field(default=24, ge=1, le=24)
    """Defect liability, at most 24 months [M]."""
    # waits for the warranty (E44)
    defect_urgent_hours: int = Field(default=24, ge=1, le=720)
    """Repair of leaks and electric faults under warranty [D, E44]."""
    # waits for the warranty (E44)
    defect_repair: Period = calendar_days(7)
    """Repair of other defects under warranty [D, E44]."""

    # Feedback
    ticket_grid_hours: int = Field(default=24, ge=1, le=720)
    """The grid worker solves, logs or passes on [D 5.2]."""
    ticket_community: Period = working_days(2)
    """At the community [D 5.2]."""
    ticket_street: Period = working_days(3)
    """At the street office [D 5.2]; all levels together stay within `ticket_total`."""
    ticket_district: Period = working_days(5)
    """At the district bureau [D 5.2]; all levels together stay within `ticket_total`."""
    ticket_city: Period = working_days(5)
    """At the city, after the levels below it failed [D 5.2]."""
    ticket_total: Period = working_days(5)
    """Resolution of a ticket from its opening [V Weifang Hotline Regs art. 20]."""
    # waits for pauses of a complaint
    ticket_pause_max: Period = working_days(5)
    """Longest total pause while waiting for the complainant [D 5.2]."""
    ticket_reopen: Period = calendar_days(15)
    """The complainant may reopen within this time [D 5.2]."""
    callback: Period = working_days(3)
    """Call-back after closing; the call-back is mandatory [V art. 25], its time [D]."""
    survey_open: Period = calendar_days(14)
    """The satisfaction survey is open [D]."""
    # waits for the publicity of the evaluation
    evaluation_publication: Period = calendar_days(7)
    """Publicity of the evaluation [D]."""
    re_survey: Period = calendar_days(90)
    """New survey after an improvement plan [D, E48]."""
    satisfaction_floor_permille: int = Field(default=850, ge=0, le=1_000)
    """Satisfaction floor [V2 county practice]."""

    # Suggestions; in an estate without a case by these defaults
    suggestion_review: Period = working_days(5)
    """To look at the words of a suggestion, from its arrival [D]."""
    suggestion_reply: Period = calendar_days(30)
    """To reply to a suggestion, from its arrival [D; that there is a reply: V Shanghai People's Suggestions
    Provisions]."""
    suggestion_threshold_permille: int = Field(default=200, ge=1, le=1_000)
    """Part of the units of the estate whose support makes a suggestion a matter of the next scheme [D; after
    the fifth of the owners that has a meeting called, Property Management Regs art. 13]."""

    # A second person
    proposal: Period = calendar_days(7)
    """An act that was proposed ends unless somebody else confirms it within this time [D]."""

    # What one sender (a unit, an official, a bidder) may send within `quota_days`
    quota_days: int = Field(default=1, ge=1, le=30)
    """The days in which what somebody sends is counted [D]."""
    quota_tickets: int = Field(default=10, ge=1, le=1_000)
    """Complaints and suggestions of a unit: each is somebody's work to answer [D]."""
    quota_objections: int = Field(default=5, ge=1, le=1_000)
    """Objections of a unit or an official: each must be answered before a publication closes [D]."""
    quota_suggestions: int = Field(default=5, ge=1, le=1_000)
    """Suggestions of a unit: each is somebody's work to review and to answer [D]."""
    quota_supports: int = Field(default=30, ge=1, le=1_000)
    """How often a unit joins suggestions of neighbours or takes it back [D]."""
    quota_opinions: int = Field(default=20, ge=1, le=1_000)
    """Opinions of a unit; the last one stands [D]."""
    quota_survey_answers: int = Field(default=5, ge=1, le=1_000)
    """Answers of a household to the survey [D]."""
    quota_bids: int = Field(default=10, ge=1, le=1_000)
    """Bids of a contractor that are withdrawn and sent again [D]."""
    quota_reminders: int = Field(default=3, ge=1, le=1_000)
    """Reminders that an official sends to everybody who has not voted [D]."""
