"""Who has sent how much of what only so much is taken of."""

from pathlib import Path

from models.migrations.statements import run

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
