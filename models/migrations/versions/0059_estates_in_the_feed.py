"""What happens to the suggestions of an estate is in the feed, in the one order with the events of cases."""

from pathlib import Path

from models.migrations.statements import run

revision = "0059"
down_revision = "0049"
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
