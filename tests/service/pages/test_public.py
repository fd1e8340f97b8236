"""What everybody reads of a case beside where it stands: money, outcome, answers, turnout over time, versions."""

import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest

from models.values.states import Stage
from rules.time.course import StagePlan
from service.pages.public.lane import lane, lanes
from tests.service.pages.conftest import Home
from tests.support.channels import Channels


@pytest.fixture
def anybody(vote: Channels) -> Home:
    return Home(vote.http, "")


async def paid(vote: Channels, homes: int, source: str = "owner") -> None:
    await vote.sql.execute(
        "INSERT INTO payment SELECT $1 || $3 || n, $1, $1 || $3 || n, n || '', 100000, $3, now()"
        " FROM generate_series(1, $2) n",
        *(vote.rid, homes, source),
    )


async def instalments(vote: Channels, homes: int) -> None:
    """Two instalments of each home: the first was due yesterday, the second is due in a month."""
    await vote.sql.execute(
        "INSERT INTO instalment (renovation_id, unit_number, number, due_at, amount_fen)"
        " SELECT $1::text, n || '', k, tick_of($1::text) + (k * 31 - 32) * interval '1 day', k * 100000"
        " FROM generate_series(1, $2) n, generate_series(1, 2) k",
        *(vote.rid, homes),
    )


async def filled(vote: Channels) -> list[str]:
    """A case with money, an evaluation and two versions of the scheme; the paths of what tells of them."""
    await vote.sql.execute(
        "INSERT INTO share_total SELECT $1, 'award', n || '', 300000 FROM generate_series(1, 12) n",
        vote.rid,
    )
    await instalments(vote, 12)
    await paid(vote, 6)
    await paid(vote, 3, "fund")
    for name, part, whole in (
        ("satisfaction", 9, 10),
        ("collection_amount", 60_000_000, 80_000_000),
    ):
        await vote.sql.execute(
            "INSERT INTO evaluation VALUES ($1, $2, $3, $4, 2, 85, 100)",
            *(vote.rid, name, part, whole),
        )
    await second_version(vote)
    return [
        f"/cases/{vote.rid}/money",
        f"/cases/{vote.rid}/outcome",
        "/estates?place=d/s/c/g",
    ]


async def second_version(vote: Channels) -> None:
    content = json.loads(
        await vote.sql.fetchval("SELECT content FROM scheme WHERE renovation_id=$1", vote.rid)
    )
    content["items"][0]["cost_fen"] += 100_000
    content["funding"] = [{"id": "s", "source": "subsidy", "amount_fen": 5_000_000}]
    await vote.sql.execute(
        "INSERT INTO scheme (renovation_id, version, title, content, budget_fen, created_at)"
        " VALUES ($1, 2, 'Second', $2, 9000000, now())",
        *(vote.rid, json.dumps(content)),
    )


async def test_money_is_told_in_sums_and_never_where_it_would_say_who_paid(
    vote: Channels, anybody: Home
) -> None:
    await vote.sql.execute(
        "INSERT INTO share_total SELECT $1, 'award', n || '', 300000 FROM generate_series(1, 6) n",
        vote.rid,
    )
    await paid(vote, 4)
    few = (await anybody.get(f"/cases/{vote.rid}/money")).text
    assert "¥18,000.00" in few
    assert "fewer than five homes" in few
    assert "¥4,000.00" not in few
    await paid(vote, 5, "relief")  # it is told with the owners' own, nobody learns of hardship
    await paid(vote, 6, "subsidy")
    said = (await anybody.get(f"/cases/{vote.rid}/money")).text
    assert "¥9,000.00" in said
    assert "relief" not in said.lower()
    assert "¥6,000.00" in said
    assert 'class="hue0"' in said
    assert (
        "业主缴纳或代缴" in (await Home(vote.http, "", "zh").get(f"/cases/{vote.rid}/money")).text
    )


async def test_each_instalment_stands_with_what_came_in_for_it(
    vote: Channels, anybody: Home
) -> None:
    await instalments(vote, 12)
    await paid(vote, 7)
    said = (await anybody.get(f"/cases/{vote.rid}/money")).text
    rows = re.findall(r"<h4>Instalment (\d) (.*?)</section>", said, re.DOTALL)
    cells = [(number, *re.findall(r"<dd>(¥[^<]*)</dd>", row)) for number, row in rows]
    assert cells == [("1", "¥12,000.00", "¥7,000.00"), ("2", "¥24,000.00", "¥0.00")]
    assert "not complete" in rows[0][1]
    assert "later" in rows[1][1]
    # Of the second one three homes pay a part: their sum would say who has.
    await paid(vote, 3, "relief")
    said = (await anybody.get(f"/cases/{vote.rid}/money")).text
    assert said.count("fewer than five homes") == 1


