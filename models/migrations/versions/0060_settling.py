"""A case that has stopped is settled to its last account."""

from pathlib import Path

from models.migrations.statements import run

revision = "0060"
down_revision = "0057"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
