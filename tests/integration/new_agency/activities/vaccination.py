"""The vaccination register (hệ thống tiêm chủng): made up for a test."""

from activities.wire import JsonAgency


class Adapter(JsonAgency):
    """Takes the request for a vaccination book; its receipt is in the answer, the book follows by event."""

    path = "/books"
