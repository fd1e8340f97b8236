"""What every case asks is found by an index, however many cases there are."""

from pathlib import Path

from models.migrations.statements import run

revision = "0064"
down_revision = "0062"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
