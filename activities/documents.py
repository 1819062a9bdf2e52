"""The citizen's electronic store (kho quản lý dữ liệu điện tử của tổ chức, cá nhân)."""

from activities.wire import JsonChannel
from models.messages import DispatchKind


class Adapter(JsonChannel):
    """Delivers results."""

    path = "/documents"
    kinds = frozenset({DispatchKind.RESULT})
