"""Why a bid was rejected: ground and reason of each finding, as data."""

from pathlib import Path

from models.migrations.statements import run

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
