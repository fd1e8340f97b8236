"""How many homes open the letter and look at the ballot, without a word about which."""

from pathlib import Path

from models.migrations.statements import run

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
