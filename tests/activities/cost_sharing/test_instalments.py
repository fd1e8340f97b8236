"""The collection of later instalments, step by step: what each writes, what it waits for, and that it is written once."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from temporalio.exceptions import ApplicationError

from activities.cost_sharing.instalments import LaterInstalments
from activities.cost_sharing.shares import Shares
from models.messages.acts import ApproveRelief
from models.messages.command import Command
from models.messages.ids import collection_workflow_id
from models.tables import CaseWait, Event, Instalment, Renovation
from models.values.states import Stage
from runtime.database import Database
from tests.support import money
from tests.support.agenda import too_early
from tests.support.estate import make_renovation
from tests.support.money import START, STREET, details, scheme
from tests.support.told import move_clock

DAY = timedelta(days=1)
CALLED = "cost_sharing.payments_called"


def beside(rid: str, name: str) -> Command:
    """A step of the first collection of the case."""
    own = {"workflow_id": collection_workflow_id(rid, 1)}
    return money.command(rid, name).model_copy(update=own)


async def begun(database: Database, rid: str) -> tuple[Shares, LaterInstalments]:
    """A case of twelve homes with two instalments of 400 fen: the first was called, and nobody has paid."""
    content = scheme(owner_instalments_permille=(500, 500))
    await make_renovation(database, rid=rid, units=12, content=content, told_at=START)
    await money.computed(database, rid)
    recorder = money.recorder_of(database)
    shares = Shares(recorder)
    await move_clock(database, rid, START + 8 * DAY)
    await shares.next_reminder(money.command(rid, "1-0"), 1, 0)
    await in_stage(database, rid, Stage.BIDDING)
    return shares, LaterInstalments(recorder)


async def in_stage(database: Database, rid: str, stage: Stage) -> None:
    async with database.session() as session, session.begin():
        entered = {"stage": stage, "stage_workflow_id": f"renovation/{rid}/{stage}/3"}
        await session.execute(update(Renovation).where(Renovation.id == rid).values(entered))


async def waits(database: Database, rid: str) -> dict[str, str]:
    """What the collection waits for, and who does it."""
    of_collection = CaseWait.workflow_id == collection_workflow_id(rid, 1)
    async with database.session() as session:
        rows = await session.execute(select(CaseWait.what, CaseWait.who).where(of_collection))
        return {row.what: row.who for row in rows}


async def test_what_is_left_is_looked_at_once_and_the_next_instalment_is_called_when_it_falls_due(
    database: Database,
) -> None:
    shares, instalments = await begun(database, "i1")
    first = await instalments.look(beside("i1", "look-1"), 1)
    assert await instalments.look(beside("i1", "look-1"), 1) == first
    async with database.session() as session:
        second = Instalment.renovation_id == "i1", Instalment.number == 2
        due_at = await session.scalar(select(Instalment.due_at).where(*second).limit(1))
    assert (first.over, first.next_at) == (False, due_at)
    said = await details(database, "i1", "cost_sharing.instalment_awaited")
    assert (said["due_fen"], said["debtors"], said["owed_fen"]) == (4_800, 12, 4_800)
    assert await waits(database, "i1") == {
        "instalment": "",
        "arrears": "residents_committee, district_bureau, street_office",
    }
    assert due_at is not None
    left = await too_early(
        database, "i1", lambda: shares.next_reminder(beside("i1", "called"), 1, 0)
    )
    assert left == due_at - (START + 8 * DAY)
    await move_clock(database, "i1", due_at)
    called = await shares.next_reminder(beside("i1", "called"), 1, 0)
    assert await shares.next_reminder(beside("i1", "called"), 1, 0) == called
    assert await waits(database, "i1") == {"payments": "owners", "reminder": ""}
    assert (await details(database, "i1", CALLED))["debtors"] == 12
    async with database.session() as session:
        row = await session.get_one(Renovation, "i1")
        assert row.waiting_for == "payments", "what the case waits for is what its stage has said"


async def test_when_nobody_owes_the_collection_is_over(database: Database) -> None:
    shares, instalments = await begun(database, "i2")
    for number, unit in enumerate(await money.units_of(database, "i2")):
        act = ApproveRelief(
            command_id=f"i2#{number}",
            actor=STREET,
            unit_number=unit,
            amount_fen=800,
            kind="pool",
            funded_by="pool",
        )
        await shares.approve_relief(money.command("i2", f"relief-{number}", actor=STREET), act)
    answer = await instalments.look(beside("i2", "look-1"), 1)
    assert (answer.over, answer.next_at) == (True, None)
    assert await waits(database, "i2") == {}


@pytest.mark.parametrize("stage", [Stage.VOTING, Stage.COST_SHARING])
async def test_nothing_is_collected_of_shares_that_are_made_anew(
    database: Database, stage: Stage
) -> None:
    rid = f"i3-{stage}"
    _, instalments = await begun(database, rid)
    await in_stage(database, rid, stage)
    with pytest.raises(ApplicationError) as error:
        await instalments.look(beside(rid, "look-1"), 1)
    assert [problem["code"] for problem in error.value.details[0]] == ["renovation.stage_over"]
    async with database.session() as session:
        of_case = Event.renovation_id == rid, Event.kind.startswith("cost_sharing.instalment")
        assert await session.scalar(select(Event.seq).where(*of_case)) is None
