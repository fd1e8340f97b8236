"""A renovation may stand still, and its ballot boxes with it."""

from pathlib import Path

from models.migrations.statements import run

revision = "0053"
down_revision = "0048"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
