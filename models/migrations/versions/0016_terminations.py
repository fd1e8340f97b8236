"""Contracts that end before their works are done; what is left has a tender and a contract of its own."""

from pathlib import Path

from models.migrations.statements import run

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
