"""Every table has a verdict, and what is digested has what its digest needs."""

import pytest

from models.tables import metadata
from proof.tables import DIGESTS, THROUGH, VERDICTS, Kind, table_name

TABLES = {table_name(name): table for name, table in metadata.tables.items()}


def test_every_table_has_a_verdict_and_every_verdict_a_table() -> None:
    assert set(VERDICTS) == set(TABLES)
    assert len(TABLES) == len(metadata.tables)


def test_every_verdict_says_by_what_of_what_or_why() -> None:
    assert all(len(verdict.because) > 6 for verdict in VERDICTS.values())
    assert {verdict.kind for verdict in VERDICTS.values()} == set(Kind)


@pytest.mark.parametrize("name", sorted(DIGESTS))
def test_a_digest_names_columns_that_are_there_and_a_way_to_the_case(name: str) -> None:
    digest, table = DIGESTS[name], metadata.tables[name]
    column, _ = THROUGH.get(digest.through, ("renovation_id", ""))
    assert {column, *digest.left_out} <= set(table.columns.keys())
    assert digest.through in ("", *THROUGH)
    assert bool(digest.left_out) == bool(digest.because)
    assert not {each.name for each in table.primary_key} & set(digest.left_out)
