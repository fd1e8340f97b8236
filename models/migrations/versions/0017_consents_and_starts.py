"""Consents may be taken back; a contract says when its works begin; certificates end with a settlement."""

from pathlib import Path

from models.migrations.statements import run

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
