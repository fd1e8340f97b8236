"""Wages first: a kind, an account and a ceiling of their own."""

from pathlib import Path

from models.migrations.statements import run

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
