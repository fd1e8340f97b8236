"""The search attributes of the project, as names and kinds: one registry for server, tests and workflows.

The deploy step and the test fixtures register them (`runtime/temporal.py`); workflows use them through
the typed keys of `workflows/search_attributes.py`. They are never encrypted: no personal data.
"""

from enum import StrEnum

from models.values.base import Value


class SearchAttributeKind(StrEnum):
    """The kinds of Temporal search attributes that the project uses."""

    KEYWORD = "Keyword"
    DATETIME = "Datetime"
    BOOL = "Bool"


class SearchAttribute(Value):
    """One attribute by which the administrators find renovations in the Temporal UI."""

    name: str
    kind: SearchAttributeKind


RENOVATION_STAGE = SearchAttribute(name="GongjianStage", kind=SearchAttributeKind.KEYWORD)
"""The stage a renovation is in: voting, cost_sharing, bidding, inspection, feedback."""
PLACE = SearchAttribute(name="GongjianPlace", kind=SearchAttributeKind.KEYWORD)
"""The path of the grid's place, from the district down."""
TITLE = SearchAttribute(name="GongjianTitle", kind=SearchAttributeKind.KEYWORD)
"""The title of the renovation."""
DUE_AT = SearchAttribute(name="GongjianDueAt", kind=SearchAttributeKind.DATETIME)
"""The moment (UTC) until which a workflow waits, by the clock of its case."""
NEEDS_ATTENTION = SearchAttribute(name="GongjianNeedsAttention", kind=SearchAttributeKind.BOOL)
"""True while a step that broke waits to be seen to."""

SEARCH_ATTRIBUTES: tuple[SearchAttribute, ...] = (
    RENOVATION_STAGE,
    PLACE,
    TITLE,
    DUE_AT,
    NEEDS_ATTENTION,
)
