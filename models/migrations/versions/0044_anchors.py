"""The heads of all cases in one tree, its signed heads, and what other instances cosign."""

from pathlib import Path

from models.migrations.statements import run

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
