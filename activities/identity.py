"""The identity-card system (hệ thống cấp, quản lý căn cước)."""

from activities.wire import JsonAgency


class Adapter(JsonAgency):
    """Takes the request for a card; receipts, a supplement's too, are in the answers, the card follows by event."""

    path = "/card-requests"
