from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from temporalio.exceptions import ApplicationError

from activities.recording import Recorder
from activities.renovations import Renovations
from models.messages.acts import ReviseScheme
from models.messages.command import Command
from models.messages.journey import JourneyOutcome
from models.tables import BallotBox, Event, Renovation, Scheme
from models.values.actor import Actor, Role
from models.values.cost_sharing import (
    CostItem,
    CostKey,
    FloorWeight,
    Funding,
    FundingSource,
    ItemCategory,
)
from models.values.scheme import PlannedWork, SchemeContent
from models.values.states import BoxState
from models.values.timetable import Timetable, calendar_days
from runtime.calendars import chinese_calendar
from runtime.database import Database
from tests.support.box import BOX_KEYS
from tests.support.estate import make_renovation, scheme_content
from tests.support.told import move_clock

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
COMMITTEE = Actor(id="committee", role=Role.OWNERS_COMMITTEE, label="Committee", place="d/s/c/g")


@pytest.fixture
def renovations(database: Database) -> Renovations:
    return Renovations(Recorder(database, chinese_calendar(), BOX_KEYS))


def command(rid: str, name: str) -> Command:
    return Command(
        command_id=f"renovation/{rid}#{name}",
        renovation_id=rid,
        workflow_id=f"renovation/{rid}",
    )


def revise(rid: str, *drop_items: str, title: str = "") -> ReviseScheme:
    return ReviseScheme(
        command_id=f"{rid}-revise",
        actor=COMMITTEE,
        drop_items=drop_items,
        title=title,
        reason="Too dear",
    )


def act_step(rid: str, act: ReviseScheme) -> Command:
    return Command(command_id=act.command_id, renovation_id=rid, actor=act.actor)


async def row(database: Database, rid: str) -> Renovation:
    async with database.session() as session:
        return await session.get_one(Renovation, rid)


async def kinds(database: Database, rid: str) -> list[str]:
    async with database.session() as session:
        found = await session.scalars(
            select(Event.kind).where(Event.renovation_id == rid).order_by(Event.seq)
        )
        return list(found)


async def schemes(database: Database, rid: str) -> list[Scheme]:
    async with database.session() as session:
        found = await session.scalars(
            select(Scheme).where(Scheme.renovation_id == rid).order_by(Scheme.version)
        )
        return list(found)


def problem_code(error: ApplicationError) -> str:
    return str(error.details[0][0]["code"])


@pytest.mark.parametrize(
    ("stage", "waits_for"),
    [
        ("voting", "open_vote"),
        ("cost_sharing", "engine"),
        ("bidding", "publish_tender"),
        ("inspection", "engine"),
        ("feedback", "engine"),
    ],
)
async def test_a_stage_that_begins_says_what_it_waits_for(
    database, renovations, stage, waits_for
) -> None:
    rid = await make_renovation(database, rid=f"enter-{stage}"[:20], told_at=NOW)
    child = f"renovation/{rid}/{stage}/1"
    for _ in range(2):
        await renovations.enter_stage(command(rid, "enter-1"), stage, child)
    found = await row(database, rid)
    assert (found.stage, found.stage_workflow_id, found.waiting_for) == (stage, child, waits_for)
    assert await kinds(database, rid) == ["renovation.stage_entered"]


async def test_below_the_limit_a_revision_is_asked_for(database, renovations) -> None:
    rid = await make_renovation(database, rid="ask", told_at=NOW)
    for _ in range(2):
        assert (await renovations.ask_revision(command(rid, "revise-2"), 2)).wanted
    assert (await row(database, rid)).waiting_for == "revise_scheme"
    assert await kinds(database, rid) == ["renovation.revision_asked"]


async def test_at_the_limit_of_failed_votes_no_revision_is_asked_for(database, renovations) -> None:
    rid = await make_renovation(database, rid="limit", told_at=NOW)
    await declared(database, rid, "rejected", "annulled", "rejected")
    for _ in range(2):
        assert not (await renovations.ask_revision(command(rid, "revise-3"), 3)).wanted
    assert (await row(database, rid)).waiting_for == "engine"


@pytest.mark.parametrize(
    ("outcomes", "failed"),
    [
        (("rejected", "rejected"), 2),
        (("run_off", "rejected"), 1),
        (("rejected", "rejected", "adopted"), 0),
        (("rejected", "rejected", "adopted", "rejected", "rejected"), 2),
        (("adopted",) * 5, 0),
    ],
)
async def test_a_vote_that_was_adopted_has_not_failed_and_begins_another_matter(
    database, renovations, outcomes, failed
) -> None:
    rid = await make_renovation(database, rid=f"series-{len(outcomes)}-{failed}", told_at=NOW)
    await declared(database, rid, *outcomes)
    assert (await renovations.ask_revision(command(rid, "revise"), len(outcomes))).wanted
    async with database.session() as session:
        details = await session.scalar(
            select(Event.details).where(
                Event.renovation_id == rid, Event.kind == "renovation.revision_asked"
            )
        )
    assert details is not None
    assert details["failed"] == failed


