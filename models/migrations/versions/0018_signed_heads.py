"""Each event carries the signature of the head that it makes; those of before have none."""

from pathlib import Path

from models.migrations.statements import run

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
