"""When a ballot was cast, by the clock of its case; what the leaf of a ballot covers, by its box."""

from pathlib import Path

from models.migrations.statements import run

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
