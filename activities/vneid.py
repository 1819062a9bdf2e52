"""The VNeID app: consent requests, notices, and results shown in the parent's account on request."""

from activities.wire import JsonChannel
from models.messages import ConsentMessage, DispatchKind, Sent


class Adapter(JsonChannel):
    """Asks people and tells people; their answers follow by event."""

    path = "/messages"
    kinds = frozenset({DispatchKind.NOTICE, DispatchKind.RESULT})

    async def ask(self, message: ConsentMessage) -> Sent:
        """Put a consent request before one person. Raises AgencyError."""
        reply = await self._client.post("/consent-requests", message.model_dump(mode="json"), message.head)
        return reply.read(Sent)
