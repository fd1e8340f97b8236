"""An event answers for the rows that were written with it."""

from pathlib import Path

from models.migrations.statements import run

revision = "0043"
down_revision = "0040"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