async def test_what_came_of_it_stands_beside_its_targets(vote: Channels, anybody: Home) -> None:
    path = f"/cases/{vote.rid}/outcome"
    assert "made after the works" in (await anybody.get(path)).text
    for name, part, whole in (("satisfaction", 9, 10), ("budget_execution", 10, 0)):
        await vote.sql.execute(
            "INSERT INTO evaluation VALUES ($1, $2, $3, $4, 2, 8, 10)", vote.rid, name, part, whole
        )
    said = (await anybody.get(path)).text
    assert "(90.0 %)" in said
    assert "2 more are not counted here" in said
    assert "There was nothing to measure." in said


async def test_how_fast_complaints_were_answered_is_told_month_by_month(
    vote: Channels, anybody: Home
) -> None:
    for name, hours in (("a", 3), ("b", 100), ("c", None)):
        await vote.sql.execute(
            "INSERT INTO ticket (id, renovation_id, command_id, kind, text, level, state, opened_at,"
            " due_at, resolved_at) VALUES ($1 || $2, $1, $1 || $2, 'defect', 'words', 'grid', 'open',"
            " '2026-03-31T20:00Z', now(), '2026-03-31T20:00Z'::timestamptz + $3 * interval '1 hour')",
            *(vote.rid, name, hours),
        )
    said = (await anybody.get(f"/cases/{vote.rid}/works")).text
    row = said[said.index("2026-04") :]  # it was April already at the place of the case
    assert [row.index(each) for each in ("2 of 3", "3 hours", "5 days")] == sorted(
        row.index(each) for each in ("2 of 3", "3 hours", "5 days")
    )


async def test_the_turnout_is_drawn_against_what_the_law_asks_with_its_table(
    vote: Channels, anybody: Home
) -> None:
    for number in (1, 2, 3):
        assert (await vote.web(f"1-{number}01", "yes")).status_code == 201
    said = (await anybody.get(f"/cases/{vote.rid}/vote")).text
    assert said.count("<polyline") == 2
    assert 'class="bound"' in said


async def test_each_version_of_the_scheme_says_what_it_changed(
    vote: Channels, anybody: Home
) -> None:
    await second_version(vote)
    said = (await anybody.get(f"/cases/{vote.rid}/scheme")).text
    assert "¥84,000.00 → ¥85,000.00" in said
    old = (await anybody.get(f"/cases/{vote.rid}/scheme?version=1")).text
    assert "This is version 1" in old
    assert (await anybody.get(f"/cases/{vote.rid}/scheme?version=x")).status_code == 422


def test_the_lane_of_a_case_has_each_stage_as_long_as_it_took() -> None:
    begun = datetime(2026, 3, 2, tzinfo=UTC)
    entered = [(Stage.VOTING, begun), (Stage.COST_SHARING, begun + timedelta(days=30))]
    first, second = lane(entered, None, begun + timedelta(days=40))
    assert (first.days, first.begins, first.width) == (30, 0, 750)
    assert (second.days, second.begins, second.width) == (10, 750, 250)
    assert second.ended_at is None
    assert lane([], None, begun) == ()


def test_plan_and_course_stand_in_one_scale_and_a_stage_says_how_far_it_is_over() -> None:
    begun = datetime(2026, 3, 2, tzinfo=UTC)
    entered = [(Stage.VOTING, begun), (Stage.COST_SHARING, begun + timedelta(days=75))]
    plan = (
        StagePlan(Stage.VOTING, begun.date(), begun.date() + timedelta(days=49)),
        StagePlan(Stage.BIDDING, date(2026, 4, 21), begun.date() + timedelta(days=99)),
    )
    both = lanes(entered, plan, None, begun + timedelta(days=80), "UTC")
    assert [(each.begins, each.width) for each in both.planned] == [(0, 499), (499, 501)]
    assert [(each.begins, each.width) for each in both.spans] == [(0, 750), (750, 50)]
    assert (both.spans[0].days, both.planned[0].plan.days) == (75, 50)
    assert both.plan_of(Stage.COST_SHARING) is None


async def test_where_a_case_stands_says_how_long_each_stage_took(
    vote: Channels, anybody: Home
) -> None:
    await vote.sql.execute(
        "INSERT INTO event (renovation_id, seq, command_id, happened_at, recorded_at, actor_id,"
        " actor_role, actor_label, actor_place, kind, details, rule_pack, workflow_id, run_id,"
        " prev_hash, hash) VALUES ($1::text, 900, $1::text || 'lane', now() - interval '9 days', now(), 'engine',"
        " 'system', 'engine', 'd', 'renovation.stage_entered', '{\"stage\": \"voting\"}', 'CN-2021',"
        " 'w', 'r', $2, $2)",
        *(vote.rid, "0" * 64),
    )
    said = (await anybody.get(f"/cases/{vote.rid}")).text
    assert "9 days" in said
    assert "goes on" in said
