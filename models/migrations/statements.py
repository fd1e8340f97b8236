"""Runs a revision's file of SQL: statements are separated by an empty line, `--` begins a comment."""

from pathlib import Path

from alembic import op


def run(file: Path) -> None:
    """Execute every statement of the file, in order."""
    bind = op.get_bind()
    for statement in statements(file.read_text(encoding="utf-8")):
        bind.exec_driver_sql(statement)


def statements(text: str) -> list[str]:
    """The statements of a file, without the blocks that are comments only."""
    blocks = (block.strip() for block in text.split("\n\n"))
    return [block for block in blocks if any(_is_sql(line) for line in block.splitlines())]


def _is_sql(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("--")
