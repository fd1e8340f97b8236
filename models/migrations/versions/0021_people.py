"""People sign in: accounts, invitations, sessions; grants of roles with a life and a log of the place."""

from pathlib import Path

from models.migrations.statements import run

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
