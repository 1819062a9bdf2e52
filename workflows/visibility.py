"""The search-attribute registry in Temporal's own types: keys for upserts, registration on a server."""

from typing import Any

from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

from models.search_attributes import AttributeType, SearchAttribute


def attribute_key(attribute: SearchAttribute) -> SearchAttributeKey[Any]:
    """The typed key of an attribute, as the server knows it."""
    match attribute.type:
        case AttributeType.KEYWORD:
            return SearchAttributeKey.for_keyword(attribute.value)
        case AttributeType.KEYWORD_LIST:
            return SearchAttributeKey.for_keyword_list(attribute.value)
        case AttributeType.DATETIME:
            return SearchAttributeKey.for_datetime(attribute.value)


def attribute_update(attribute: SearchAttribute, value: object) -> SearchAttributeUpdate[Any]:
    """The update that sets an attribute, or unsets it for None and the empty list."""
    key = attribute_key(attribute)
    if isinstance(value, tuple):
        value = list(value)
    return key.value_set(value) if value else key.value_unset()
