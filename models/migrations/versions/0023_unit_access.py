"""Who enters for a unit: versions, letters with a second fact, sessions; API clients and portals."""

from pathlib import Path

from models.migrations.statements import run

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
