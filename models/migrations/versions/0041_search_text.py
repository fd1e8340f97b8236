"""Cases are found by what they are called: bigrams of title, place, estate and contractor in one index."""

from pathlib import Path

from models.migrations.statements import run

revision = "0041"
down_revision = "0059"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
