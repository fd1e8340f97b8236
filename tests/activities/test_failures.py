"""What an activity says when its write fails: only what another attempt may cure is tried again."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable

import asyncpg
import pytest
from asyncpg.exceptions._base import DataError as DriverDataError
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs
from temporalio.exceptions import ApplicationError

from activities.cancellation import Cancellations
from activities.recording import Case
from models.messages.acts import CancelRenovation
from models.tables import Event, Payment
from models.values.base import Carried
from proof.commands import reference_for
from runtime.database import Database, is_lost
from runtime.record.journal import Recorded
from tests.support import money
from tests.support.estate import make_renovation
from tests.support.money import STREET, command
from tests.support.waiting import blocked_by

SECRET = "what only the street office may know"


class Nothing(Carried):
    """A result without fields."""


class Something(Carried):
    """A result as a later release has it."""

    word: str


async def broken(failing: Awaitable[object]) -> ApplicationError:
    with pytest.raises(ApplicationError) as error:
        await failing
    assert (error.value.type, error.value.non_retryable) == ("Broken", True)
    return error.value


def cancel(rid: str, reason: str) -> CancelRenovation:
    return CancelRenovation(command_id=f"{rid}#stop", actor=STREET, reason=reason)


async def test_a_nul_in_an_act_is_broken_and_says_where_and_not_what(database: Database) -> None:
    await make_renovation(database, rid="f1")
    cancellations = Cancellations(money.recorder_of(database))
    with capture_logs() as logs:
        error = await broken(
            cancellations.record(command("f1", "stop"), cancel("f1", f"{SECRET}\0"))
        )
    said, reference = error.details
    assert said.startswith("ValueError at proof/canonical.py:")
    assert reference == reference_for("f1#stop")
    # Temporal keeps the error with all its causes.
    assert SECRET not in f"{error} {error.details}"
    assert error.__cause__ is None
    (line,) = [line for line in logs if line["event"] == "step_broken"]
    assert (line["log_level"], line["reference"], line["error"]) == ("error", reference, said)
    assert isinstance(line["exc_info"], ValueError)
    assert await money.count_of(database, Event, Event.renovation_id == "f1") == 0


def paying(name: str, fen: int) -> Callable[[Case], Awaitable[Recorded[Nothing]]]:
    """A write that books money for a unit; the number of the unit stands for what people write."""

    async def change(case: Case) -> Recorded[Nothing]:
        row = {"id": name, "renovation_id": case.renovation.id, "command_id": name}
        row |= {"unit_number": SECRET, "source": "owner"}
        await case.session.execute(
            insert(Payment).values(amount_fen=fen, received_at=case.now, **row)
        )
        return Recorded(Nothing(), {})

    return change


@pytest.mark.parametrize(
    ("rid", "fen", "said"),
    [("f2", 2**70, "OverflowError 22000 at activities/"), ("f3", 1, "UniqueViolationError 23505 ")],
)
async def test_what_the_database_will_never_take_is_broken_with_its_code(
    database: Database, rid: str, fen: int, said: str
) -> None:
    await make_renovation(database, rid=rid)
    recorder = money.recorder_of(database)
    await recorder.write(command(rid, "a"), "test.x", None, paying(rid, 1), Nothing)
    name = rid if fen == 1 else f"{rid}.1"
    with capture_logs() as logs:
        error = await broken(
            recorder.write(command(rid, "b"), "test.x", None, paying(name, fen), Nothing)
        )
    assert error.details[0].startswith(said)
    everything = "".join(traceback.format_exception(logs[0].pop("exc_info")))
    assert SECRET not in f"{error} {error.details} {logs} {everything}"
    assert await money.count_of(database, Event, Event.renovation_id == rid) == 1


async def test_a_receipt_that_an_old_release_wrote_otherwise_is_broken(database: Database) -> None:
    await make_renovation(database, rid="f4")
    recorder = money.recorder_of(database)

    async def nothing(_case: Case) -> Recorded[Nothing]:
        return Recorded(Nothing(), {})

    async def something(_case: Case) -> Recorded[Something]:
        raise AssertionError("it is on the record already")

    await recorder.write(command("f4", "x"), "test.x", None, nothing, Nothing)
    error = await broken(recorder.write(command("f4", "x"), "test.x", None, something, Something))
    assert error.details[0].startswith("ValidationError at ")


async def test_a_server_that_does_not_answer_is_away_and_asked_again() -> None:
    # Nobody listens on this port of the machine.
    nowhere = Database("postgresql://gongjian_app:x@127.0.0.1:1/none")
    cancellations = Cancellations(money.recorder_of(nowhere))
    with pytest.raises(ApplicationError) as error:
        await cancellations.record(command("f5", "stop"), cancel("f5", "stop"))
    assert (error.value.type, error.value.non_retryable) == ("Away", False)
    await nowhere.dispose()


async def test_an_attempt_that_is_cancelled_is_neither(database: Database, owner: str) -> None:
    await make_renovation(database, rid="f6")
    cancellations = Cancellations(money.recorder_of(database))
    holder = await asyncpg.connect(owner)
    async with holder.transaction():
        await holder.execute("SELECT 1 FROM renovation WHERE id = 'f6' FOR NO KEY UPDATE")
        attempt = asyncio.ensure_future(
            cancellations.record(command("f6", "stop"), cancel("f6", "stop"))
        )
        await blocked_by(holder)
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
    await holder.close()


class Orig(Exception):  # noqa: N818 - the driver's error, as SQLAlchemy holds it
    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    "code", ["40001", "40P01", "55P03", "57P01", "57P03", "08006", "53100", "53300", "25006"]
)
def test_these_codes_are_worth_another_attempt(code: str) -> None:
    assert is_lost(DBAPIError("", None, Orig(code)))


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError(),
        ConnectionRefusedError(),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("unexpected error"),
        asyncpg.InvalidCachedStatementError("cached plan"),
    ],
)
def test_so_are_a_server_that_dies_and_a_schema_that_was_migrated(error: Exception) -> None:
    assert is_lost(error)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        KeyError("x"),
        AssertionError("x"),
        DBAPIError("", None, Orig("22003")),
        DBAPIError("", None, Orig("23505")),
        DriverDataError("invalid input for query argument $1"),
    ],
)
def test_anything_else_is_not(error: Exception) -> None:
    assert not is_lost(error)
