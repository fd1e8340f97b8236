"""Lists of cases that somebody has saved under a name."""

from pathlib import Path

from models.migrations.statements import run

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
