import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RetryConfig, RPCError
from temporalio.testing import WorkflowEnvironment

from formats.renovation_file.reading import read_renovation
from formats.roll import owner_key, read_roll
from models.files.renovation import RenovationFile, SandboxTime
from models.files.roll import RegisteredUnit, Roll
from models.messages.command import Command
from models.messages.journey import Journey
from models.tables import (
    CaseClock,
    CommandReceipt,
    Estate,
    Event,
    Person,
    Place,
    Renovation,
    RoleGrant,
    Scheme,
    Unit,
    UnitOwner,
)
from models.values.actor import Actor, Role
from models.values.refusal import Refused
from models.values.scheme import SchemeContent
from models.values.waits import STARTING
from proof.commands import command_key
from rules.granting import FIRM_ROLES
from runtime.database import Database
from runtime.privacy.keys import PersonKeys, names_of
from runtime.record.agenda import load_waits
from runtime.record.audit import audit
from runtime.record.journal import Journal, Recorded, load_tick
from runtime.settings import Settings
from runtime.temporal import register_search_attributes
from service.estates.renovations import (
    OpenedRenovation,
    OpeningRequest,
    estate_id_for,
    open_renovation,
    renovation_id_for,
)
from tests.support.estate import make_renovation
from tests.support.signed.keys import GATEWAY_PUBLIC

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
TABLES = (
    Place,
    Estate,
    Unit,
    Person,
    UnitOwner,
    RoleGrant,
    Renovation,
    Scheme,
    Event,
    CommandReceipt,
)
OTHER = Actor(id="street-2", role=Role.STREET_OFFICE, label="Street office", place="990101")
ACTOR = Actor(id="street-1", role=Role.STREET_OFFICE, label="Street office", place="990101")


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[Client]:
    async with await WorkflowEnvironment.start_local(
        data_converter=pydantic_data_converter,
        dev_server_existing_path=str(Path(sys.executable).with_name("temporal")),
        dev_server_log_level="error",
    ) as env:
        await register_search_attributes(env.client)
        yield env.client


@pytest.fixture(scope="module")
def settings(database: Database) -> Settings:
    return Settings.model_validate(
        {
            "database_url": database.url,
            "credential_key": "ab" * 32,
            "receipt_key": "cd" * 32,
            "gateway_key": "5c" * 32,
        }
    )


def file(estate: str, **changes: object) -> RenovationFile:
    read = read_renovation((EXAMPLES / "estate.yaml").read_bytes(), "estate.yaml")
    return read.model_copy(update={"estate": estate, **changes})


def roll(*rows: str) -> Roll:
    data = (EXAMPLES / "roll.csv").read_bytes() + "".join(f"{row}\n" for row in rows).encode()
    return read_roll(data, "roll.csv")


async def counts(database: Database) -> list[int]:
    async with database.session() as session:
        return [
            int(await session.scalar(select(func.count()).select_from(table)) or 0)
            for table in TABLES
        ]


class Office:
    """Opens renovations of one module's database."""

    def __init__(self, database: Database, client: Client, settings: Settings) -> None:
        self.database, self.client, self.settings = database, client, settings

    async def open(
        self,
        command_id: str,
        given: RenovationFile,
        owners: Roll,
        client: Client | None = None,
        actor: Actor = ACTOR,
    ) -> OpenedRenovation:
        return await open_renovation(
            self.database,
            client or self.client,
            self.settings,
            command_id=command_id,
            file=given,
            roll=owners,
            actor=actor,
        )


@pytest.fixture
def office(database: Database, client: Client, settings: Settings) -> Office:
    return Office(database, client, settings)


async def test_opening_writes_everything_and_starts_the_workflow(office: Office) -> None:
    opened = await office.open("open-1", file("one"), roll())
    async with office.database.session() as session:
        row = await session.get_one(Renovation, opened.renovation_id)
        scheme = await session.get_one(Scheme, (opened.renovation_id, 1))
        events = list(await session.scalars(select(Event).where(Event.renovation_id == row.id)))
    assert (opened.units, row.stage, row.state, row.rule_pack) == (
        18,
        "voting",
        "running",
        "CN-2021",
    )
    assert row.place_path == "990101/990101900/990101900901/990101900901-g3"
    assert scheme.budget_fen == 96_000_000
    assert SchemeContent.model_validate(scheme.content) == file("one").scheme
    assert [event.kind for event in events] == ["renovation.opened"]
    assert (await audit(office.database, row.id)).bad == ()
    description = await office.client.get_workflow_handle(opened.workflow_id).describe()
    found = {pair.key.name: pair.value for pair in description.typed_search_attributes}
    assert (found["GongjianPlace"], found["GongjianStage"]) == (row.place_path, "voting")


