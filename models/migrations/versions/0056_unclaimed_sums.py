"""Sums of bank statements that are for no unit are kept until two people decide."""

from pathlib import Path

from models.migrations.statements import run

revision = "0056"
down_revision = "0053"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
