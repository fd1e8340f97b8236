"""Two heads of one size that one log has signed: what proves that an operator shows two histories."""

from pathlib import Path

from models.migrations.statements import run

revision = "0055"
down_revision = "0041"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