async def test_after_the_time_for_all_votes_no_revision_is_asked_for(database, renovations) -> None:
    timetable = Timetable(re_vote_span=calendar_days(100))
    rid = await make_renovation(database, rid="span", timetable=timetable, told_at=NOW)
    await announced(database, rid)
    assert (await renovations.ask_revision(command(rid, "revise-1"), 1)).wanted
    await move_clock(database, rid, NOW + timedelta(days=102))
    assert not (await renovations.ask_revision(command(rid, "revise-2"), 2)).wanted


async def announced(database: Database, rid: str) -> None:
    """The first vote of the matter is on record, as of now."""
    await told(database, rid, "voting.box_announced", {})


async def declared(database: Database, rid: str, *outcomes: str) -> None:
    """The votes on record with their closed boxes, by how they ended."""
    for attempt, outcome in enumerate(outcomes, start=1):
        box = f"{rid}.{attempt}"
        async with database.session() as session, session.begin():
            session.add(
                BallotBox(
                    id=box,
                    renovation_id=rid,
                    attempt=attempt,
                    motions=[],
                    state=BoxState.CLOSED,
                    opens_at=NOW,
                    closes_at=NOW,
                    roll_hash="0" * 64,
                    public_key=bytes(32),
                    wrapped_key=b"",
                    roll_salt=bytes(32),
                )
            )
        await told(database, rid, "voting.result_declared", {"outcome": outcome, "box_id": box})


async def told(database: Database, rid: str, kind: str, details: dict[str, object]) -> None:
    """An event as of now, outside of the chain's order."""
    async with database.session() as session, session.begin():
        renovation = await session.get_one(Renovation, rid)
        seq = renovation.head_seq + 1
        session.add(
            Event(
                renovation_id=rid,
                seq=seq,
                command_id=f"{rid}-told-{seq}",
                happened_at=NOW,
                recorded_at=NOW,
                actor_id="committee",
                actor_role="owners_committee",
                actor_label="Committee",
                actor_place="",
                kind=kind,
                details=details,
                rule_pack="CN-2021",
                workflow_id="",
                run_id="",
                prev_hash="0" * 64,
                hash="1" * 64,
            )
        )
        renovation.head_seq, renovation.head_hash = seq, "1" * 64


async def test_the_reasons_of_a_revision_are_on_record_with_both_numbers(
    database, renovations
) -> None:
    rid = await make_renovation(database, rid="reasons", told_at=NOW)
    await declared(database, rid, "rejected", "rejected", "rejected")
    await renovations.ask_revision(command(rid, "revise-3"), 3)
    async with database.session() as session:
        event = await session.scalar(
            select(Event).where(
                Event.renovation_id == rid, Event.kind == "renovation.revision_asked"
            )
        )
    assert event is not None
    (check,) = event.details["checks"]
    assert (check["have"], check["op"], check["need"], check["passed"]) == (3, "<", 3, False)


async def test_a_revised_scheme_is_a_new_version_without_the_dropped_items(
    database, renovations
) -> None:
    rid = await make_renovation(database, rid="drop", told_at=NOW)
    act = revise(rid, "pipes")
    for _ in range(2):
        await renovations.revise_scheme(act_step(rid, act), act)
    first, second = await schemes(database, rid)
    assert [item.id for item in SchemeContent.model_validate(second.content).items] == ["roof"]
    assert len(SchemeContent.model_validate(first.content).items) == 2
    assert (first.budget_fen, second.budget_fen) == (12_600_000, 8_400_000)
    assert second.title == first.title
    assert await kinds(database, rid) == ["voting.scheme_revised"]


async def test_a_revision_may_change_the_title_only(database, renovations) -> None:
    rid = await make_renovation(database, rid="title", told_at=NOW)
    act = revise(rid, title="Explained better")
    await renovations.revise_scheme(act_step(rid, act), act)
    first, second = await schemes(database, rid)
    assert (second.title, second.content) == ("Explained better", first.content)


@pytest.mark.parametrize(
    ("dropped", "code"),
    [
        (("lift",), "cost_sharing.item_unknown"),
        (("roof", "pipes"), "cost_sharing.no_items_left"),
    ],
)
async def test_a_revision_that_cannot_be_leaves_the_scheme(
    database, renovations, dropped, code
) -> None:
    rid = await make_renovation(database, rid=f"bad{len(dropped)}", told_at=NOW)
    act = revise(rid, *dropped)
    with pytest.raises(ApplicationError) as refusal:
        await renovations.revise_scheme(act_step(rid, act), act)
    assert problem_code(refusal.value) == code
    assert len(await schemes(database, rid)) == 1
    assert await kinds(database, rid) == []


