"""How Alembic runs here: on the connection that `runtime.migrate` hands over, in its transaction."""

from alembic import context
from sqlalchemy import text

from models.tables import metadata

MIGRATION_LOCK = 7205759403792793600
"""Two processes that migrate at once take turns (`pg_advisory_xact_lock`)."""

connection = context.config.attributes["connection"]
connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
context.configure(
    connection=connection,
    target_metadata=metadata,
    include_schemas=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
