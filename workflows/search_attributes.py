"""The typed keys under which workflows say where they stand; names come from the one registry."""

from datetime import datetime

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from models.values import search_attributes as registry

RENOVATION_STAGE = SearchAttributeKey.for_keyword(registry.RENOVATION_STAGE.name)
PLACE = SearchAttributeKey.for_keyword(registry.PLACE.name)
TITLE = SearchAttributeKey.for_keyword(registry.TITLE.name)
DUE_AT = SearchAttributeKey.for_datetime(registry.DUE_AT.name)
NEEDS_ATTENTION = SearchAttributeKey.for_bool(registry.NEEDS_ATTENTION.name)


def show_due(moment: datetime | None) -> None:
    """Say until when this workflow waits; None for a wait that no moment ends."""
    if workflow.info().typed_search_attributes.get(DUE_AT) == moment:
        return
    update = DUE_AT.value_unset() if moment is None else DUE_AT.value_set(moment)
    workflow.upsert_search_attributes([update])


def show_trouble(troubled: bool) -> None:
    """Say whether a step of this workflow broke and waits to be seen to."""
    if bool(workflow.info().typed_search_attributes.get(NEEDS_ATTENTION)) != troubled:
        workflow.upsert_search_attributes([NEEDS_ATTENTION.value_set(troubled)])


def of_the_case() -> TypedSearchAttributes:
    """What a child is found by as well as the workflow that starts it: the title and the place."""
    own = workflow.info().typed_search_attributes
    shared: list[SearchAttributePair[str]] = [
        SearchAttributePair(key, found) for key in (PLACE, TITLE) if (found := own.get(key))
    ]
    return TypedSearchAttributes(shared)
