"""A case is in warranty until what is kept back of its contracts is released or withheld."""

from pathlib import Path

from models.migrations.statements import run

revision = "0047"
down_revision = "0055b"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
