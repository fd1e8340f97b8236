"""Steps that broke, so that an administrator sees them and reconciliation takes them up."""

from pathlib import Path

from models.migrations.statements import run

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
