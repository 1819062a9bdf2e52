"""The national payment platform (nền tảng thanh toán trực tuyến quốc gia)."""

from activities.http import AgencyClient
from models.messages import PaymentMessage, Sent


class Adapter:
    """Asks the citizen to pay; the receipt follows by event."""

    def __init__(self, client: AgencyClient) -> None:
        self._client = client

    async def request(self, message: PaymentMessage) -> Sent:
        """Open a payment request. Raises AgencyError."""
        reply = await self._client.post("/payment-requests", message.model_dump(mode="json"), message.head)
        return reply.read(Sent)
