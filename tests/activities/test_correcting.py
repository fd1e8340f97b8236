from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from temporalio.exceptions import ApplicationError

from activities.recording import Recorder
from activities.renovations import Renovations
from models.messages.acts import CorrectRenovation
from models.messages.command import Command
from models.messages.journey import JourneyOutcome
from models.tables import Estate, Event, Renovation, RoleGrant
from models.values.actor import Actor, Role
from runtime.calendars import chinese_calendar
from runtime.database import Database
from tests.support.agenda import agenda
from tests.support.box import BOX_KEYS
from tests.support.estate import make_renovation

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
BUREAU = Actor(id="bureau", role=Role.DISTRICT_BUREAU, label="Bureau", place="d")
STREET = Actor(id="street", role=Role.STREET_OFFICE, label="Street", place="d/s")


@pytest.fixture
def renovations(database: Database) -> Renovations:
    return Renovations(Recorder(database, chinese_calendar(), BOX_KEYS))


async def correct(
    renovations: Renovations, rid: str, name: str, who: Actor = BUREAU, **fields: Any
) -> None:
    key = f"{rid}-{name}"
    act = CorrectRenovation(command_id=key, actor=who, reason="mistyped", **fields)
    command = Command(command_id=key, renovation_id=rid, actor=who)
    await renovations.correct(command, act)


async def refused(renovations: Renovations, rid: str, name: str, **fields: Any) -> dict[str, Any]:
    """The first problem of a correction that is refused."""
    with pytest.raises(ApplicationError) as refusal:
        await correct(renovations, rid, name, **fields)
    problem: dict[str, Any] = refusal.value.details[0][0]
    return problem


async def told(database: Database, rid: str) -> list[dict[str, Any]]:
    """The changes of the corrections, in their order."""
    async with database.session() as session:
        found = await session.scalars(
            select(Event)
            .where(Event.renovation_id == rid, Event.kind == "renovation.corrected")
            .order_by(Event.seq)
        )
        return [dict(event.details) for event in found]


async def opened(database: Database, rid: str) -> str:
    """A case whose opening is on record with its days."""
    await make_renovation(database, rid=rid, told_at=NOW)
    async with database.session() as session, session.begin():
        session.add(
            Event(
                renovation_id=rid,
                seq=1,
                command_id=f"{rid}-opened",
                happened_at=NOW,
                recorded_at=NOW,
                actor_id="street",
                actor_role="street_office",
                actor_label="Street",
                actor_place="d/s",
                kind="renovation.opened",
                details={"starts_on": "2026-03-02", "ends_on": "2027-12-31"},
                rule_pack="CN-2021",
                workflow_id="",
                run_id="",
                prev_hash="0" * 64,
                hash="1" * 64,
            )
        )
        row = await session.get_one(Renovation, rid)
        row.head_seq, row.head_hash = 1, "1" * 64
    return rid


async def test_names_and_the_last_day_are_put_right_with_before_and_after(
    database, renovations
) -> None:
    rid = await opened(database, "names")
    waits = await agenda(database, rid)
    fields: dict[str, Any] = {
        "title": "Right",
        "estate": "Estate of names",
        "ends_on": date(2028, 6, 30),
    }
    for _ in range(2):
        await correct(renovations, rid, "once", **fields)
    (event,) = await told(database, rid)
    assert event == {
        "reason": "mistyped",
        "changes": [
            {"what": "title", "before": "Renovation of Estate", "after": "Right"},
            {"what": "estate", "before": "Estate", "after": "Estate of names"},
            {"what": "ends_on", "before": "2027-12-31", "after": "2028-06-30"},
        ],
    }
    async with database.session() as session:
        row = await session.get_one(Renovation, rid)
        assert (row.title, row.estate_id) == ("Right", "names.estate")
        assert (await session.get_one(Estate, row.estate_id)).name == "Estate of names"
    assert await agenda(database, rid) == waits
    await correct(renovations, rid, "again", ends_on=date(2028, 12, 31))
    (change,) = (await told(database, rid))[-1]["changes"]
    assert (change["before"], change["after"]) == ("2028-06-30", "2028-12-31")


