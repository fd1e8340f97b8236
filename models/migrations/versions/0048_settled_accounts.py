"""A case is completed when every account of it is settled: refunds by part, damages, money of others."""

from pathlib import Path

from models.migrations.statements import run

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
