"""Where a case stood, by the record alone."""

from datetime import timedelta

from rules.history.levels import LEVELS, HistoryLevel, kinds_shown
from rules.history.periods import SPANS, TURNING, narrowest, opened
from rules.history.standing import GONE, TOLD, CaseStanding, Window, differences, standing
from tests.support.record.events import START, event


def test_each_level_shows_what_the_one_before_it_shows_and_more() -> None:
    shown = [kinds_shown(level) for level in HistoryLevel]
    assert shown[0] < shown[1] < shown[2] == set(LEVELS)


def test_what_turns_a_period_or_tells_of_the_standing_is_a_kind_of_the_record() -> None:
    assert TURNING | TOLD.keys() | GONE.keys() <= LEVELS.keys()


def test_a_period_is_open_from_the_event_that_opens_it_to_the_one_that_ends_it() -> None:
    for span in SPANS:
        (first, *_), (last, *_) = sorted(span.opened_by), sorted(span.ended_by)
        began = opened({}, event(3, first))
        assert began[span.name] == 3
        assert span.name not in opened(began, event(4, last))
    assert (
        narrowest(
            opened(opened({}, event(1, "inspection.works_begun")), event(2, "publication.opened"))
        )
        == "publication"
    )


def test_a_stage_that_is_over_leaves_nothing_open() -> None:
    began = opened({}, event(1, "inspection.works_begun"))
    assert opened(began, event(2, "renovation.stage_entered")) == {}


def test_the_standing_follows_the_record() -> None:
    story = [
        event(1, "renovation.opened"),
        event(2, "renovation.stage_entered", stage="inspection"),
        event(3, "feedback.ticket_opened", ticket="t1"),
        event(4, "feedback.ticket_taken_in", ticket="t1"),
        event(5, "inspection.inspection_recorded", item="roof", state="passed", outcome="PASS"),
        event(6, "inspection.inspection_recorded", item="walls", state="reported", outcome="PASS"),
        event(7, "bidding.contract_signed", bidder="b1", value_fen=5),
    ]
    found = standing(story)
    assert (found.stage, found.open_complaints, found.items_passed) == ("inspection", 1, 1)
    assert (found.contractor, found.contract_fen, found.state, found.seq) == ("b1", 5, "running", 7)
    later = standing(
        [*story, event(8, "inspection.inspection_recorded", item="roof", state="rejected")]
    )
    assert later.items_passed == 0
    assert [each.field for each in differences(found, later)] == ["items_passed"]


def test_who_has_left_is_no_contractor_and_bids_are_of_their_round() -> None:
    awarded = [
        event(1, "bidding.tender_published", round=1),
        event(2, "bidding.bids_opened", bids=["b1", "b2", "b3"]),
        event(3, "bidding.contract_awarded", bidder="b1"),
    ]
    for kind in ("candidate_withdrawn", "candidate_struck", "signature_missed"):
        assert standing([*awarded, event(4, f"bidding.{kind}", bidder="b1")]).contractor == ""
        assert standing([*awarded, event(4, f"bidding.{kind}", bidder="b2")]).contractor == "b1"
    assert standing([*awarded, event(4, "bidding.candidate_struck", struck=None)]).contractor
    again = standing(
        [
            *awarded,
            event(4, "bidding.contract_signed", bidder="b1", value_fen=5),
            event(5, "inspection.contract_terminated", contractor="b1"),
            event(6, "bidding.tender_published", round=2),
        ]
    )
    assert (again.contractor, again.bids_opened, again.tender_round) == ("", None, 2)


def test_before_its_first_event_a_case_has_no_state() -> None:
    assert standing([]) == CaseStanding()


def test_a_window_asks_when_it_happened_and_when_it_was_known() -> None:
    late = event(2, "feedback.ticket_opened", 3, 9)
    assert Window().holds(late)
    assert Window(as_of=START + timedelta(days=3)).holds(late)
    assert not Window(as_of=START + timedelta(days=2)).holds(late)
    assert not Window(known=START + timedelta(days=8)).holds(late)
