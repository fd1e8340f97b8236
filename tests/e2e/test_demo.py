import json
import os
import subprocess
import sys
from typing import Any

import pytest

from runtime.parts import HOUSE
from runtime.settings import LocalSettings, environment_names

LIMIT_S = 240
STAGES = {
    "voting": "adopted",
    "cost_sharing": "funded",
    "bidding": "signed",
    "inspection": "accepted",
    "feedback": "evaluated",
}


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    foreign = set(environment_names(LocalSettings).values())
    words = ["demo", "--units", "60", "--day-s", "0.2", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", *words],
        cwd=HOUSE,
        env={name: value for name, value in os.environ.items() if name not in foreign},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1, "one JSON object is all that stands on standard output"
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_the_journey_goes_through_all_five_stages(report: dict[str, Any]) -> None:
    assert {stage["name"]: stage["outcome"] for stage in report["stages"]} == STAGES
    assert report["state"] == "completed"
    assert all(stage["events"] > 1 for stage in report["stages"])
    assert report["units"] == 60


def test_the_chain_verifies_and_the_shares_are_exact(report: dict[str, Any]) -> None:
    assert report["event_chain_ok"] is True
    assert report["shares_sum_exact"] is True
    assert report["shares_total"] == 38_220_000_000


def test_the_published_figures_of_the_tender_come_out(report: dict[str, Any]) -> None:
    assert report["bids"] == 57
    assert report["contract_value"] == 32_058_693_000


def test_the_quorum_is_short_once_and_the_vote_is_extended_once(report: dict[str, Any]) -> None:
    looks = [
        check
        for check in report["checks"]
        if check["event"] == "voting.turnout_checked" and check["code"] == "voting.quorum.head"
    ]
    assert [check["passed"] for check in looks] == [False]
    closed = [
        check["passed"]
        for check in report["checks"]
        if check["event"] == "voting.box_closed" and check["code"] == "voting.quorum.head"
    ]
    assert closed == [True, True]


def test_each_kind_of_bad_ballot_is_refused_for_its_reason(report: dict[str, Any]) -> None:
    ballots = report["ballots"]
    assert set(ballots["refused"]) == {
        "credential.other_unit",
        "voting.box_closed",
        "voting.motion_unknown",
        "voting.unit_not_on_roll",
    }
    assert ballots["accepted"] > 40
    assert ballots["repeated"] == 1


def test_one_inspection_fails_and_somebody_else_passes_the_rectified_work(
    report: dict[str, Any],
) -> None:
    failed = [each for each in report["inspections"] if each["outcome"] == "FAIL"]
    assert len(failed) == 1
    after = [
        each
        for each in report["inspections"]
        if each["item"] == failed[0]["item"] and each["round"] == failed[0]["round"] + 1
    ]
    assert [each["outcome"] for each in after] == ["PASS"]
    assert after[0]["inspector"] != failed[0]["inspector"]


def test_the_complaint_climbs_above_the_community_and_is_closed(report: dict[str, Any]) -> None:
    (ticket,) = report["tickets"]
    assert ticket["state"] == "closed"
    assert ticket["escalations"] >= 2


def test_every_workflow_of_the_house_has_a_history(report: dict[str, Any]) -> None:
    assert set(report["history_events"]) == {
        "BiddingWorkflow",
        "CostSharingWorkflow",
        "FeedbackWorkflow",
        "InspectionWorkflow",
        "PublicationWorkflow",
        "RenovationWorkflow",
        "TicketWorkflow",
        "VotingWorkflow",
    }
    assert sum(report["history_events"].values()) == report["history_events_total"]