def another_scheme() -> SchemeContent:
    """Other works, costs, keys, sources, floors, ceiling and schedule than those of the first version."""
    content = scheme_content()
    lift = CostItem(
        id="lift",
        title="Lift",
        category=ItemCategory.IMPROVEMENT,
        cost_fen=9_000_000,
        key=CostKey.FLOOR_COEFFICIENT,
        floors=tuple(FloorWeight(floor=floor, weight=floor - 1) for floor in range(1, 7)),
    )
    grant = Funding(id="g", source=FundingSource.SUBSIDY, amount_fen=10_000_000, items=("lift",))
    tender = content.tender.model_copy(
        update={"ceiling_fen": 20_000_000, "estimate_fen": 17_000_000}
    )
    lift_works = PlannedWork(id="lift-1", building="1", title="Lift", value_fen=17_000_000)
    return content.model_copy(
        update={
            "items": (content.items[0], lift),
            "funding": (grant,),
            "tender": tender,
            "owner_instalments_permille": (1000,),
            "works": (lift_works,),
        }
    )


async def test_everything_of_a_scheme_may_be_revised_and_is_told_as_a_difference(
    database, renovations
) -> None:
    rid = await make_renovation(database, rid="whole", told_at=NOW)
    act = ReviseScheme(
        command_id="whole-revise",
        actor=COMMITTEE,
        scheme=another_scheme(),
        budget_fen=20_000_000,
        reason="a lift instead of pipes",
    )
    for _ in range(2):
        await renovations.revise_scheme(act_step(rid, act), act)
    _, second = await schemes(database, rid)
    assert SchemeContent.model_validate(second.content) == another_scheme()
    assert second.budget_fen == 20_000_000
    async with database.session() as session:
        details = await session.scalar(select(Event.details).where(Event.renovation_id == rid))
    assert details is not None
    changes = {each["what"]: (each["before"], each["after"]) for each in details["changes"]}
    assert changes["tender.ceiling_fen"] == (12_000_000, 20_000_000)
    assert changes["owner_instalments_permille"] == ([400, 600], [1000])
    assert {what for what, (before, _) in changes.items() if before is None} == {
        "items[lift]",
        "funding[g]",
        "works[lift-1]",
    }
    assert {what for what, (_, after) in changes.items() if after is None} == {
        "items[pipes]",
        "works[roof]",
        "works[risers]",
        "works[paint]",
    }
    assert (details["budget_before_fen"], details["budget_fen"]) == (12_600_000, 20_000_000)
    (warning,) = details["warnings"]
    assert (warning["code"], warning["where"]) == (
        "opening.funding_above_cost",
        "scheme.funding[0].amount_fen",
    )


async def test_a_whole_scheme_is_refused_like_a_file_with_every_field_named(
    database, renovations
) -> None:
    rid = await make_renovation(database, rid="wrong", told_at=NOW)
    content = another_scheme()
    elsewhere = content.works[0].model_copy(update={"building": "7"})
    tender = content.tender.model_copy(update={"method": "by_lot", "retention_permille": 50})
    wrong = content.model_copy(update={"works": (elsewhere,), "tender": tender})
    act = ReviseScheme(command_id="wrong-revise", actor=COMMITTEE, scheme=wrong, reason="wrong")
    with pytest.raises(ApplicationError) as refusal:
        await renovations.revise_scheme(act_step(rid, act), act)
    assert {(each["code"], each["where"]) for each in refusal.value.details[0]} == {
        ("opening.budget_short", "budget_fen"),
        ("opening.ceiling_above_budget", "scheme.tender.ceiling_fen"),
        ("opening.method_unknown", "scheme.tender.method"),
        ("opening.retention_too_high", "scheme.tender.retention_permille"),
        ("opening.building_unknown", "scheme.works[0].building"),
    }
    assert len(await schemes(database, rid)) == 1


async def test_a_levy_is_put_to_the_owners_of_an_adopted_scheme_only(database, renovations) -> None:
    content = scheme_content().model_copy(update={"owners_limit_fen": 12_599_500})
    rid = await make_renovation(database, rid="early", told_at=NOW, content=content)
    act = ReviseScheme(
        command_id="early-levy", actor=COMMITTEE, owners_limit_fen=12_600_000, reason="levy"
    )
    with pytest.raises(ApplicationError) as refusal:
        await renovations.revise_scheme(act_step(rid, act), act)
    assert problem_code(refusal.value) == "renovation.levy_not_asked"


@pytest.mark.parametrize("state", ["completed", "shelved", "cancelled"])
async def test_the_end_is_written_once(database, renovations, state) -> None:
    rid = await make_renovation(database, rid=f"end-{state}", told_at=NOW)
    outcome = JourneyOutcome(state=state, reason="why")
    for _ in range(2):
        await renovations.close(command(rid, "close"), outcome)
    found = await row(database, rid)
    assert (found.state, found.closed_at, found.waiting_for) == (state, NOW, "nothing")
    assert await kinds(database, rid) == ["renovation.closed"]


async def test_what_has_ended_does_not_begin_another_stage(database, renovations) -> None:
    rid = await make_renovation(database, rid="over", told_at=NOW)
    await renovations.close(command(rid, "close"), JourneyOutcome(state="shelved"))
    with pytest.raises(ApplicationError) as refusal:
        await renovations.enter_stage(
            command(rid, "enter-9"), "voting", f"renovation/{rid}/voting/9"
        )
    assert problem_code(refusal.value) == "renovation.over"
    async with database.session() as session:
        events = select(func.count()).where(Event.renovation_id == rid)
        assert await session.scalar(events) == 1
