"""Programs have keys of their own; an assertion of a portal is good once."""

from pathlib import Path

from models.migrations.statements import run

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
