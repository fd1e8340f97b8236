"""Every table of the journey, the append-only triggers, and the rights of the application."""

from pathlib import Path

from models.migrations.statements import run

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