async def test_what_is_as_it_was_is_no_correction(database, renovations) -> None:
    rid = await opened(database, "same")
    same = {"title": "Renovation of Estate", "estate": "Estate", "ends_on": date(2027, 12, 31)}
    assert (await refused(renovations, rid, "same", **same))["code"] == "correction.nothing"
    early = await refused(renovations, rid, "early", ends_on=date(2026, 3, 1))
    assert (early["code"], early["where"]) == ("opening.ends_before_start", "ends_on")


async def test_two_estates_of_a_grid_do_not_get_one_name(database, renovations) -> None:
    rid, other = await opened(database, "left"), await opened(database, "right")
    await correct(renovations, other, "named", estate="Right Lane")
    told = await refused(renovations, rid, "named", estate="Right Lane")
    assert (told["code"], told["where"]) == ("correction.estate_exists", "estate")


async def test_a_bank_and_an_engineer_may_act_once_they_are_added(database, renovations) -> None:
    rid = await opened(database, "added")
    new = [
        {"id": "bank-9", "label": "Bank", "role": "payment_provider", "place": "district"},
        {"id": "engineer-9", "label": "Engineer", "role": "supervisor"},
    ]
    await correct(renovations, rid, "people", officials=new)
    (event,) = await told(database, rid)
    assert [(each["what"], each["after"]["place"]) for each in event["changes"]] == [
        ("officials.bank-9", "d"),
        ("officials.engineer-9", "d/s/c/g"),
    ]
    async with database.session() as session:
        rows = await session.execute(
            select(RoleGrant.actor_id, RoleGrant.role, RoleGrant.place_id).where(
                RoleGrant.actor_id.in_(("bank-9", "engineer-9"))
            )
        )
        assert sorted(map(tuple, rows)) == [
            ("bank-9", "payment_provider", "d"),
            ("engineer-9", "supervisor", "g"),
        ]
    told_again = await refused(renovations, rid, "again", officials=new[:1])
    assert (told_again["code"], told_again["where"]) == (
        "correction.already_there",
        "officials.bank-9",
    )


@pytest.mark.parametrize(
    ("role", "place", "code"),
    [
        ("street_office", "grid", "correction.role_not_small"),
        ("owners_committee", "grid", "correction.role_not_small"),
        ("engine", "grid", "correction.role_not_small"),
        ("owner", "grid", "correction.role_not_small"),
        ("payment_provider", "district", "correction.outside_place"),
    ],
)
async def test_nobody_becomes_an_office_or_acts_above_the_own_place(
    database, renovations, role, place, code
) -> None:
    rid = await opened(database, f"no-{role}"[:20])
    who = {"id": "somebody", "label": "Somebody", "role": role, "place": place}
    told = await refused(renovations, rid, "no", who=STREET, officials=[who])
    assert (told["code"], told["where"]) == (code, "officials.somebody")
    async with database.session() as session:
        count = select(func.count()).where(RoleGrant.actor_id == "somebody")
        assert await session.scalar(count) == 0


async def test_a_label_is_put_right_within_the_own_place_and_old_events_keep_theirs(
    database, renovations
) -> None:
    rid = await opened(database, "label")
    new = {"id": "eng-1", "label": "Enginer", "role": "supervisor", "place": "grid"}
    await correct(renovations, rid, "add", officials=[new])
    await correct(renovations, rid, "label", who=STREET, labels={"eng-1": "Engineer"})
    (change,) = (await told(database, rid))[-1]["changes"]
    assert change == {
        "what": "labels.eng-1.supervisor.d/s/c/g",
        "before": "Enginer",
        "after": "Engineer",
    }
    above = {"id": "eng-1", "label": "Engineer", "role": "supervisor", "place": "district"}
    await correct(renovations, rid, "above", officials=[above])
    outside = await refused(renovations, rid, "out", who=STREET, labels={"eng-1": "Another"})
    assert outside["code"] == "correction.outside_place"
    unknown = await refused(renovations, rid, "who", labels={"nobody": "X"})
    assert (unknown["code"], unknown["where"]) == ("correction.official_unknown", "labels.nobody")


async def test_what_has_ended_is_not_corrected(database, renovations) -> None:
    rid = await opened(database, "ended")
    command = Command(command_id="ended-close", renovation_id=rid)
    await renovations.close(command, JourneyOutcome(state="shelved"))
    assert (await refused(renovations, rid, "late", title="Late"))["code"] == "renovation.over"
