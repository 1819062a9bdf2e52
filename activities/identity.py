"""The identity-card system (hệ thống cấp, quản lý căn cước)."""

from activities.http import AgencyClient
from activities.wire import DocumentReader, leg_body
from models.messages import LegMessage, Sent


class Adapter:
    """Takes the request for a card, honouring idempotency keys; its receipt is in the answer, the card follows."""

    def __init__(self, client: AgencyClient) -> None:
        self._client = client

    async def submit(self, message: LegMessage, read: DocumentReader) -> Sent:
        """Send the dossier part. Raises AgencyError."""
        reply = await self._client.post("/card-requests", await leg_body(message, read), message.head)
        return reply.read(Sent)
