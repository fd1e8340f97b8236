"""Bids lie in sealed envelopes until they are opened."""

from pathlib import Path

from models.migrations.statements import run

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
