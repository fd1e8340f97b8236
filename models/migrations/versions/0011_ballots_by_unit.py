"""A ballot's command id is its unit's own: two voters may use the same one."""

from pathlib import Path

from models.migrations.statements import run

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
