"""Indexes for the list of cases: pages, places, stages, and who or what is awaited."""

from pathlib import Path

from models.migrations.statements import run

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
