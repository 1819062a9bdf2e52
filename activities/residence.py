"""The residence system of the police (hệ thống thông tin quản lý cư trú)."""

from activities.http import AgencyClient
from activities.wire import DocumentReader, leg_body
from models.messages import LegMessage, Sent


class Adapter:
    """Takes the part for permanent residence, honouring idempotency keys; its receipt and decision follow by event."""

    def __init__(self, client: AgencyClient) -> None:
        self._client = client

    async def submit(self, message: LegMessage, read: DocumentReader) -> Sent:
        """Send the dossier part. Raises AgencyError."""
        reply = await self._client.post("/dossiers", await leg_body(message, read), message.head)
        return reply.read(Sent)
