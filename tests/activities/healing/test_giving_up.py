"""What becomes of a step that cannot be done: the act is given up, the own step marked."""

import asyncio

import asyncpg
import pytest
from temporalio.exceptions import ApplicationError

from activities.cancellation import Cancellations
from activities.healing.giving_up import Healing, in_our_words
from models.messages.acts import CancelRenovation
from models.messages.command import Command
from models.messages.healing import Breakage, GivenUp
from models.tables import CaseTrouble, CommandReceipt, Event, Renovation
from models.values.states import RenovationState
from runtime.database import Database
from runtime.record.audit import audit
from tests.support import money
from tests.support.estate import make_renovation
from tests.support.money import STREET, details
from tests.support.waiting import blocked_by

BREAKAGE = Breakage(step="renovation.cancelled", error="timeout", reference="0a1b2c3d")
HASH = "7" * 64


def act_command(rid: str, name: str = "stop") -> Command:
    return Command(
        command_id=f"{rid}-{name}",
        renovation_id=rid,
        actor=STREET,
        workflow_id=f"renovation/{rid}",
        request_hash=HASH,
    )


def own_command(rid: str, name: str) -> Command:
    stage = f"renovation/{rid}/inspection/4"
    return Command(command_id=f"{stage}#{name}", renovation_id=rid, workflow_id=stage)


def stop(rid: str) -> CancelRenovation:
    return CancelRenovation(command_id=f"{rid}-stop", actor=STREET, reason="enough")


async def events(database: Database, rid: str) -> list[str]:
    rows = await money.rows_of(
        database, Event.kind, where=Event.renovation_id == rid, order=Event.seq
    )
    return [kind for (kind,) in rows]


async def trouble(database: Database, rid: str) -> list[tuple[str, str, bool, str]]:
    rows = await money.rows_of(
        database,
        CaseTrouble.workflow_id,
        CaseTrouble.step,
        CaseTrouble.by_act,
        CaseTrouble.reference,
        where=CaseTrouble.renovation_id == rid,
        order=CaseTrouble.step,
    )
    return [tuple(row) for row in rows]


async def test_after_it_was_given_up_a_late_attempt_is_refused(database: Database) -> None:
    await make_renovation(database, rid="g1")
    recorder = money.recorder_of(database)
    given_up = await Healing(recorder).give_up(act_command("g1"), BREAKAGE)
    assert given_up == GivenUp()
    with pytest.raises(ApplicationError) as late:
        await Cancellations(recorder).record(act_command("g1"), stop("g1"))
    (problem,) = late.value.details[0]
    assert late.value.type == "Refused"
    assert (problem["code"], problem["params"]) == ("act.broken", {"reference": "0a1b2c3d"})
    # Asked again, it is the same; it never looks like a result.
    assert await Healing(recorder).give_up(act_command("g1"), BREAKAGE) == GivenUp()
    assert await events(database, "g1") == ["act.broken"]
    assert await details(database, "g1", "act.broken") == BREAKAGE.model_dump()
    assert await trouble(database, "g1") == [
        ("renovation/g1", "renovation.cancelled", True, "0a1b2c3d")
    ]
    assert (await audit(database, "g1")).ok


async def test_what_had_committed_after_all_is_found(database: Database) -> None:
    await make_renovation(database, rid="g2")
    recorder = money.recorder_of(database)
    done = await Cancellations(recorder).record(act_command("g2"), stop("g2"))
    given_up = await Healing(recorder).give_up(act_command("g2"), BREAKAGE)
    assert given_up.found == done.model_dump()
    assert await events(database, "g2") == ["renovation.cancelled"]
    assert await trouble(database, "g2") == []


async def test_the_receipt_of_an_act_has_the_hash_of_the_act(database: Database) -> None:
    await make_renovation(database, rid="g3")
    recorder = money.recorder_of(database)
    await Cancellations(recorder).record(act_command("g3"), stop("g3"))
    await Healing(recorder).give_up(act_command("g3", "other"), BREAKAGE)
    rows = await money.rows_of(
        database,
        CommandReceipt.request_hash,
        where=CommandReceipt.renovation_id == "g3",
        order=CommandReceipt.seq,
    )
    assert [request_hash for (request_hash,) in rows] == [HASH, HASH]


