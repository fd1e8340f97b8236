"""A webhook has two secrets for a while, and notices that are of a person and of no case."""

from pathlib import Path

from models.migrations.statements import run

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
