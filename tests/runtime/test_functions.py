from pathlib import Path

import asyncpg
import pytest

FOLDER = Path(__file__).parents[2] / "models" / "functions"
DEFINITIONS = "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = $1"


async def definitions(owner: str, name: str, *changes: str) -> tuple[list[str], list[str]]:
    """The functions of a name as the migrations leave them, and after the changes; nothing stays."""
    connection = await asyncpg.connect(owner)
    try:
        before = [row[0] for row in await connection.fetch(DEFINITIONS, name)]
        transaction = connection.transaction()
        await transaction.start()
        for change in changes:
            await connection.execute(change)
        after = [row[0] for row in await connection.fetch(DEFINITIONS, name)]
        await transaction.rollback()
        return before, after
    finally:
        await connection.close()


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.sql")), ids=lambda file: file.stem)
async def test_the_file_shows_the_function_that_the_migrations_leave(
    owner: str, file: Path
) -> None:
    # PostgreSQL itself reads the file, so only what it keeps of a function is compared.
    shown = file.read_text(encoding="utf-8")
    before, after = await definitions(owner, file.stem, f"DROP FUNCTION {file.stem}", shown)
    assert len(before) == 1
    assert after == before, f"the last migration of {file.stem} and {file} differ: make them one"


async def test_one_other_word_in_the_file_would_be_seen(owner: str) -> None:
    shown = (FOLDER / "cast_ballots.sql").read_text(encoding="utf-8")
    changed = shown.replace("tick >= closing", "tick > closing")
    assert changed != shown
    before, after = await definitions(owner, "cast_ballots", "DROP FUNCTION cast_ballots", changed)
    assert after != before
