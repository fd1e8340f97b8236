import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from models import migrations
from models.migrations.statements import statements
from models.tables import PRIVATE, metadata
from models.tables.privacy.people import KEYS
from runtime.addresses import asyncpg_url, sqlalchemy_url
from runtime.database import Database
from runtime.migrate import downgrade, upgrade

APPEND_ONLY = (
    "event",
    "receipt",
    "ballot",
    "ballot_seal",
    "ballot_batch",
    "ballot_ruling",
    "ballot_check",
    "payment",
    "late_fee",
    "paper_batch",
    "paper_entry",
    "paper_cast",
    "mandate",
    "mandate_revocation",
    "door_visit",
    "official_result",
    "owner_replacement",
    "attendance",
    "vote_objection",
    "vote_opinion",
    "part_consent",
    "place_event",
    "ledger_group",
    "ledger_transfer",
)
OF_A_BOX = ("ballot_seal", "ballot_batch", "ballot_check")
CHANGED = {**dict.fromkeys(OF_A_BOX, "box_id"), "late_fee": "payment_id"}
"""By the table what of it the test tries to change; else the command."""
NEVER_DELETED = ("unit_access", "letter", "suggestion", "suggestion_support", "vote_step")
"""Without its row a unit would be at its first version again; what was suggested stays."""
NEVER_CHANGED = (
    *("roll_entry", "roll_unit", "scheme", "inspection", "roll_import", "paper_line"),
    "suggestion_reply",
    *("picture", "published_picture"),
    "case_clock",  # whose two columns may only go forward
    "ledger_account",  # whose balance follows from the transfers
    "retention_release",
    *("anchor", "anchor_leaf", "anchor_cosignature", "witnessed", "contradiction"),
)

CONSTRAINTS = """
SELECT n.nspname || '.' || c.relname || ' ' || k.conname || ' ' || pg_get_constraintdef(k.oid)
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n
  ON n.oid = c.relnamespace WHERE n.nspname IN ('public', 'private', 'person_keys') AND c.relname <> 'alembic_version'
  AND k.contype <> 't'
"""
"""Constraint triggers are the migrations' alone: `tests/runtime/ledger` looks at them."""
INDEXES = """
SELECT indexdef FROM pg_indexes
WHERE schemaname IN ('public', 'private', 'person_keys') AND tablename <> 'alembic_version'
"""
COLUMNS = """
SELECT concat_ws(' ', table_schema, table_name, column_name, data_type, character_maximum_length,
  is_nullable, column_default, identity_generation) FROM information_schema.columns
WHERE table_schema IN ('public', 'private', 'person_keys') AND table_name <> 'alembic_version'
"""
THINGS = """
SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('public', 'private', 'person_keys') AND c.relname NOT LIKE 'alembic_version%'
"""


async def query(url: str, sql: str) -> set[object]:
    connection = await asyncpg.connect(asyncpg_url(url))
    try:
        return {row[0] for row in await connection.fetch(sql)}
    finally:
        await connection.close()


async def on_connection(url: str, work):
    engine = create_async_engine(sqlalchemy_url(url))
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


@pytest.fixture
async def empty(postgres) -> AsyncIterator[str]:
    """The owner's address of a database without any table."""
    name = f"test_{secrets.token_hex(6)}"
    await postgres.create(name)
    yield postgres.at(postgres.urls.owner, name)
    await postgres.drop(name)


async def test_up_down_and_up_again_leaves_nothing_behind_and_misses_nothing(empty: str) -> None:
    upgrade(empty)
    upgrade(empty)
    first = await query(empty, COLUMNS)
    downgrade(empty, "base")
    assert await query(empty, THINGS) == {0}
    assert (
        await query(empty, "SELECT proname FROM pg_proc WHERE proname = 'refuse_change'") == set()
    )
    upgrade(empty)
    assert await query(empty, COLUMNS) == first


async def test_the_schema_is_what_the_models_say(owner: str) -> None:
    def compare(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection,
            opts={"include_schemas": True, "compare_type": True, "compare_server_default": True},
        )
        return list(compare_metadata(context, metadata))

    assert await on_connection(owner, compare) == []


def functions() -> list[str]:
    """Those that indexes of the models are made with."""
    file = Path(migrations.__file__).parent / "versions" / "0041_search_text.sql"
    every = statements(file.read_text(encoding="utf-8"))
    return [each for each in every if "CREATE FUNCTION bigrams" in each]


async def test_every_constraint_index_and_default_of_the_models_is_in_the_schema(
    owner: str, empty: str
) -> None:
    # Alembic's comparison does not look at checks and partial indexes.
    def create(connection: Connection) -> None:
        for schema in (PRIVATE, KEYS):
            connection.execute(text(f"CREATE SCHEMA {schema}"))
        for function in functions():
            connection.exec_driver_sql(function)
        metadata.create_all(connection)

    await on_connection(empty, create)
    for sql in (CONSTRAINTS, INDEXES, COLUMNS):
        assert await query(owner, sql) == await query(empty, sql)


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("role", ["application", "owner"])
async def test_what_was_recorded_cannot_be_changed(
    database: Database, owner: str, table: str, role: str
) -> None:
    url = asyncpg_url(database.url) if role == "application" else owner
    connection = await asyncpg.connect(url)
    try:
        for statement in (
            f"UPDATE {table} SET {CHANGED.get(table, 'command_id')} = 'other'",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_the_application_has_the_rights_it_needs_and_not_more(owner: str) -> None:
    sql = (
        "SELECT table_name || ' ' || privilege_type FROM information_schema.role_table_grants"
        " WHERE grantee = 'gongjian_app'"
    )
    granted = await query(owner, sql)
    for table in metadata.tables.values():
        rights = {"SELECT", "INSERT"}
        if table.name not in APPEND_ONLY + NEVER_CHANGED:
            rights |= {"UPDATE"} if table.name in NEVER_DELETED else {"UPDATE", "DELETE"}
        if table.name in {"ballot", "ledger_entry"}:
            # The function `cast_ballots` is the only way in, the transfers make the entries.
            rights = {"SELECT"}
        if table.name in {
            "place_log",
            "api_client",
            "api_key",
            "proposal",
            "webhook",
            "firm",
            "firm_person",
            "erasure",
            "unclaimed_sum",
        }:
            # A head goes on and never away; no name of a program is given twice; a decision stays.
            rights -= {"DELETE"}
        if table.name in {
            "feed_pending",
            "feed_pending_place",
            "feed_entry",
        }:  # the trigger and `feed_advance` write them
            rights = {"SELECT"} if table.name == "feed_entry" else set()
        if table.name == "access":  # `forget_access` takes the old lines away
            rights -= {"UPDATE", "DELETE"}
        if table.name == "webhook_delivery":
            rights -= {"UPDATE"}
        found = {str(entry).split()[1] for entry in granted if str(entry).split()[0] == table.name}
        assert found == rights, table.name


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "ALTER TABLE event DISABLE TRIGGER ALL",
        "DROP TABLE event",
        "SET session_replication_role = replica",
        "SET ROLE gongjian_owner",
    ],
)
async def test_the_application_cannot_get_around_it(database: Database, statement: str) -> None:
    connection = await asyncpg.connect(asyncpg_url(database.url))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()
