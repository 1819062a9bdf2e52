"""The SMS brandname gateway."""

from activities.wire import JsonChannel
from models.messages import DispatchKind


class Adapter(JsonChannel):
    """Sends short notices in Vietnamese."""

    path = "/messages"
    kinds = frozenset({DispatchKind.NOTICE})
