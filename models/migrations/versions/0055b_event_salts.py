"""A salt for every event from now on, so that its hash tells nothing of what is not shown."""

from pathlib import Path

from models.migrations.statements import run

revision = "0055b"
down_revision = "0055"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
