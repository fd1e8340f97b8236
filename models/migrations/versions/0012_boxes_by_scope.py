"""A vote has a box for each part of the estate that is asked; owners consent to works in their own part."""

from pathlib import Path

from models.migrations.statements import run

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
