"""Money is kept in a ledger of double entry, and the database keeps its balances."""

from pathlib import Path

from models.migrations.statements import run

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))
    run(HERE.with_suffix(".before.sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
