"""Owners who are replaced on a frozen roll, and the versions of their credentials."""

from pathlib import Path

from models.migrations.statements import run

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
