from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select
from temporalio.exceptions import ApplicationError

from activities.inspection.works import Works
from activities.recording import Recorder
from models.messages.acts import ApprovePayment, RecordInspection, ReportItem, ReportRectified
from models.messages.command import Command
from models.messages.inspection import WorksState
from models.tables import (
    Certificate,
    Contract,
    Event,
    Inspection,
    Notice,
    Renovation,
    Tender,
    WorkItem,
)
from models.values.actor import ENGINE, Actor, Role
from models.values.timetable import Timetable, WorkCalendar
from runtime.database import Database
from tests.support.agenda import too_early
from tests.support.box import BOX_KEYS
from tests.support.estate import make_renovation, scheme_content
from tests.support.people import employ
from tests.support.told import move_clock

START = datetime(2026, 3, 2, 4, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
VALUE_FEN = 9_000_001
SUPERVISOR = Actor(id="s1", role=Role.SUPERVISOR, label="supervisor")
OTHER = Actor(id="s2", role=Role.SUPERVISOR, label="supervisor")
CHIEF = Actor(id="chief", role=Role.CHIEF_SUPERVISOR, label="chief")
BUREAU = Actor(id="bureau", role=Role.DISTRICT_BUREAU, label="bureau")
CONTRACTOR = Actor(id="b1", role=Role.CONTRACTOR, label="contractor")


class Site:
    """One renovation with a signed contract; every write is done twice, as a retry would."""

    def __init__(self, database: Database, rid: str) -> None:
        calendar = WorkCalendar(first_on=date(2026, 1, 1), last_on=date(2026, 12, 31))
        self.database, self.rid, self.count = database, rid, 0
        self.works = Works(Recorder(database, calendar, BOX_KEYS))

    def command(self, who: Actor = ENGINE) -> Command:
        self.count += 1
        return Command(command_id=f"{self.rid}#{self.count}", renovation_id=self.rid, actor=who)

    async def at(self, moment: datetime) -> None:
        await move_clock(self.database, self.rid, moment)

    def fields(self, command: Command) -> dict[str, Any]:
        return {"command_id": command.command_id, "actor": command.actor}

    async def begin(self) -> WorksState:
        command = self.command()
        first = await self.works.begin(command)
        assert await self.works.begin(command) == first
        return first

    async def report(self, item: str, who: Actor = CONTRACTOR) -> WorksState:
        command = self.command(who)
        act = ReportItem(item_id=item, **self.fields(command))
        first = await self.works.report_item(command, act)
        assert await self.works.report_item(command, act) == first
        return first

    async def inspect(
        self, item: str, outcome: str = "PASS", who: Actor = SUPERVISOR, kind: str = "stage"
    ) -> WorksState:
        command = self.command(who)
        defects = ("a crack",) if outcome == "FAIL" else ()
        act = RecordInspection.model_validate(
            {
                **self.fields(command),
                "item_id": item,
                "kind": kind,
                "outcome": outcome,
                "defects": defects,
            }
        )
        first = await self.works.record_inspection(command, act)
        assert await self.works.record_inspection(command, act) == first
        return first

    async def rectify(self, item: str) -> WorksState:
        command = self.command(CONTRACTOR)
        act = ReportRectified(item_id=item, **self.fields(command))
        first = await self.works.report_rectified(command, act)
        assert await self.works.report_rectified(command, act) == first
        return first

    async def mark_overdue(self) -> WorksState:
        command = self.command()
        first = await self.works.mark_overdue(command)
        assert await self.works.mark_overdue(command) == first
        return first

    async def accept(self, who: Actor = CHIEF) -> WorksState:
        command = self.command(who)
        first = await self.works.accept(command)
        assert await self.works.accept(command) == first
        return first

    async def pay(self, who: Actor = BUREAU, omissions_fen: int = 0) -> None:
        command = self.command(who)
        act = ApprovePayment(omissions_fen=omissions_fen, **self.fields(command))
        first = await self.works.approve_payment(command, act)
        assert await self.works.approve_payment(command, act) == first

    async def pass_all(self, *items: str) -> WorksState:
        state = WorksState()
        for item in items:
            await self.report(item)
            if item == "risers":
                await self.inspect(item, kind="concealed")
            state = await self.inspect(item)
        return state

    async def items(self, state: str) -> tuple[str, ...]:
        """The planned ids of the items in a state, in order."""
        async with self.database.session() as session:
            rows = await session.scalars(
                select(WorkItem.id).where(
                    WorkItem.renovation_id == self.rid, WorkItem.state == state
                )
            )
            return tuple(sorted(each.removeprefix(f"{self.rid}.") for each in rows))

    async def count_of(self, table: Any) -> int:
        async with self.database.session() as session:
            found = select(func.count()).select_from(table).where(table.renovation_id == self.rid)
            return await session.scalar(found) or 0

    async def waiting_for(self) -> str:
        async with self.database.session() as session:
            return (await session.get_one(Renovation, self.rid)).waiting_for

    async def templates(self) -> list[str]:
        async with self.database.session() as session:
            return list(
                await session.scalars(
                    select(Notice.template).where(Notice.renovation_id == self.rid)
                )
            )

    async def details(self, kind: str) -> dict[str, Any]:
        async with self.database.session() as session:
            found = await session.scalars(
                select(Event.details).where(Event.renovation_id == self.rid, Event.kind == kind)
            )
            return dict(found.one())


async def site(database: Database, rid: str, **more: Any) -> Site:
    await make_renovation(database, rid=rid, told_at=START, **more)
    async with database.session() as session, session.begin():
        session.add(
            Tender(
                id=f"{rid}.tender.1",
                renovation_id=rid,
                round=1,
                state="awarded",
                notice_at=START,
                deadline_at=START,
                ceiling_fen=VALUE_FEN,
                estimate_fen=VALUE_FEN,
                method="lowest_evaluated",
                criteria={},
            )
        )
        await session.flush()
        session.add(
            Contract(
                id=f"{rid}.contract",
                renovation_id=rid,
                tender_id=f"{rid}.tender.1",
                bidder_id="b1",
                value_fen=VALUE_FEN,
                contingency_fen=0,
                retention_permille=100,
                signed_at=START,
                state="signed",
            )
        )
    return Site(database, rid)


async def begun(database: Database, rid: str, **more: Any) -> Site:
    here = await site(database, rid, **more)
    await here.begin()
    return here


def refused(error: pytest.ExceptionInfo[ApplicationError]) -> list[str]:
    return [problem["code"] for problem in error.value.details[0]]


async def test_beginning_plans_every_work_of_the_scheme_once(database: Database) -> None:
    here = await site(database, "w1")
    state = await here.begin()
    again = await here.begin()
    assert state.open_items == again.open_items == 3
    assert await here.items("planned") == ("paint", "risers", "roof")
    assert await here.count_of(WorkItem) == 3
    assert await here.waiting_for() == "works"


async def test_no_works_without_a_contract(database: Database) -> None:
    await make_renovation(database, rid="w2")
    with pytest.raises(ApplicationError) as error:
        await Site(database, "w2").begin()
    assert refused(error) == ["inspection.contract_missing"]


async def test_an_item_that_is_reported_and_passes_is_passed(database: Database) -> None:
    here = await begun(database, "w3")
    await here.report("roof")
    assert await here.items("reported") == ("roof",)
    state = await here.inspect("roof", "PASS_WITH_MINOR")
    assert (state.passed_items, state.open_items) == (1, 2)
    assert await here.items("passed") == ("roof",)
    assert await here.count_of(Inspection) == 1


async def test_another_firm_cannot_report_an_item(database: Database) -> None:
    here = await begun(database, "w4")
    with pytest.raises(ApplicationError) as error:
        await here.report("roof", CONTRACTOR.model_copy(update={"id": "b2"}))
    assert refused(error) == ["inspection.not_the_contractor"]


async def test_an_unknown_item_and_a_second_report_are_refused(database: Database) -> None:
    here = await begun(database, "w5")
    await here.report("roof")
    for item, code in (("attic", "item_unknown"), ("roof", "item_other_state")):
        with pytest.raises(ApplicationError) as error:
            await here.report(item)
        assert refused(error) == [f"inspection.{code}"]


# carries E31
async def test_concealed_works_pass_only_after_their_own_inspection(database: Database) -> None:
    here = await begun(database, "w6")
    await here.report("risers")
    with pytest.raises(ApplicationError) as error:
        await here.inspect("risers")
    assert refused(error) == ["inspection.concealed_first"]
    await here.inspect("risers", kind="concealed")
    assert await here.items("reported") == ("risers",)
    await here.inspect("risers")
    assert await here.items("passed") == ("risers",)


async def test_the_contractor_cannot_inspect_and_nothing_is_written(database: Database) -> None:
    here = await begun(database, "w7")
    await here.report("roof")
    with pytest.raises(ApplicationError) as error:
        await here.inspect("roof", who=CONTRACTOR)
    assert refused(error) == ["inspection.own_work"]
    assert await here.count_of(Inspection) == 0


async def test_a_failure_orders_the_rectification_and_names_its_deadline(
    database: Database,
) -> None:
    here = await begun(database, "w8")
    await here.report("roof")
    state = await here.inspect("roof", "FAIL")
    assert await here.items("rejected") == ("roof",)
    assert state.overdue_at == datetime(2026, 3, 9, 16, tzinfo=UTC)
    assert "rectification_ordered" in await here.templates()


async def test_somebody_else_inspects_again_after_the_rectification(database: Database) -> None:
    here = await begun(database, "w9")
    await here.report("roof")
    await here.inspect("roof", "FAIL")
    await here.rectify("roof")
    assert await here.items("reported") == ("roof",)
    with pytest.raises(ApplicationError) as error:
        await here.inspect("roof", who=SUPERVISOR)
    assert refused(error) == ["inspection.same_inspector"]
    await here.inspect("roof", who=OTHER)
    assert await here.items("passed") == ("roof",)


async def test_one_failure_more_than_the_limit_is_the_contractors_default(
    database: Database,
) -> None:
    here = await begun(database, "w10", timetable=Timetable(rectification_limit=1))
    await here.report("roof")
    await here.inspect("roof", "FAIL")
    await here.rectify("roof")
    await here.inspect("roof", "FAIL", OTHER)
    assert await here.items("default") == ("roof",)
    assert "contractor_default" in await here.templates()


async def test_a_missed_rectification_deadline_is_a_default(database: Database) -> None:
    here = await begun(database, "w11")
    await here.report("roof")
    failed = await here.inspect("roof", "FAIL")
    assert failed.overdue_at is not None
    mark = partial(here.works.mark_overdue, here.command())
    assert await too_early(database, "w11", mark) == failed.overdue_at - START
    await here.at(failed.overdue_at - INSTANT)
    assert await too_early(database, "w11", mark) == INSTANT
    await here.at(failed.overdue_at)
    state = await mark()
    assert await mark() == state
    assert (state.default_items, state.overdue_at) == (1, None)
    assert await here.items("default") == ("roof",)


async def test_of_two_rectifications_only_the_one_whose_time_is_over_is_a_default(
    database: Database,
) -> None:
    here = await begun(database, "w20")
    await here.report("roof")
    first = (await here.inspect("roof", "FAIL")).overdue_at
    await here.at(START + timedelta(days=2))
    await here.report("paint")
    assert first is not None
    assert (await here.inspect("paint", "FAIL")).overdue_at == first
    await here.at(first)
    state = await here.mark_overdue()
    assert state.default_items == 1
    assert await here.items("default") == ("roof",)
    assert await here.items("rejected") == ("paint",)
    assert state.overdue_at == first + timedelta(days=2)


async def test_a_report_after_the_deadline_is_too_late(database: Database) -> None:
    here = await begun(database, "w12")
    await here.report("roof")
    await here.inspect("roof", "FAIL")
    await here.at(START + timedelta(days=30))
    with pytest.raises(ApplicationError) as error:
        await here.rectify("roof")
    assert refused(error) == ["inspection.rectification_too_late"]


async def test_the_chief_accepts_when_no_item_is_open(database: Database) -> None:
    here = await begun(database, "w14")
    await here.pass_all("roof", "risers")
    with pytest.raises(ApplicationError) as error:
        await here.accept(SUPERVISOR)
    assert refused(error) == ["inspection.not_chief_supervisor", "inspection.works_open"]
    await here.pass_all("paint")
    assert await here.waiting_for() == "accept_works"
    await here.accept()
    assert await here.waiting_for() == "approve_payment"
    with pytest.raises(ApplicationError) as twice:
        await here.accept()
    assert refused(twice) == ["inspection.already_accepted"]


async def test_whoever_acts_for_a_firm_that_has_built_does_not_accept_the_works(
    database: Database, owner: str
) -> None:
    here = await begun(database, "w24")
    await here.pass_all("roof", "risers", "paint")
    firm = await employ(owner, "w24", CHIEF.id)
    async with database.session() as session, session.begin():
        (await session.get_one(Contract, "w24.contract")).bidder_id = firm
    with pytest.raises(ApplicationError) as error:
        await here.accept()
    assert refused(error) == ["inspection.accepted_by_contractor"]
    await here.accept(CHIEF.model_copy(update={"id": "another chief"}))
    assert await here.waiting_for() == "approve_payment"


@pytest.mark.parametrize(
    ("rid", "who", "code"),
    [
        ("w15", CHIEF, "inspection.payment_by_acceptor"),
        ("w16", CONTRACTOR, "inspection.payment_by_contractor"),
    ],
)
async def test_the_payment_is_approved_by_somebody_else(
    database: Database, rid: str, who: Actor, code: str
) -> None:
    here = await begun(database, rid)
    await here.pass_all("roof", "risers", "paint")
    with pytest.raises(ApplicationError) as early:
        await here.pay()
    await here.accept()
    with pytest.raises(ApplicationError) as error:
        await here.pay(who)
    assert (refused(early), refused(error)) == (["inspection.not_accepted"], [code])
    assert await here.count_of(Certificate) == 0


async def test_passed_items_are_paid_at_contract_prices_less_omissions_and_retention(
    database: Database,
) -> None:
    here = await begun(database, "w17", timetable=Timetable(rectification_limit=1))
    await here.pass_all("roof", "risers")
    await here.report("paint")
    await here.inspect("paint", "FAIL")
    await here.rectify("paint")
    await here.inspect("paint", "FAIL", OTHER)
    with pytest.raises(ApplicationError) as error:
        await here.accept()
    assert refused(error) == ["inspection.items_in_default"]
    # Accepted by a release that took a default for an end: the account is that of the passed items.
    async with database.session() as session, session.begin():
        session.add(_acceptance("w17"))
    with pytest.raises(ApplicationError) as late:
        await here.rectify("paint")
    assert refused(late) == ["inspection.already_accepted"]
    await here.at(START + timedelta(days=40))
    await here.pay(omissions_fen=250_001)
    account = await here.details("inspection.payment_released")
    assert account["passed_fen"] + account["default_fen"] == VALUE_FEN
    assert account["passed_fen"] == 8_250_001
    assert account["certified_fen"] == 8_000_000
    assert (account["retention_permille"], account["retention_fen"]) == (30, 240_000)
    assert account["payable_fen"] == 7_760_000
    assert {check["code"] for check in account["checks"]} >= {"inspection.retention"}
    # 30 days from the acceptance, however late it is released (SME Payment Regs art. 9).
    assert account["accepted_at"] == START.isoformat()
    assert (account["pay_by"], account["paid_late"]) == ("2026-04-01T16:00:00+00:00", True)
    async with database.session() as session:
        rows = list(
            await session.scalars(select(Certificate).where(Certificate.renovation_id == "w17"))
        )
        contract = await session.get_one(Contract, "w17.contract")
    assert sum(row.payable_fen for row in rows) == account["payable_fen"]
    assert {row.item_id for row in rows} == {"w17.roof", "w17.risers"}
    assert contract.state == "completed"


# carries E33
async def test_a_large_variation_goes_back_to_the_owners(database: Database) -> None:
    here = await begun(database, "w18")
    await here.pass_all("roof", "risers", "paint")
    await here.accept()
    with pytest.raises(ApplicationError) as error:
        await here.pay(omissions_fen=VALUE_FEN // 10 + 1)
    assert refused(error) == ["inspection.variation_needs_decision"]


async def test_an_item_in_default_is_put_right_and_then_the_works_are_accepted(
    database: Database,
) -> None:
    here = await begun(database, "w30", timetable=Timetable(rectification_limit=1))
    await here.pass_all("roof", "risers")
    await here.report("paint")
    await here.inspect("paint", "FAIL")
    await here.rectify("paint")
    await here.inspect("paint", "FAIL", OTHER)
    assert await here.items("default") == ("paint",)
    assert await here.waiting_for() == "works"
    await here.rectify("paint")
    assert await here.items("reported") == ("paint",)
    await here.inspect("paint")
    assert await here.waiting_for() == "accept_works"
    await here.accept()


async def test_works_without_items_are_not_accepted(database: Database) -> None:
    nothing = scheme_content().model_copy(update={"works": ()})
    here = await site(database, "w19", content=nothing)
    assert not (await here.begin()).acceptable
    with pytest.raises(ApplicationError) as error:
        await here.accept()
    assert refused(error) == ["inspection.nothing_passed"]


def _acceptance(rid: str) -> Inspection:
    return Inspection(
        id=f"{rid}.i99",
        renovation_id=rid,
        item_id=None,
        round=1,
        kind="completion",
        outcome="PASS",
        inspector_id=CHIEF.id,
        defects=[],
        recorded_at=START,
    )
