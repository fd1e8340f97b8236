"""Which households found their ballots in the published tree."""

from pathlib import Path

from models.migrations.statements import run

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
