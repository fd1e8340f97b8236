"""Sessions of residents whom a city's portal has let in."""

from pathlib import Path

from models.migrations.statements import run

<<<<<<<< HEAD:models/migrations/versions/0028_portal_sessions.py
revision = "0028"
down_revision = "0027"
========
revision = "0028"
down_revision = "0027"
>>>>>>>> entry:models/migrations/versions/0027_portal_sessions.py
branch_labels = None
depends_on = None

HERE = Path(__file__)


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))
