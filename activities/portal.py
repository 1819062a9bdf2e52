"""The national public service portal (Cổng Dịch vụ công quốc gia): statuses, notices and results."""

from activities.wire import JsonChannel
from models.messages import DispatchKind


class Adapter(JsonChannel):
    """Tells the portal everything the citizen sees there."""

    path = "/dispatches"
    kinds = frozenset({DispatchKind.NOTICE, DispatchKind.STATUS, DispatchKind.RESULT})
