"""The public post (bưu chính công ích)."""

from activities.wire import JsonChannel
from models.messages import DispatchKind


class Adapter(JsonChannel):
    """Orders paper results to be sent home."""

    path = "/orders"
    kinds = frozenset({DispatchKind.PAPER_ORDER})