async def test_the_same_command_again_gives_the_same_renovation_and_doubles_nothing(
    office: Office,
) -> None:
    first = await office.open("open-twice", file("twice"), roll())
    before = await counts(office.database)
    assert await office.open("open-twice", file("twice"), roll()) == first
    assert await counts(office.database) == before
    assert first.renovation_id == renovation_id_for(
        command_key(ACTOR.id, renovation_id_for("open-twice"), "open-twice")
    )
    assert len(first.renovation_id) <= 24


async def test_two_conveners_may_use_one_command_id(office: Office) -> None:
    first = await office.open("open-both", file("both"), roll())
    second = await office.open("open-both", file("both"), roll(), actor=OTHER)
    assert second.renovation_id != first.renovation_id
    assert await office.open("open-both", file("both"), roll()) == first


async def test_what_the_release_before_opened_is_found_by_its_bare_command_id(
    office: Office,
) -> None:
    given, bare = file("before"), "open-before"
    rid = renovation_id_for(bare)
    opened = await office.open(bare, given, roll())
    answer = opened.model_copy(update={"renovation_id": rid, "workflow_id": f"renovation/{rid}"})
    await make_renovation(office.database, rid=rid)

    async def inside(_session: AsyncSession, _now: datetime) -> Recorded[OpenedRenovation]:
        return Recorded(answer, {})

    request = OpeningRequest(file=given, roll_sha256=roll().sha256)
    command = Command(command_id=bare, renovation_id=rid, actor=ACTOR)
    journal = Journal(office.database)
    await journal.record(command, "renovation.opened", request, inside, OpenedRenovation)
    assert await office.open(bare, given, roll()) == answer


async def test_the_same_command_at_the_same_time_opens_once(office: Office) -> None:
    given = file("at once")
    answers = await asyncio.gather(*(office.open("open-4", given, roll()) for _ in range(4)))
    assert len(set(answers)) == 1
    async with office.database.session() as session:
        units = select(func.count()).where(Unit.estate_id == estate_id_for(given))
        assert await session.scalar(units) == 18


async def test_a_command_of_another_file_is_refused(office: Office) -> None:
    await office.open("open-other", file("first"), roll())
    with pytest.raises(Refused) as refusal:
        await office.open("open-other", file("first", title="Another"), roll())
    assert [each.code for each in refusal.value.problems] == ["journal.command_reused"]


async def test_a_second_renovation_of_the_estate_uses_its_units(office: Office) -> None:
    first = await office.open("open-a", file("again"), roll())
    before = await counts(office.database)
    second = await office.open("open-b", file("again"), roll())
    assert second.renovation_id != first.renovation_id
    assert second.estate_id == first.estate_id
    after = await counts(office.database)
    # The roles of a told case live in it alone: each case has its own.
    assert after[: TABLES.index(RoleGrant)] == before[: TABLES.index(RoleGrant)]


async def test_another_roll_of_a_known_estate_is_refused_and_changes_nothing(
    office: Office,
) -> None:
    await office.open("open-c", file("known"), roll())
    before = await counts(office.database)
    changed = roll("2-501,2,1,4,50.00,住宅,示例新人,13,否")
    with pytest.raises(Refused) as refusal:
        await office.open("open-d", file("known"), changed)
    (only,) = refusal.value.problems
    assert (only.code, only.params["count"]) == ("opening.units_differ", 1)
    assert only.params["first"] == "2-501"
    assert await counts(office.database) == before


async def test_a_place_of_another_name_is_refused_and_no_new_place_stays(office: Office) -> None:
    await office.open("open-e", file("places"), roll())
    before = await counts(office.database)
    places = list(file("places").places)
    places[0] = places[0].model_copy(update={"name": "Elsewhere"})
    places[3] = places[3].model_copy(update={"id": "new-grid"})
    with pytest.raises(Refused) as refusal:
        await office.open("open-f", file("places", places=tuple(places)), roll())
    assert [each.code for each in refusal.value.problems] == ["opening.place_differs"]
    assert await counts(office.database) == before


async def test_a_failure_half_way_leaves_nothing(office: Office) -> None:
    before = await counts(office.database)
    units = roll().units
    too_long = units[-1].model_copy(update={"number": "x" * 65})
    broken = roll().model_copy(update={"units": (*units, too_long)})
    with pytest.raises(asyncpg.StringDataRightTruncationError):
        await office.open("open-g", file("half way"), broken)
    assert await counts(office.database) == before


async def test_what_file_and_roll_contradict_is_refused_before_anything_is_written(
    office: Office,
) -> None:
    before = await counts(office.database)
    lonely = Roll(name="roll.csv", sha256="0" * 64, units=(unit("9-1", "Ann"),))
    with pytest.raises(Refused):
        await office.open("open-h", file("contradiction"), lonely)
    assert await counts(office.database) == before


