"""Sealed ballots: a key pair of each box, commitments, signed batches, and one function as way in."""

from pathlib import Path

from models.migrations.statements import run

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
