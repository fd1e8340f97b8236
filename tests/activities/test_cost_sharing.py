from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, update
from temporalio.exceptions import ApplicationError

from activities.cost_sharing.award import fix_shares_by_award
from activities.cost_sharing.shares import Shares
from activities.recording import Case
from models.messages.acts import ApproveRelief, DecideCollection, DeclineSubsidy, GrantSubsidy
from models.messages.command import Command
from models.messages.cost_sharing import CostSharingOutcome
from models.tables import (
    CaseWait,
    Instalment,
    Notice,
    Payment,
    Refund,
    Relief,
    Renovation,
    Scheme,
    Share,
    ShareTotal,
)
from models.values.actor import Actor, Role
from models.values.cost_sharing import AwardShares
from models.values.waits import PAID_UP
from runtime.database import Database
from runtime.record.journal import Recorded
from service.pages.public.money import _instalments
from service.reading.money import balance_of, instalments_of
from service.situation import load_situation
from tests.support import money
from tests.support.agenda import too_early
from tests.support.estate import make_renovation
from tests.support.money import START, STREET, command, details, item, scheme
from tests.support.told import move_clock

DAY = timedelta(days=1)


async def begun(database: Database, rid: str, **more: Any) -> Shares:
    await make_renovation(
        database, rid=rid, units=12, **{"content": scheme(), "told_at": START, **more}
    )
    await money.computed(database, rid)
    return Shares(money.recorder_of(database))


def refused(error: pytest.ExceptionInfo[ApplicationError]) -> list[str]:
    return [problem["code"] for problem in error.value.details[0]]


async def waiting(database: Database, rid: str) -> str:
    async with database.session() as session:
        return (await session.get_one(Renovation, rid)).waiting_for


async def test_a_plan_without_a_limit_has_no_gap(database: Database) -> None:
    await make_renovation(database, rid="p1", units=12, content=scheme())
    shares = Shares(money.recorder_of(database))
    first = await shares.plan(command("p1", "plan"))
    assert (first.gap_fen, first.next_step) == (0, "none")
    assert await shares.plan(command("p1", "plan")) == first
    assert (await details(database, "p1", "cost_sharing.planned"))["owners_gap_fen"] == 9_600


async def test_optional_items_are_dropped_in_a_new_version_once(database: Database) -> None:
    content = scheme(
        item("roof", 12_000),
        item("pergola", 1_200, optional=True, priority=1),
        item("fountain", 1_200, optional=True, priority=2),
        owners_limit_fen=10_800,
    )
    await make_renovation(database, rid="p2", units=12, content=content)
    shares = Shares(money.recorder_of(database))
    first = await shares.plan(command("p2", "plan"))
    assert await shares.plan(command("p2", "plan")) == first
    assert first.next_step == "none"
    assert await money.count_of(database, Scheme, Scheme.renovation_id == "p2") == 2
    found = await details(database, "p2", "cost_sharing.planned")
    assert (found["dropped"], found["scheme_version"]) == (["fountain"], 2)
    assert found["checks"][0]["passed"] is True


async def test_a_gap_asks_for_a_subsidy_which_closes_it(database: Database) -> None:
    await make_renovation(database, rid="p3", units=12, content=scheme(owners_limit_fen=9_000))
    shares = Shares(money.recorder_of(database))
    gap = await shares.plan(command("p3", "plan"))
    assert (gap.gap_fen, gap.next_step) == (600, "ask_subsidy")
    assert await waiting(database, "p3") == "subsidy"
    part = GrantSubsidy(command_id="p3#a", actor=STREET, amount_fen=200, reason="first part")
    rest = GrantSubsidy(command_id="p3#b", actor=STREET, amount_fen=400, reason="the rest")
    assert (await shares.grant_subsidy(command("p3", "a", actor=STREET), part)).gap_fen == 400
    closed = await shares.grant_subsidy(command("p3", "b", actor=STREET), rest)
    assert await shares.grant_subsidy(command("p3", "b", actor=STREET), rest) == closed
    assert (closed.gap_fen, closed.next_step) == (0, "none")
    assert await money.count_of(database, Scheme, Scheme.renovation_id == "p3") == 3
    with pytest.raises(ApplicationError) as error:
        await shares.grant_subsidy(command("p3", "c", actor=STREET), rest)
    assert refused(error) == ["cost_sharing.no_gap"]


async def test_a_declined_subsidy_leads_to_a_new_vote(database: Database) -> None:
    await make_renovation(database, rid="p4", units=12, content=scheme(owners_limit_fen=9_000))
    shares = Shares(money.recorder_of(database))
    await shares.plan(command("p4", "plan"))
    act = DeclineSubsidy(command_id="p4#no", actor=STREET, reason="no money")
    answers = [await shares.decline_subsidy(command("p4", "no", actor=STREET), act) for _ in "12"]
    assert {(answer.gap_fen, answer.next_step) for answer in answers} == {(600, "new_vote")}


