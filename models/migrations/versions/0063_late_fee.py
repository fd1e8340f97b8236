"""A late fee where the owners have voted one: what each payment owes for it, and its kind of transfer."""

from pathlib import Path

from models.migrations.statements import run

revision = "0063"
down_revision = "0064"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
