"""The plain rows of the audit are those of the models: the same columns, and JSON where the tables have it."""

from sqlalchemy.dialects.postgresql import JSONB

from models.tables import metadata
from runtime.rows import TABLES, json_in


def test_each_row_has_columns_of_its_table_and_reads_those_of_json_as_json() -> None:
    assert len(TABLES) > 5
    for kind, name in TABLES.items():
        columns = metadata.tables[name].columns
        fields = getattr(kind, "_fields")  # noqa: B009
        assert set(fields) <= set(columns.keys()), name
        of_json = {each for each in fields if isinstance(columns[each].type, JSONB)}
        assert of_json == json_in(kind), name
