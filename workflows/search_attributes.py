"""The typed keys under which workflows say where they stand; names come from the one registry."""

from temporalio.common import SearchAttributeKey

from models.values import search_attributes as registry

RENOVATION_STAGE = SearchAttributeKey.for_keyword(registry.RENOVATION_STAGE.name)
PLACE = SearchAttributeKey.for_keyword(registry.PLACE.name)
DUE_AT = SearchAttributeKey.for_datetime(registry.DUE_AT.name)
NEEDS_ATTENTION = SearchAttributeKey.for_bool(registry.NEEDS_ATTENTION.name)
