"""A feed of all events in one order, and the addresses to which it is sent."""

from pathlib import Path

from models.migrations.statements import run

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
