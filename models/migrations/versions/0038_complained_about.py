"""Whom a complaint is about; photographs that may be erased."""

from pathlib import Path

from models.migrations.statements import run

revision = "0038"
down_revision = "0036"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