@pytest.mark.parametrize("first", ["attempt", "give_up"])
async def test_an_attempt_and_giving_up_at_once_are_one_after_the_other(
    database: Database, owner: str, first: str
) -> None:
    rid = f"g4-{first}"
    await make_renovation(database, rid=rid)
    recorder = money.recorder_of(database)

    async def attempt() -> object:
        try:
            done = await Cancellations(recorder).record(act_command(rid), stop(rid))
        except ApplicationError as refused:
            return refused.details[0][0]["code"]
        return done.model_dump()

    async def give_up() -> object:
        return (await Healing(recorder).give_up(act_command(rid), BREAKAGE)).found

    order = [attempt, give_up] if first == "attempt" else [give_up, attempt]
    holder = await asyncpg.connect(owner)
    async with holder.transaction():
        await holder.execute("SELECT 1 FROM renovation WHERE id = $1 FOR NO KEY UPDATE", rid)
        tasks = []
        for number, each in enumerate(order, start=1):
            # The lock is handed on in the order in which it was asked for.
            tasks.append(asyncio.create_task(each()))
            await blocked_by(holder, number)
    found = dict(zip(order, await asyncio.gather(*tasks), strict=True))
    await holder.close()
    if first == "attempt":
        assert found[give_up] == found[attempt]
        assert await events(database, rid) == ["renovation.cancelled"]
    else:
        assert (found[give_up], found[attempt]) == (None, "act.broken")
        assert await events(database, rid) == ["act.broken"]


async def test_an_own_step_is_marked_once_and_cured_once(database: Database) -> None:
    await make_renovation(database, rid="g5")
    healing = Healing(money.recorder_of(database))
    broken = Breakage(step="inspection.defaulted", error="KeyError at x.py:1", reference="11111111")
    noted = [await healing.note(own_command("g5", "d!broken-1"), broken) for _ in range(2)]
    assert [each.seq for each in noted] == [1, 1]
    again = broken.model_copy(update={"reference": "22222222"})
    assert (await healing.note(own_command("g5", "d!broken-2"), again)).seq == 2
    stage = "renovation/g5/inspection/4"
    assert await trouble(database, "g5") == [(stage, "inspection.defaulted", False, "22222222")]
    for _ in range(2):
        cured = await healing.cured(own_command("g5", "d!cured-2"), "inspection.defaulted")
        assert cured.seq == 3
    assert await trouble(database, "g5") == []
    assert await events(database, "g5") == [
        "case.needs_attention",
        "case.needs_attention",
        "case.attention_ended",
    ]
    assert await details(database, "g5", "case.attention_ended") == {"step": "inspection.defaulted"}


async def test_a_step_of_the_engine_stays_its_own(database: Database) -> None:
    await make_renovation(database, rid="g6")
    healing = Healing(money.recorder_of(database))
    stage = "renovation/g6/inspection/4"
    broken = Breakage(step="inspection.defaulted", error="timeout", reference="11111111")
    await healing.note(own_command("g6", "d!broken-1"), broken)
    by_hand = act_command("g6").model_copy(update={"workflow_id": stage})
    await healing.give_up(by_hand, broken.model_copy(update={"reference": "22222222"}))
    assert await trouble(database, "g6") == [(stage, "inspection.defaulted", False, "22222222")]


async def test_a_stage_that_was_left_in_a_case_that_is_over_may_need_attention(
    database: Database,
) -> None:
    await make_renovation(database, rid="g7")
    async with database.session() as session, session.begin():
        row = await session.get_one(Renovation, "g7")
        row.state, row.stage_workflow_id = RenovationState.CANCELLED, ""
    healing = Healing(money.recorder_of(database))
    broken = Breakage(step="inspection.defaulted", error="timeout", reference="11111111")
    assert (await healing.note(own_command("g7", "d!broken-1"), broken)).seq == 1
    assert (await healing.cured(own_command("g7", "d!cured-1"), "inspection.defaulted")).seq == 2
    found = await audit(database, "g7")
    # No event closed it: this test wrote the row, and that alone is found.
    assert [(each.table, each.key, each.reason) for each in found.bad_rows] == [
        ("renovation", "state", "told")
    ]
    assert found.bad == ()
    assert found.bad_acts == ()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("timeout", "timeout"),
        ("act.not_on_record", "act.not_on_record"),
        ("not restored: ApplicationError", "not restored: ApplicationError"),
        ("IntegrityError 23505 at activities/voting/box.py:71", None),
        ("KeyError at ?", None),
        ("the mayor has decided", "unknown"),
        ("Mayor\nWang", "unknown"),
        ("x" * 61, "unknown"),
        ("KeyError at ../../etc/passwd", "unknown"),
    ],
)
def test_what_broke_is_told_in_our_words_only(said: str, kept: str | None) -> None:
    told = in_our_words(Breakage(step="test.x", error=said, reference="r"))
    assert told.error == (kept or said)