async def test_shares_totals_and_instalments_are_one_sum(database: Database) -> None:
    content = scheme(owner_instalments_permille=(200, 200, 150, 150, 150, 150))
    await make_renovation(database, rid="c1", units=12, content=content)
    shares = Shares(money.recorder_of(database))
    first = await shares.compute(command("c1", "compute"))
    assert await shares.compute(command("c1", "compute")) == first
    for table in (Share, ShareTotal, Instalment):
        owned = table.renovation_id == "c1"
        assert await money.sum_of(database, table.amount_fen, owned) == first.total_fen == 9_600
    assert await money.count_of(database, Instalment, Instalment.renovation_id == "c1") == 72


async def test_a_new_computation_supersedes_the_rows_of_the_earlier_one(
    database: Database,
) -> None:
    shares = await begun(database, "c2")
    again = await shares.compute(command("c2", "compute-2"))
    owned = ShareTotal.renovation_id == "c2"
    assert await money.sum_of(database, ShareTotal.amount_fen, owned) == again.total_fen
    found = await details(database, "c2", "cost_sharing.shares_computed")
    assert found["table_hash"] == again.table_hash


async def test_a_collection_calls_reminds_twice_and_ends(database: Database) -> None:
    shares = await begun(database, "n1")
    call = START + 7 * DAY  # no period ends on a weekend
    await move_clock(database, "n1", call)
    first = await shares.next_reminder(command("n1", "1-0"), 1, 0)
    assert await shares.next_reminder(command("n1", "1-0"), 1, 0) == first
    await move_clock(database, "n1", first.at)
    second = await shares.next_reminder(command("n1", "1-1"), 1, 1)
    await move_clock(database, "n1", second.at)
    third = await shares.next_reminder(command("n1", "1-2"), 1, 2)
    assert [goal.last for goal in (first, second, third)] == [False, False, True]
    days = [(goal.at - call).days for goal in (first, second, third)]
    assert days == [15, 30, 60]
    assert await waiting(database, "n1") == "payments"
    reminded = (Notice.renovation_id == "n1", Notice.template == "payment_reminder")
    assert await money.count_of(database, Notice, *reminded) == 2


async def test_a_second_round_has_the_same_periods_again(database: Database) -> None:
    shares = await begun(database, "n2")
    await shares.next_reminder(command("n2", "1-0"), 1, 0)
    call = START + 90 * DAY
    await move_clock(database, "n2", call)
    first = await shares.next_reminder(command("n2", "2-0"), 2, 0)
    await move_clock(database, "n2", first.at)
    second = await shares.next_reminder(command("n2", "2-1"), 2, 1)
    assert [(goal.at - call).days for goal in (first, second)] == [15, 30]


async def test_a_collection_that_everybody_paid_ends_at_once(database: Database) -> None:
    shares = await begun(database, "n3")
    await money.pay(database, "n3", *await money.units_of(database, "n3"), fen=800)
    goal = await shares.next_reminder(command("n3", "1-0"), 1, 0)
    assert goal.last
    assert goal.at == START
    # The engine counts now: no clock goes on before it has.
    assert await waiting(database, "n3") == "engine"


async def test_nobody_is_reminded_before_the_moment_of_the_reminder(database: Database) -> None:
    shares = await begun(database, "n4")
    called = await shares.next_reminder(command("n4", "1-0"), 1, 0)
    remind = partial(shares.next_reminder, command("n4", "1-1"), 1, 1)
    assert await too_early(database, "n4", remind) == called.at - START
    await move_clock(database, "n4", called.at)
    assert (await remind()).reminder == 1


async def test_a_collection_is_not_counted_before_its_deadline_while_somebody_owes(
    database: Database,
) -> None:
    shares = await begun(database, "n5")
    await shares.next_reminder(command("n5", "1-0"), 1, 0)
    called = await details(database, "n5", "cost_sharing.payments_called")
    deadline = datetime.fromisoformat(called["deadline"])
    count = partial(shares.count_collection, command("n5", "count"))
    await move_clock(database, "n5", deadline - DAY)
    assert await too_early(database, "n5", count) == DAY
    await move_clock(database, "n5", deadline)
    assert not (await count()).enough


