"""What a person calls each of their passkeys, and when it last signed in."""

from pathlib import Path

from models.migrations.statements import run

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
