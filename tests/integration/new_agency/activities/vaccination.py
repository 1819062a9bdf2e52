"""The vaccination register (hệ thống tiêm chủng): made up for a test."""

from activities.http import AgencyClient
from activities.wire import DocumentReader, leg_body
from models.messages import LegMessage, Sent


class Adapter:
    """Takes the request for a vaccination book; its receipt is in the answer, the book follows by event."""

    def __init__(self, client: AgencyClient) -> None:
        self._client = client

    async def submit(self, message: LegMessage, read: DocumentReader) -> Sent:
        """Send the dossier part. Raises AgencyError."""
        reply = await self._client.post("/books", await leg_body(message, read), message.head)
        return reply.read(Sent)
