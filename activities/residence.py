"""The residence system of the police (hệ thống thông tin quản lý cư trú)."""

from activities.wire import JsonAgency


class Adapter(JsonAgency):
    """Takes the part that registers a child's permanent residence or ends that of the deceased.

    Receipts, a supplement's too, and the decision follow by event.
    """

    path = "/dossiers"