async def test_when_nobody_owes_anything_the_collection_is_counted_at_once(
    database: Database,
) -> None:
    shares = await begun(database, "n6")
    await shares.next_reminder(command("n6", "1-0"), 1, 0)
    await money.pay(database, "n6", *await money.units_of(database, "n6"), fen=800)
    counted = await shares.count_collection(command("n6", "count"))
    assert (counted.enough, counted.collected_fen) == (True, 9_600)


async def test_ninety_percent_is_enough_and_an_overpayment_covers_nobody_else(
    database: Database,
) -> None:
    shares = await begun(database, "k1")
    await shares.next_reminder(command("k1", "1-0"), 1, 0)
    await move_clock(database, "k1", START + 80 * DAY)
    units = await money.units_of(database, "k1")
    await money.pay(database, "k1", *units[:9], fen=800)
    await money.pay(database, "k1", units[0], fen=8_000)
    short = await shares.count_collection(command("k1", "count-1"))
    assert await shares.count_collection(command("k1", "count-1")) == short
    assert (short.enough, short.collected_fen, short.due_fen) == (False, 7_200, 9_600)
    assert await waiting(database, "k1") == "decide_collection"
    await money.pay(database, "k1", *units[9:11], fen=800)
    enough = await shares.count_collection(command("k1", "count-2"))
    assert (enough.enough, enough.collected_fen) == (True, 8_800)


async def test_an_instalment_that_is_not_due_yet_is_not_missing(database: Database) -> None:
    shares = await begun(database, "k2", content=scheme(owner_instalments_permille=(500, 500)))
    await money.pay(database, "k2", *await money.units_of(database, "k2"), fen=400)
    counted = await shares.count_collection(command("k2", "count"))
    assert (counted.enough, counted.due_fen) == (True, 4_800)
    assert (await details(database, "k2", "cost_sharing.collection_counted"))["total_fen"] == 9_600


def relief(rid: str, unit: str, fen: int, actor: Actor = STREET, n: int = 1) -> ApproveRelief:
    return ApproveRelief(
        command_id=f"{rid}#relief-{n}",
        actor=actor,
        unit_number=unit,
        amount_fen=fen,
        funded_by="mutual aid pool",
    )


async def test_relief_pays_in_a_households_place_once(database: Database) -> None:
    shares = await begun(database, "r1a")
    unit = (await money.units_of(database, "r1a"))[0]
    for _ in range(2):
        await shares.approve_relief(command("r1a", "relief-1"), relief("r1a", unit, 640))
    paid = (Payment.renovation_id == "r1a", Payment.source == "relief")
    assert await money.sum_of(database, Payment.amount_fen, *paid) == 640
    assert await money.count_of(database, Relief, Relief.renovation_id == "r1a") == 1
    owned = ShareTotal.renovation_id == "r1a"
    assert await money.sum_of(database, ShareTotal.amount_fen, owned) == 9_600


async def test_a_relief_that_pays_the_last_open_share_ends_the_collection(
    database: Database,
) -> None:
    shares, rid = await begun(database, "r4a"), "r4a"

    def step(name: str) -> Command:
        return command(rid, name).model_copy(update={"workflow_id": "collects"})

    first, *others = await money.units_of(database, rid)
    early = await shares.approve_relief(step("r0"), relief(rid, others[0], 800, n=0))
    assert not early.paid_up, "nothing is collected yet"
    await shares.next_reminder(step("1-0"), 1, 0)
    await money.pay(database, rid, *others[1:], fen=800)
    part = await shares.approve_relief(step("r1"), relief(rid, first, 300))
    assert not part.paid_up
    await money.pay(database, rid, first, fen=499)
    rest = relief(rid, first, 1, n=2).model_copy(update={"kind": "deferral"})
    for _ in range(2):
        last = await shares.approve_relief(step("r2"), rest)
        assert last.paid_up
    async with database.session() as session:
        waits = await session.scalars(select(CaseWait.what).where(CaseWait.renovation_id == rid))
        assert PAID_UP in set(waits), "no clock moves past the count"


async def test_relief_is_refused_above_the_debt_twice_and_for_a_stranger(
    database: Database,
) -> None:
    shares = await begun(database, "r2a")
    unit = (await money.units_of(database, "r2a"))[0]
    await shares.approve_relief(command("r2a", "relief-1"), relief("r2a", unit, 300))
    for n, (act, code) in enumerate(
        (
            (relief("r2a", unit, 501), "cost_sharing.relief_above_debt"),
            (relief("r2a", unit, 500), "cost_sharing.relief_twice"),
            (relief("r2a", "no such unit", 1), "cost_sharing.unit_without_share"),
        )
    ):
        with pytest.raises(ApplicationError) as error:
            await shares.approve_relief(command("r2a", f"refused-{n}"), act)
        assert refused(error) == [code]


