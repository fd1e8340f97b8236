"""Since when somebody is late, and who was told of it last."""

from pathlib import Path

from models.migrations.statements import run

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
