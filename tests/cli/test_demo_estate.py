import io
from fractions import Fraction

from rich.console import Console

from cli.demo import estate, figures
from cli.demo.ballots import vote_plan
from cli.demo.facts import CheckFact, EventFact, checks_of, stages_of
from cli.demo.report import checks_table, timeline_table
from models.tables import Event
from rules.opening import check_together, read_renovation
from rules.roll import read_roll


def event(seq: int, kind: str, **details: object) -> Event:
    return Event(seq=seq, kind=kind, details=details)


def shown(table: object) -> str:
    console = Console(file=io.StringIO(), width=160)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_estate_1984_has_the_structure_of_its_source() -> None:
    units = estate.units_of(estate.UNITS, 1)
    assert len({unit.number for unit in units}) == 1_984
    assert len({unit.building for unit in units}) == 8
    floor = [unit.shares for unit in units if (unit.building, unit.floor) == ("5", 31)]
    assert sorted(floor) == [12, 12, 13, 13, 13, 13, 14, 14]
    assert sum(unit.shares for unit in units) == 8 * 31 * 104


def test_the_same_seed_makes_the_same_estate_and_another_one_other_people() -> None:
    assert estate.units_of(70, 3) == estate.units_of(70, 3)
    assert [u.owners for u in estate.units_of(70, 3)] != [u.owners for u in estate.units_of(70, 4)]


def test_every_generated_owner_is_marked_as_made_up() -> None:
    names = {name for unit in estate.units_of(200, 1) for name in unit.owners}
    assert all("虚构" in name for name in names)


def test_the_generated_file_and_roll_pass_every_check_of_a_real_one() -> None:
    units = estate.units_of(200, 1)
    file = estate.renovation_file(units, Fraction(1, 5), "demo")
    read = read_renovation(estate.file_bytes(file), "estate.json")
    assert read == file
    roll = read_roll(estate.roll_csv(units), estate.ROLL_NAME)
    check_together(read, roll)
    assert len(roll.units) == 200
    assert read.synthetic


def test_the_cost_items_add_up_to_the_budget_and_the_works_to_the_contract() -> None:
    content = estate.scheme_content(frozenset({"1"}))
    assert sum(item.cost_fen for item in content.items) == figures.BUDGET_FEN
    assert sum(work.value_fen for work in content.works) == figures.WINNER_FEN


def test_the_bids_hold_the_published_figures() -> None:
    bids = figures.bids(1)
    prices = sorted(bid.price_fen for bid in bids)
    assert len(bids) == 57
    assert prices[:2] == [32_058_693_000, 45_345_263_000]
    assert sum(price > figures.CEILING_FEN for price in prices) == 6
    assert sum(each.credit_fen for each in figures.OMISSIONS) == 14_012_920 * 100


def test_the_first_wave_is_short_of_two_thirds_and_both_waves_are_not() -> None:
    units = estate.units_of(1_984, 1)
    voters = len({unit.owners for unit in units})
    plan = vote_plan(units, 1, "r1")
    assert 3 * len(plan.first) < 2 * voters
    assert 3 * (len(plan.first) + len(plan.second)) > 2 * voters


def test_forged_and_late_ballots_come_from_units_that_have_not_voted() -> None:
    plan = vote_plan(estate.units_of(300, 1), 1, "r1")
    voted = {cast.unit_number for cast in (*plan.first, *plan.second)}
    wrong = {cast.unit_number for cast in (*plan.forged, *plan.late)}
    assert wrong
    assert not wrong & voted
    assert all(cast.credential_of != cast.unit_number for cast in plan.forged)


def test_the_events_of_the_stages_add_up_to_all_events() -> None:
    events = [
        event(1, "renovation.opened"),
        event(2, "renovation.stage_entered", stage="voting", workflow_id="w1"),
        event(3, "voting.box_closed"),
        event(4, "renovation.stage_entered", stage="cost_sharing", workflow_id="w2"),
        event(5, "cost_sharing.planned"),
    ]
    stages = stages_of(events, {"w1": "adopted"})
    assert [(each.name, each.outcome, each.events) for each in stages] == [
        ("voting", "adopted", 3),
        ("cost_sharing", "unfinished", 2),
    ]


def test_every_check_keeps_both_numbers_and_the_event_it_stands_in() -> None:
    check = {
        "code": "voting.quorum.head",
        "article": "Civil Code art. 278(2)",
        "have": 29,
        "op": ">=",
        "need": "116/3",
        "unit": "heads",
        "passed": False,
        "motion": "scheme",
    }
    found = checks_of(
        [event(4, "voting.box_closed", checks=[check]), event(5, "renovation.closed")]
    )
    assert found == (CheckFact.model_validate({**check, "seq": 4, "event": "voting.box_closed"}),)


def test_a_run_of_events_of_one_kind_is_one_line_with_its_count() -> None:
    bids = [
        EventFact(seq=n, kind="bidding.bid_submitted", happened_on="2025-08-14", actor=str(n))
        for n in range(57)
    ]
    lines = shown(timeline_table(bids))
    assert lines.count("bidding.bid_submitted") == 1
    assert "57 ×" in lines


def test_the_periods_of_the_timetable_are_one_line_and_a_failed_test_says_no() -> None:
    def check(code: str, passed: bool) -> CheckFact:
        return CheckFact(
            seq=1,
            event="e",
            code=code,
            article="a",
            have=1,
            op=">=",
            need=2,
            unit="d",
            passed=passed,
        )

    lines = shown(
        checks_table(
            [check("timetable.a", True), check("timetable.b", True), check("voting.quorum", False)]
        )
    )
    assert "2 of 2" in lines
    assert "timetable.a" not in lines
    assert "1 >= 2 d" in lines
    assert " no " in lines
