"""A key for each person, what is sensitive, what is to be erased."""

from pathlib import Path

from models.migrations.statements import run

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
