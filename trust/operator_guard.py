"""Who comes to the codec server: operators, by bearer token or by a session of their browser, none of them too often.

A session is for the Temporal Web UI, in which nobody can type a token: the log-in page gives the browser a cookie.
"""

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from threading import Lock

from models.operators import Operator
from trust.callers import Proxies
from trust.counting import PerMinute
from trust.operators import Expired, Identified, Identify, Unidentified, digest_of

_SESSION = timedelta(hours=8)
"""How long a session lasts, if the token does: a day at work."""
_MOST_SESSIONS = 1000
_BEARER = "bearer "


class NotLetIn(StrEnum):
    """Why somebody is not let in."""

    STRANGER = "stranger"
    EXPIRED = "expired"
    STRANGER_TOO_OFTEN = "stranger_too_often"
    OPERATOR_TOO_OFTEN = "operator_too_often"


class KeptOut(Exception):
    """The request is not let in; `wait` are the seconds until another may be, `operator` who it is if known."""

    def __init__(self, why: NotLetIn, *, wait: int | None = None, operator: Operator | None = None) -> None:
        super().__init__(why.value)
        self.why = why
        self.wait = wait
        self.operator = operator


class Sessions:
    """Who has logged in by a browser, in this process; only digests of cookies are kept."""

    def __init__(self) -> None:
        self._open: dict[str, Identified] = {}
        self._lock = Lock()

    def begin(self, identified: Identified, now: datetime) -> tuple[str, Identified]:
        """A new cookie, and until when it is good. The oldest session ends where there are too many."""
        cookie = secrets.token_urlsafe(32)
        session = identified.model_copy(update={"until": min(identified.until, now + _SESSION)})
        with self._lock:
            self._open = {key: one for key, one in self._open.items() if one.until > now}
            while len(self._open) >= _MOST_SESSIONS:
                del self._open[next(iter(self._open))]
            self._open[digest_of(cookie)] = session
        return cookie, session

    def identify(self, cookie: str, now: datetime) -> Identified:
        """Whose session it is. Raises Unidentified."""
        session = self._open.get(digest_of(cookie))
        if session is None or session.until <= now:
            raise Unidentified
        return session

    def end(self, cookie: str) -> None:
        """Whoever has the cookie is logged out."""
        with self._lock:
            self._open.pop(digest_of(cookie), None)


class OperatorGuard:
    """Lets in operators, so many requests in a moving minute each; strangers are counted by where they come from."""

    def __init__(
        self,
        identify: Identify,
        sessions: Sessions,
        proxies: Proxies,
        *,
        operator_requests_per_minute: int,
        stranger_requests_per_minute: int,
    ) -> None:
        self._identify = identify
        self._sessions = sessions
        self._proxies = proxies
        self._of_operator = PerMinute(operator_requests_per_minute)
        self._of_strangers = PerMinute(stranger_requests_per_minute)

    def admit(
        self, peer: str, headers: Iterable[tuple[str, str]], authorization: str | None, cookie: str | None = None
    ) -> Identified:
        """Who asks, by the token they bear, else by the cookie of their session. May block. Raises KeptOut."""
        origin = self._proxies.caller(peer, headers).origin
        now = datetime.now(UTC)
        try:
            if authorization is None and cookie is not None:
                identified = self._sessions.identify(cookie, now)
            else:
                identified = self._identify.identify(_token(authorization), now)
        except Expired as expired:
            raise self._counted(origin, KeptOut(NotLetIn.EXPIRED, operator=expired.operator)) from None
        except Unidentified:
            raise self._counted(origin, KeptOut(NotLetIn.STRANGER)) from None
        if wait := self._of_operator.count(identified.operator.id):
            raise KeptOut(NotLetIn.OPERATOR_TOO_OFTEN, wait=wait, operator=identified.operator)
        return identified

    def _counted(self, origin: str, kept_out: KeptOut) -> KeptOut:
        wait = self._of_strangers.count(origin)
        return KeptOut(NotLetIn.STRANGER_TOO_OFTEN, wait=wait) if wait else kept_out


def _token(authorization: str | None) -> str:
    """What is borne (RFC 6750). Raises Unidentified."""
    if authorization is None or not authorization.lower().startswith(_BEARER):
        raise Unidentified
    return authorization[len(_BEARER) :].strip()
