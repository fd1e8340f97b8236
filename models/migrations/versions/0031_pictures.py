"""Photographs of complaints, and what everybody sees of them."""

from pathlib import Path

from models.migrations.statements import run

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
