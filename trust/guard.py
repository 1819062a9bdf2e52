"""The guard of the gateway (người gác cổng): lets in who proves who they are, and nobody too often."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from models.senders import Sender, Turned
from trust.callers import Caller, Proxies
from trust.counting import PerMinute
from trust.senders import RegisteredSender, Senders, SignedRequest, Stranger, Untimely


class TurnedAway(Exception):
    """The request is turned away; `wait` are the seconds until another may be let in, `sender` who sent it if known."""

    def __init__(self, why: Turned, *, wait: int | None = None, sender: Sender | None = None) -> None:
        super().__init__(why.value)
        self.why = why
        self.wait = wait
        self.sender = sender


class Guard:
    """Judges requests by their signature, and counts them in this process: in a moving minute per sender and stranger.

    Strangers are counted by where they come from. Who proves to be a sender is let in however many strangers come from
    the same place, but then only with what is small.
    """

    def __init__(
        self, senders: Senders, proxies: Proxies, *, sender_events_per_minute: int, stranger_requests_per_minute: int
    ) -> None:
        self._senders = senders
        self._proxies = proxies
        self._of_sender = PerMinute(sender_events_per_minute)
        self._of_strangers = PerMinute(stranger_requests_per_minute)

    def caller(self, peer: str, headers: Iterable[tuple[str, str]]) -> Caller:
        """Where a request comes from."""
        return self._proxies.caller(peer, headers)

    def overrun(self, caller: Caller) -> TurnedAway | None:
        """How strangers from there are answered now, when they have come too often; None while they may come."""
        return _too_often(self._of_strangers.overrun(caller.origin))

    def admit(self, caller: Caller, headers: Mapping[str, str], body: bytes) -> RegisteredSender:
        """Who sends. Raises TurnedAway."""
        try:
            request = SignedRequest(headers, body, caller.certificate)
            sender = self._senders.identify(request, datetime.now(UTC))
        except Stranger:
            raise self._counted(caller, TurnedAway(Turned.STRANGER)) from None
        except Untimely as late:  # whoever sends old requests again may be anybody
            raise self._counted(caller, TurnedAway(Turned.STALE, sender=late.sender)) from None
        if wait := self._of_sender.count(sender.id):
            raise TurnedAway(Turned.SENDER_TOO_OFTEN, wait=wait, sender=sender)
        return sender

    def _counted(self, caller: Caller, turned: TurnedAway) -> TurnedAway:
        return _too_often(self._of_strangers.count(caller.origin)) or turned


def _too_often(wait: int | None) -> TurnedAway | None:
    return TurnedAway(Turned.STRANGER_TOO_OFTEN, wait=wait) if wait else None