async def test_nobody_approves_relief_for_the_own_unit(database: Database) -> None:
    shares = await begun(database, "r3a")
    unit = (await money.units_of(database, "r3a"))[0]
    async with database.session() as session:
        estate = (await session.get_one(Renovation, "r3a")).estate_id
    key = await money.owner_key(database, estate, unit)
    own = Actor(id=key, role=Role.STREET_OFFICE, label="an official who lives here")
    with pytest.raises(ApplicationError) as error:
        await shares.approve_relief(command("r3a", "own"), relief("r3a", unit, 100, own))
    assert refused(error) == ["cost_sharing.own_relief"]


async def test_the_committees_word_and_the_end_of_the_stage_are_recorded(
    database: Database,
) -> None:
    shares = await begun(database, "d1")
    act = DecideCollection(command_id="d1#go", actor=STREET, decision="start", reason="enough")
    outcome = CostSharingOutcome(outcome="funded")
    for _ in range(2):
        await shares.decide_collection(command("d1", "go"), act)
        finished = await shares.finish(command("d1", "finish"), outcome)
        assert finished.model_copy(update={"seq": 0}) == outcome
    assert (await details(database, "d1", "cost_sharing.collection_decided"))["decision"] == "start"
    assert await waiting(database, "d1") == "engine"


async def awarded(database: Database, rid: str, value_fen: int, name: str = "sign") -> AwardShares:
    async def change(case: Case) -> Recorded[AwardShares]:
        return Recorded(await fix_shares_by_award(case, value_fen), {})

    recorder = money.recorder_of(database)
    await move_clock(database, rid, START + 100 * DAY)
    answers = [
        await recorder.write(
            command(rid, name), "bidding.contract_signed", None, change, AwardShares
        )
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    return answers[0]


# carries E16
async def test_a_cheaper_award_is_refunded_to_those_who_paid_in_full(database: Database) -> None:
    await begun(database, "a1")
    units = await money.units_of(database, "a1")
    await money.pay(database, "a1", units[0], fen=800)
    result = await awarded(database, "a1", 10_800)
    assert (result.total_fen, result.credits_fen, result.refunds_fen) == (8_400, 1_200, 100)
    owned = (ShareTotal.renovation_id == "a1", ShareTotal.basis == "award")
    assert await money.sum_of(database, ShareTotal.amount_fen, *owned) == 8_400
    assert await money.sum_of(database, Refund.amount_fen, Refund.renovation_id == "a1") == 100
    instalments = await money.sum_of(
        database, Instalment.amount_fen, Instalment.renovation_id == "a1"
    )
    assert instalments == 8_400, "what goes back is not asked again"


# carries E16, E47
async def test_what_went_back_is_owed_again_only_as_far_as_a_later_account_is_dearer(
    database: Database,
) -> None:
    await begun(database, "a4")
    unit = (await money.units_of(database, "a4"))[0]
    await money.pay(database, "a4", unit, fen=800)
    await awarded(database, "a4", 10_800)
    async with database.session() as session, session.begin():
        await session.execute(update(Refund).values(ordered_fen=100, paid_fen=100))
    situation = await load_situation(database, "a4")
    async with database.session() as session:
        sold = await balance_of(session, "a4", unit, START + 101 * DAY)
        assert sold is not None
        assert (sold.due_fen, sold.paid_fen, sold.overdue_fen) == (700, 700, 0)
    await awarded(database, "a4", 11_400, "again")
    async with database.session() as session:
        lines = await instalments_of(session, situation, [unit])
        (line,) = (each for each in await _instalments(session, situation) if each.number == 2)
    assert [(each.amount_fen, each.open_fen) for each in lines] == [(700, 0), (50, 50)]
    assert line.paid is False


async def test_a_dearer_award_adds_an_instalment(database: Database) -> None:
    await begun(database, "a2")
    result = await awarded(database, "a2", 13_200)
    assert (result.debts_fen, result.refunds_fen) == (1_200, 0)
    rows = await money.rows_of(
        database,
        Instalment.number,
        Instalment.amount_fen,
        where=Instalment.renovation_id == "a2",
        order=Instalment.number,
    )
    assert sorted({tuple(row) for row in rows}) == [(1, 800), (2, 100)]


async def test_an_award_above_what_the_owners_agreed_to_is_refused(database: Database) -> None:
    await begun(database, "a3", content=scheme(owners_limit_fen=9_600))
    with pytest.raises(ApplicationError) as error:
        await awarded(database, "a3", 12_001)
    assert refused(error) == ["cost_sharing.award_above_limit"]
    owned = (ShareTotal.renovation_id == "a3", ShareTotal.basis == "award")
    assert await money.count_of(database, ShareTotal, *owned) == 0
