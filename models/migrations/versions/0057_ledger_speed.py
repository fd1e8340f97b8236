"""What the ledger asked of each row it asks once of all rows of a statement."""

from pathlib import Path

from models.migrations.statements import run

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
