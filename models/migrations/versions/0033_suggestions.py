"""Suggestions of residents: their support, the replies; quotas are counted in estates too."""

from pathlib import Path

from models.migrations.statements import run

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
