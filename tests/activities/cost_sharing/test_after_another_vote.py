"""What a bill leaves behind for the bill of a later vote, and what comes in between."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.exceptions import ApplicationError

from activities.cost_sharing.joining import Joinings
from activities.cost_sharing.shares import Shares
from activities.cost_sharing.subsidies import Subsidies
from models.messages.acts import CutSubsidy, Done, JoinLate
from models.tables import LedgerAccount, Scheme, ShareTotal
from models.values.ledger import AccountKind
from models.values.states import Stage
from rules.oversight import ANNULLED
from runtime.database import Database
from runtime.record.journal import Journal, Recorded
from service.reading.reasons import load_published
from service.situation import load_situation
from tests.activities.cost_sharing.test_late_fees import set_case
from tests.activities.test_cost_sharing import awarded, begun, refused
from tests.support import money
from tests.support.money import START, STREET, details, item, scheme
from tests.support.told import move_clock

DAY = timedelta(days=1)


async def call(database: Database, rid: str, shares: Shares, days: int) -> None:
    await move_clock(database, rid, START + days * DAY)
    await shares.next_reminder(money.command(rid, f"{days}-0"), days, 0)


async def cut(database: Database, rid: str, fen: int, name: str) -> None:
    act = CutSubsidy(
        command_id=f"{rid}#{name}",
        actor=STREET,
        funding="district",
        amount_fen=fen,
        document="(2026) no. 12",
        reason="the budget was cut",
    )
    await Subsidies(money.recorder_of(database)).cut(money.command(rid, name, STREET), act)


# carries E15
async def test_a_cut_after_another_vote_is_measured_by_what_that_vote_has_adopted(
    database: Database,
) -> None:
    shares, rid = await begun(database, "v1"), "v1"
    await set_case(database, rid, stage=Stage.COST_SHARING)
    await call(database, rid, shares, 8)
    await cut(database, rid, 400, "cut-1")
    with pytest.raises(ApplicationError) as error:
        await cut(database, rid, 100, "cut-2")
    assert refused(error) == ["cost_sharing.cut_needs_vote"]
    # The owners vote anew on the scheme as it is now, and are billed by it.
    await shares.compute(money.command(rid, "compute-2"))
    await call(database, rid, shares, 30)
    await cut(database, rid, 100, "cut-3")
    said = await details(database, rid, "cost_sharing.subsidy_cut")
    assert (said["owners_gap_fen"], said["lost_fen"]) == (10_000, 100)


# carries E15, E19
async def test_no_bill_is_changed_while_the_owners_vote_anew_nor_after_an_annulled_vote(
    database: Database,
) -> None:
    shares, rid = await begun(database, "v2"), "v2"
    await set_case(database, rid, stage=Stage.COST_SHARING)
    await call(database, rid, shares, 8)
    units, vote = await money.units_of(database, rid), "cost_sharing.bill_in_question"

    async def both_refused(name: str, code: str) -> None:
        joins = Joinings(money.recorder_of(database))
        act = JoinLate(
            command_id=f"{rid}#join-{name}",
            actor=STREET,
            unit_number=units[0],
            item="roof",
            document="application no. 3",
            reason="the home joins",
        )
        with pytest.raises(ApplicationError) as error:
            await joins.join(money.command(rid, f"join-{name}", STREET), act)
        assert refused(error)[0] in (code, "cost_sharing.late_too_early")
        with pytest.raises(ApplicationError) as error:
            await cut(database, rid, 100, f"cut-{name}")
        assert refused(error) == [code]

    await set_case(database, rid, stage=Stage.VOTING)
    await both_refused("vote", vote)
    await set_case(database, rid, stage=Stage.BIDDING)
    async with database.session() as session, session.begin():
        content = scheme(item("roof", 24_000)).model_dump(mode="json")
        row = {"title": "dearer", "content": content, "budget_fen": 24_000, "created_at": START}
        session.add(Scheme(renovation_id=rid, version=2, **row))
    await both_refused("version", vote)
    situation = await load_situation(database, rid)
    async with database.session() as session:
        bill = await load_published(session, situation)
    assert (bill.scheme_version, bill.total_fen) == (1, 9_600), "it is told by the scheme it is of"
    # The bill of the new scheme is there, and nobody is called to pay it yet.
    await shares.compute(money.command(rid, "compute-2"))
    await both_refused("uncalled", "cost_sharing.not_called")
    await call(database, rid, shares, 30)

    async def annulled(_session: AsyncSession, _now: datetime) -> Recorded[Done]:
        return Recorded(Done(command_id="v2#annul", kind=ANNULLED), {"ends": False})

    journal = Journal(database)
    await journal.record(money.command(rid, "annul"), ANNULLED, None, annulled, Done)
    await both_refused("annulled", vote)


# carries E36
async def test_the_bill_of_a_vote_after_a_contract_that_has_ended_is_charged(
    database: Database,
) -> None:
    shares, rid = await begun(database, "v3"), "v3"
    await awarded(database, rid, 10_800)
    charged = (LedgerAccount.renovation_id == rid, LedgerAccount.kind == AccountKind.HOUSEHOLD)
    assert await money.sum_of(database, LedgerAccount.balance_fen, *charged) == 8_400
    again = await shares.compute(money.command(rid, "compute-2"))
    assert await money.sum_of(database, LedgerAccount.balance_fen, *charged) == again.total_fen
    assert again.total_fen == 9_600
    left = (ShareTotal.renovation_id == rid, ShareTotal.basis != "estimate")
    assert await money.count_of(database, ShareTotal, *left) == 0