async def test_when_temporal_is_away_the_next_call_starts_the_workflow(office: Office) -> None:
    away = await Client.connect(
        "127.0.0.1:9",
        lazy=True,
        data_converter=pydantic_data_converter,
        retry_config=RetryConfig(max_retries=0, max_elapsed_time_millis=1),
    )
    with pytest.raises((RPCError, RuntimeError)):
        await office.open("open-i", file("away"), roll(), away)
    opened = await office.open("open-i", file("away"), roll())
    description = await office.client.get_workflow_handle(opened.workflow_id).describe()
    assert description.workflow_type == "RenovationWorkflow"


async def test_people_stay_in_the_private_tables(office: Office) -> None:
    opened = await office.open("open-j", file("private"), roll())
    async with office.database.session() as session:
        people = (
            await session.scalars(
                select(UnitOwner.person_id)
                .where(UnitOwner.unit_id == f"{opened.estate_id}.1-302")
                .order_by(UnitOwner.position)
            )
        ).all()
        names = await names_of(session, PersonKeys.of(office.settings), people)
        assert [names[person] for person in people] == ["示例孙三甲", "示例孙三乙"]
        clear = select(Person.id).where(Person.name.is_not(None), Person.id.in_(people))
        assert (await session.scalars(clear)).all() == []
        event = await session.scalar(
            select(Event).where(Event.renovation_id == opened.renovation_id)
        )
    assert event is not None
    assert "示例孙三甲" not in str(event.details)


async def test_units_of_the_same_owners_share_their_people(office: Office) -> None:
    opened = await office.open("open-k", file("same owners"), roll())
    async with office.database.session() as session:
        people = await session.scalars(
            select(UnitOwner.person_id).where(
                UnitOwner.unit_id.in_([f"{opened.estate_id}.1-101", f"{opened.estate_id}.2-S1"])
            )
        )
        assert len(set(people)) == 1


async def test_a_told_case_begins_at_nine_on_its_first_day(office: Office) -> None:
    nine = datetime(2026, 3, 2, 1, tzinfo=UTC)
    for _ in range(2):
        opened = await office.open("open-l", file("told"), roll())
    async with office.database.session() as session:
        row = await session.get_one(Renovation, opened.renovation_id)
        clock = await session.get_one(CaseClock, opened.renovation_id)
        (event,) = await session.scalars(select(Event).where(Event.renovation_id == row.id))
        assert await load_tick(session, row.id) == nine
    assert (clock.now, clock.moved_seq, row.clock) == (nine, event.seq, {})
    assert (row.opened_at, event.happened_at, event.details["clock"]) == (nine, nine, "told")
    assert await journey(office, opened) == Journey(
        renovation_id=row.id, clock="told", gateway_public=GATEWAY_PUBLIC
    )


async def test_a_renovation_without_a_sandbox_runs_on_the_wall_clock(office: Office) -> None:
    opened = await office.open("open-m", file("real", sandbox=None), roll())
    async with office.database.session() as session:
        row = await session.get_one(Renovation, opened.renovation_id)
        (event,) = await session.scalars(select(Event).where(Event.renovation_id == row.id))
        assert await session.get(CaseClock, opened.renovation_id) is None
        assert await load_tick(session, row.id) > row.opened_at
    assert abs(datetime.now(UTC) - row.opened_at) < timedelta(minutes=5)
    assert (event.happened_at, event.details["clock"]) == (row.opened_at, "wall")
    assert await journey(office, opened) == Journey(
        renovation_id=row.id, clock="wall", gateway_public=GATEWAY_PUBLIC
    )


@pytest.mark.parametrize("sandbox", [SandboxTime(clock="told"), None])
async def test_a_case_is_not_settled_before_its_workflow_has_begun(
    office: Office, sandbox: SandboxTime | None
) -> None:
    given = file(f"starts {sandbox}", sandbox=sandbox)
    opened = await office.open(f"open-starts-{sandbox}", given, roll())
    async with office.database.session() as session:
        row = await session.get_one(Renovation, opened.renovation_id)
        (wait,) = await load_waits(session, row.id)
        now = await load_tick(session, row.id)
        assert wait.due_at is not None
        assert wait.due_at <= now
        assert wait.consequence
    assert (wait.workflow_id, wait.what, wait.due_at) == (row.workflow_id, STARTING, row.opened_at)


async def told_at_opening(office: Office, rid: str) -> list[dict[str, Any]]:
    """The warnings in the event that opened a case."""
    async with office.database.session() as session:
        event = await session.get_one(Event, (rid, 1))
    warnings: list[dict[str, Any]] = event.details["warnings"]  # type: ignore[assignment]
    return warnings


