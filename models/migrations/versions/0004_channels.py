"""The channels beside the web: paper in batches, mandates, door visits, official results."""

from pathlib import Path

from models.migrations.statements import run

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
