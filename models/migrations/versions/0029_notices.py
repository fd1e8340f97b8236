"""Addresses with consent, the messages of a notice, and notices of before that are not sent late."""

from pathlib import Path

from models.migrations.statements import run

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
