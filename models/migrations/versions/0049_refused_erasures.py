"""A household asks for an erasure on its page, and who does not confirm one says why."""

from pathlib import Path

from models.migrations.statements import run

revision = "0049"
down_revision = "0044"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
