"""The record of imported rolls: which file, who, when, and what it changed."""

from pathlib import Path

from models.migrations.statements import run

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
