"""What keeps the ledger is as the migrations make it, and whoever changes it is found."""

import json

import pytest

from runtime.database import Database
from runtime.ledger.shape import SHAPE, expected_shape, hashes_of, load_shape, shape_faults
from tests.support.money.ledger import hand


async def test_the_shape_is_the_migrations(database: Database) -> None:
    async with database.session() as session:
        found = await load_shape(session)
    # A migration that changes the ledger writes runtime/ledger/shape.json anew, with this:
    assert found == expected_shape(), json.dumps(found, indent=1, sort_keys=True)


@pytest.mark.parametrize(
    ("statement", "name", "how"),
    [
        (
            "ALTER TABLE ledger_entry DISABLE TRIGGER ledger_entry_append_only",
            "trigger ledger_entry_append_only",
            "changed",
        ),
        (
            "ALTER TABLE ledger_entry ENABLE TRIGGER ledger_entry_append_only",
            "trigger ledger_entry_append_only",
            "changed",
        ),
        (
            "DROP TRIGGER ledger_group_whole ON ledger_group",
            "trigger ledger_group_whole",
            "missing",
        ),
        (
            "ALTER TABLE ledger_account DROP CONSTRAINT ck_ledger_account_not_below_zero",
            "constraint ck_ledger_account_not_below_zero",
            "missing",
        ),
        (
            "ALTER TABLE certificate DROP CONSTRAINT uq_certificate_id_passed CASCADE",
            "constraint fk_ledger_transfer_certificate_id_passed",
            "missing",
        ),
        (
            "CREATE OR REPLACE FUNCTION ledger_post() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            "function ledger_post",
            "changed",
        ),
        (
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            "function refuse_change",
            "changed",
        ),
        (
            "CREATE TRIGGER mine AFTER INSERT ON ledger_entry FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
            "trigger mine",
            "foreign",
        ),
        ("GRANT UPDATE ON ledger_account TO gongjian_app", "rights on ledger_account", "changed"),
        (
            "ALTER TABLE ledger_transfer ADD COLUMN note text",
            "column ledger_transfer.note",
            "foreign",
        ),
    ],
)
async def test_whoever_changes_what_keeps_the_ledger_is_found(
    owner: str, statement: str, name: str, how: str
) -> None:
    async with hand(owner) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(statement)
        rows = await connection.fetch(str(SHAPE))
        await transaction.rollback()
    assert (name, how) in shape_faults(hashes_of(rows))
