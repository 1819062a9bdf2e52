"""What operators see of a running workflow: live details, and search attributes in Temporal's own types."""

from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

from models.search_attributes import AttributeType, AttributeValues, SearchAttribute


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


class Display:
    """What a workflow shows; an attribute is written only when it changes."""

    def __init__(self) -> None:
        self._shown: dict[SearchAttribute, object] = {}

    def show(self, details: str, values: AttributeValues) -> None:
        """Show this from now on: live details as Markdown, search attributes."""
        workflow.set_current_details(details)
        wanted: dict[SearchAttribute, object] = {**values.keywords, **values.lists, **values.instants}
        changed = [attribute for attribute in SearchAttribute if wanted.get(attribute) != self._shown.get(attribute)]
        if changed:
            workflow.upsert_search_attributes([attribute_update(one, wanted.get(one)) for one in changed])
            self._shown = wanted