async def test_an_example_opens_without_a_warning(office: Office) -> None:
    opened = await office.open("open-calm", file("calm"), roll())
    assert opened.warnings == ()
    assert await told_at_opening(office, opened.renovation_id) == []


async def test_a_second_running_case_of_an_estate_is_told_in_answer_and_event(
    office: Office,
) -> None:
    first = await office.open("open-one", file("twin", title="The roof"), roll())
    second = await office.open("open-two", file("twin"), roll())
    (only,) = second.warnings
    assert (only.code, only.where) == ("opening.second_case", "estate")
    assert only.params == {"other": first.renovation_id, "title": "The roof"}
    assert await told_at_opening(office, second.renovation_id) == [only.model_dump(mode="json")]
    # Asked again it says the same, though the case is now the second itself.
    assert await office.open("open-two", file("twin"), roll()) == second


async def test_who_acts_for_the_place_already_is_not_missed_in_another_file(
    office: Office,
) -> None:
    no_bank = tuple(each for each in file("x").officials if each.role != Role.PAYMENT_PROVIDER)
    places = (*file("x").places[:-1], file("x").places[-1].model_copy(update={"id": "other-grid"}))
    nobody = file("nobody", officials=no_bank, places=places)
    (only,) = (await office.open("open-nobody", nobody, roll())).warnings
    assert (only.code, only.params["roles"]) == ("opening.nobody_yet", "payment_provider")

    async def confirmed(session: AsyncSession) -> None:
        at = places[0].id
        session.add(
            RoleGrant(actor_id="firm-bank", label="B", role="payment_provider", place_id=at)
        )

    await office.database.transaction(confirmed)
    bank = file("bank", officials=no_bank, places=places)
    assert (await office.open("open-bank", bank, roll())).warnings == ()


async def test_a_real_case_makes_no_firms_by_its_file(office: Office) -> None:
    opened = await office.open("open-firms", file("firms", sandbox=None), roll())
    told = {each.params["firm"] for each in opened.warnings if each.code.endswith("firm_registers")}
    firms = {each.id for each in file("x").officials if each.role in FIRM_ROLES}
    assert told == firms
    async with office.database.session() as session:
        held = await session.scalars(
            select(RoleGrant.id).where(RoleGrant.actor_id.in_(firms), RoleGrant.only_case.is_(None))
        )
        assert list(held) == []


async def test_in_real_time_a_first_day_under_a_repealed_law_is_refused(office: Office) -> None:
    before = await counts(office.database)
    given = file("late", sandbox=None, starts_on=date(2020, 3, 2))
    with pytest.raises(Refused) as refusal:
        await office.open("open-late", given, roll())
    (only,) = refusal.value.problems
    assert (only.code, only.where) == ("opening.law_repealed", "starts_on")
    assert await counts(office.database) == before
    opened = await office.open("open-play", file("play", starts_on=date(2020, 3, 2)), roll())
    assert opened.rule_pack == "CN-2007"
    assert [each.code for each in opened.warnings] == ["opening.law_repealed"]


async def test_an_estate_whose_name_was_corrected_is_found_by_it(office: Office) -> None:
    first = await office.open("open-old", file("Exampel Lane"), roll())
    async with office.database.session() as session, session.begin():
        (await session.get_one(Estate, first.estate_id)).name = "Example Lane, corrected"
    second = await office.open("open-new", file("Example Lane, corrected"), roll())
    assert second.estate_id == first.estate_id


def test_the_same_file_is_the_same_request_for_a_release_that_knows_more_fields() -> None:
    asked = OpeningRequest(file=file("asked"), roll_sha256="0" * 64).model_dump(mode="json")
    scheme = asked["file"]["scheme"]
    assert "levy_limit_fen" not in scheme
    assert scheme["tender"].keys() == {
        "estimate_fen",
        "ceiling_fen",
        "bid_bond_fen",
        "instalments_permille",
    }


async def journey(office: Office, opened: OpenedRenovation) -> Journey:
    """What the workflow was started with."""
    history = await office.client.get_workflow_handle(opened.workflow_id).fetch_history()
    payloads = history.events[0].workflow_execution_started_event_attributes.input.payloads
    (given,) = await office.client.data_converter.decode(payloads, [Journey])
    return given


def unit(number: str, owner: str) -> RegisteredUnit:
    return RegisteredUnit(
        number=number,
        building="9",
        entrance="1",
        floor=1,
        kind="flat",
        area_dm2=5_000,
        owner_key=owner_key((owner,)),
        owners=(owner,),
    )
