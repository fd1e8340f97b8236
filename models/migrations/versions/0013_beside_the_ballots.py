"""Attendance, objections after a vote, opinions, and whose system takes ballots on the internet."""

from pathlib import Path

from models.migrations.statements import run

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
