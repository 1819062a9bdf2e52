"""The residence system of the police (hệ thống thông tin quản lý cư trú)."""

from activities.wire import JsonAgency


class Adapter(JsonAgency):
    """Takes the part for permanent residence; receipts, a supplement's too, and the decision follow by event."""

    path = "/dossiers"
