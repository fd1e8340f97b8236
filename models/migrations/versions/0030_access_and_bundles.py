"""The log of who read what is not for everybody, and the bundles of votes in two forms."""

from pathlib import Path

from models.migrations.statements import run

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
