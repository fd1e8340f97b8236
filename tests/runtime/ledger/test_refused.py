"""The database itself refuses: as the application's role, and as its owner with statements on rows."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from models.values.ledger import TransferKind, household
from runtime.database import Database
from tests.conftest import TestPostgres
from tests.support.estate import make_renovation
from tests.support.money import START
from tests.support.money.ledger import PROJECT, fen_by_code, hand, insert, move, moved, paid

RID, OTHER = "l1", "l2"
ESCROW, HOME, WORKS = ("escrow", ""), ("household", "1"), ("contractor", "k1")
KEPT, WAGES = ("retention", "k1"), ("wages", "k1")
GROUP = f"INSERT INTO ledger_group VALUES ('{RID}#spare', '{RID}', {{}})"
CERTIFICATE = """
INSERT INTO certificate (id, renovation_id, item_id, certified_fen, retention_fen, deductions_fen,
  payable_fen, state, approved_by, inspection_id, passed)
VALUES ('{0}', '{1}', '{1}.roof', 500, 0, 0, 500, '{2}', 'p', {3}, {4})
"""


@pytest.fixture(scope="module", params=["application", "owner"])
async def role(request: pytest.FixtureRequest, database: Database, owner: str) -> str:
    return database.url if request.param == "application" else owner


@pytest.fixture(scope="module", autouse=True)
async def booked(database: Database, superuser: str, postgres: TestPostgres) -> None:
    for rid in (RID, OTHER):
        await make_renovation(database, rid=rid, units=2, told_at=START)
        await move(
            database,
            rid,
            "first",
            moved(f"{rid}.charge", PROJECT, household("1"), 1_000),
            paid(f"{rid}.paid", "1", 300),
        )
        await move(database, rid, "spare")
    back = moved(
        f"{RID}.back",
        household("1"),
        PROJECT,
        1_000,
        TransferKind.REVERSAL,
        reverses_id=f"{RID}.charge",
    )
    await move(database, RID, "back", back)
    await move(database, RID, "again", moved(f"{RID}.again", PROJECT, household("1"), 1_000))
    async with hand(superuser) as connection:
        await connection.execute(
            f"""
            INSERT INTO work_item (id, renovation_id, building, title, value_fen, state)
            VALUES ('{RID}.roof', '{RID}', '1', 'roof', 500, 'passed');
            INSERT INTO inspection (id, renovation_id, item_id, round, kind, outcome, inspector_id,
              defects, recorded_at)
            VALUES ('{RID}.i1', '{RID}', '{RID}.roof', 1, 'stage', 'FAIL', 'p', '[]', now()),
              ('{RID}.i2', '{RID}', '{RID}.roof', 2, 'stage', 'PASS', 'p', '[]', now());
            INSERT INTO ledger_account (renovation_id, kind, name)
            VALUES ('{RID}', 'contractor', 'k1'), ('{RID}', 'retention', 'k1'), ('{RID}', 'wages', 'k1');
            {CERTIFICATE.format("c1", RID, "released", f"'{RID}.i2'", "true")};
            {CERTIFICATE.format("c2", RID, "released", "NULL", "NULL")};
            {CERTIFICATE.format("c3", RID, "blocked", f"'{RID}.i2'", "true")}
            """
        )


@pytest.fixture
async def writer(role: str) -> AsyncIterator[asyncpg.Connection]:
    """One of the two roles, in a transaction that is never committed."""
    async with hand(role) as connection:
        transaction = connection.transaction()
        await transaction.start()
        yield connection
        await transaction.rollback()


def one(**more: object) -> dict[str, object]:
    return {"id": "new", "source": HOME, "target": ESCROW, "fen": 1, "kind": "payment", **more}


def out(**more: object) -> dict[str, object]:
    works = {"source": ESCROW, "target": WORKS, "fen": 100, "kind": "works"}
    return one(**{**works, **more})


REFUSED = {
    "a second transfer of one id": one(id=f"{RID}.paid"),
    "an escrow below zero": out(fen=301, kind="refund", target=HOME),
    "an amount of nothing": one(fen=0),
    "an account that pays itself": one(target=HOME),
    "an account of another case": one(of=OTHER),
    "a second reversal": one(
        source=HOME, target=("project", ""), fen=1_000, kind="reversal", reverses=f"{RID}.charge"
    ),
    "a reversal of a part": one(
        source=ESCROW, target=HOME, fen=1, kind="reversal", reverses=f"{RID}.paid"
    ),
    "a reversal of a reversal": one(
        source=("project", ""), target=HOME, fen=1_000, kind="reversal", reverses=f"{RID}.back"
    ),
    "a decision on what is not pending": one(fen=300, phase="post", pending=f"{RID}.paid"),
    "a decision on nothing": one(phase="void"),
    "works without a certificate": out(),
    "works without a passed inspection": out(certificate="c2", passed="true"),
    "works that only say that they passed": out(certificate="c2"),
    "works under a certificate that is not released": out(certificate="c3", passed="true"),
    "more than a certificate releases": [
        one(fen=900),
        out(id="more", fen=501, certificate="c1", passed="true"),
    ],
    "works money for a household": out(target=HOME, certificate="c1", passed="true"),
    "money out under another name": out(kind="charge"),
    "a refund for the contractor": out(kind="refund"),
    "wages under no contract of the case": out(kind="wages", target=WAGES),
    "wages that are paid to the contractor": out(kind="wages"),
    "wages that are only held": out(kind="wages", target=WAGES, phase="pending"),
    "wages that are taken off and were never paid": one(
        source=WAGES, target=("contractor", "k1"), kind="wages"
    ),
    "a retention that nobody has released": out(kind="retention", target=KEPT),
    "a retention that is paid to somebody else": out(kind="retention"),
    "a retention that is only held": out(kind="retention", target=KEPT, phase="pending"),
    "a retention that nobody has withheld": one(
        source=("project", ""), target=KEPT, kind="withheld"
    ),
    "damages that no settlement has found": out(kind="compensation"),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_a_transfer_is_refused(writer: asyncpg.Connection, what: str) -> None:
    rows = REFUSED[what] if isinstance(REFUSED[what], list) else [REFUSED[what]]
    await writer.execute(GROUP.format(len(rows)))
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await writer.execute(insert(RID, "spare", *rows))


async def test_works_are_paid_under_a_released_certificate_of_a_passed_inspection(
    writer: asyncpg.Connection,
) -> None:
    await writer.execute(GROUP.format(1))
    await writer.execute(insert(RID, "spare", out(certificate="c1", passed="true")))
    await writer.execute("SET CONSTRAINTS ALL IMMEDIATE")


async def test_a_certificate_names_only_an_inspection_that_its_item_has_passed(
    writer: asyncpg.Connection,
) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await writer.execute(CERTIFICATE.format("c9", RID, "released", f"'{RID}.i1'", "true"))


@pytest.mark.parametrize(
    "statements",
    [
        [GROUP.format(2), insert(RID, "spare", one())],
        [GROUP.format(1)],
        [
            f"INSERT INTO ledger_group VALUES ('{RID}#nobody', '{RID}', 1)",
            insert(RID, "nobody", one()),
        ],
    ],
    ids=["a group that lacks a transfer", "an empty group", "a group without its event"],
)
async def test_at_the_commit_a_group_is_refused(
    writer: asyncpg.Connection, statements: list[str]
) -> None:
    for statement in statements:
        await writer.execute(statement)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await writer.execute("SET CONSTRAINTS ALL IMMEDIATE")


async def test_nothing_is_added_to_a_group_that_is_whole(writer: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await writer.execute(insert(RID, "again", one(number=2)))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET amount_fen = 5, after_fen = before_fen + 5",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry",
        "INSERT INTO ledger_entry SELECT account_id, number + 10, 'l1.back', 1, 0, 1 FROM ledger_entry",
        "UPDATE ledger_transfer SET amount_fen = amount_fen + 1",
        "DELETE FROM ledger_transfer",
        "TRUNCATE ledger_transfer CASCADE",
        "UPDATE ledger_group SET transfers = 9",
        "DELETE FROM ledger_group",
        "UPDATE ledger_account SET balance_fen = 1",
        "UPDATE ledger_account SET never_negative = false",
        "DELETE FROM ledger_account",
        "TRUNCATE ledger_account CASCADE",
        "INSERT INTO ledger_account (renovation_id, kind, balance_fen) VALUES ('l1', 'pool', 7)",
    ],
)
async def test_what_is_booked_cannot_be_changed(writer: asyncpg.Connection, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await writer.execute(statement)


async def test_an_escrow_has_its_limit(writer: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await writer.execute(
            "INSERT INTO ledger_account (renovation_id, kind, name)"
            f" VALUES ('{RID}', 'escrow', 'second')"
        )


async def test_even_where_triggers_are_switched_off_for_a_session_the_ledger_is_kept(
    superuser: str,
) -> None:
    async with hand(superuser) as connection:
        await connection.execute("SET session_replication_role = replica")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("UPDATE ledger_account SET balance_fen = 1")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("DELETE FROM ledger_entry")


async def test_after_all_of_that_the_balances_are_as_before(database: Database) -> None:
    assert await fen_by_code(database, RID) == {
        "contractor/k1": (0, 0),
        "escrow": (300, 0),
        "household/1": (700, 0),
        "project": (-1_000, 0),
        "retention/k1": (0, 0),
        "wages/k1": (0, 0),
    }
