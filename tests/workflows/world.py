"""The systems around a dossier on stage, played by the test."""

from collections import Counter
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.http import SLOW_RETRY
from activities.patience import Patience
from ledger.store import Ledger
from models.calendar import load_calendar
from models.facts import AgencyEvent
from models.messages import (
    ConsentMessage,
    FollowUp,
    LegFound,
    LegMessage,
    LegOrder,
    LegQuery,
    NoticeAnswer,
    NoticeQuery,
    NoticeState,
    PaymentMessage,
    PeopleAnswer,
    PeopleQuery,
    PersonMatch,
    Sent,
)
from models.notice_checks import answer
from models.systems import System


class World:
    """The systems as the test plays them: they take every message, unless away, and answer as they are told."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.offset = timedelta()
        self.notice = NoticeState.GOOD
        self.notice_says: str | None = None
        self.match = PersonMatch.MATCH
        self.legs: list[LegMessage] = []
        self.consents: list[ConsentMessage] = []
        self.payments: list[PaymentMessage] = []
        self.follow_ups: list[FollowUp] = []
        self.look_ups: list[LegQuery] = []
        self.untold: dict[str, list[AgencyEvent]] = {}
        self.receipts: dict[System, Sent] = {}
        self.away: set[System] = set()
        self.cannot_ask: set[str] = set()
        self.pause: timedelta | None = None
        self.rejecting: set[System] = set()
        self.attempts: Counter[System] = Counter()

    @activity.defn(name="send_leg")
    async def send_leg(self, order: LegOrder) -> Sent:
        self._reached(order.system)
        self.legs.append(order.message(self._ledger.declaration(order.head.dossier_code, order.revision)))
        return self.receipts.get(order.system, Sent(receipt_follows=True))

    @activity.defn(name="send_follow_up")
    async def send_follow_up(self, message: FollowUp) -> Sent:
        self._reached(message.system)
        self.follow_ups.append(message)
        return self.receipts.get(message.system, Sent(receipt_follows=True))

    @activity.defn(name="look_up_leg")
    async def look_up_leg(self, query: LegQuery) -> LegFound:
        self._reached(query.system)
        self.look_ups.append(query)
        return LegFound(events=tuple(self.untold.get(query.leg, ())))

    @activity.defn(name="ask_consent")
    async def ask_consent(self, message: ConsentMessage) -> Sent:
        self._reached(System.VNEID, away=message.person.personal_id in self.cannot_ask)
        self.consents.append(message)
        return Sent()

    @activity.defn(name="request_payment")
    async def request_payment(self, message: PaymentMessage) -> Sent:
        self._reached(System.PAYMENT)
        self.payments.append(message)
        return Sent()

    @activity.defn(name="look_up_notice")
    async def look_up_notice(self, query: NoticeQuery) -> NoticeAnswer:
        self._reached(System.HEALTH)
        return answer(query.group.notice, self.notice, "01901", self.notice_says)

    @activity.defn(name="check_people")
    async def check_people(self, query: PeopleQuery) -> PeopleAnswer:
        self._reached(System.POPULATION)
        return PeopleAnswer(matches=tuple(self.match for _ in query.people))

    def _reached(self, system: System, *, away: bool = False) -> None:
        """Fail as `activities.agencies` does: by our patience with who is away, slowly with who rejects."""
        self.attempts[system] += 1
        if system in self.rejecting:
            text = f"{system.label}: hệ thống không nhận thông điệp (HTTP 422)"
            raise ApplicationError(text, type="AgencyRejected", non_retryable=True, next_retry_delay=SLOW_RETRY)
        if away or system in self.away:
            info = activity.info()
            pause = self.pause or Patience(load_calendar(), self.offset).pause(info.attempt, info.started_time)
            text = f"{system.label}: không kết nối được"
            raise ApplicationError(text, type="AgencyUnavailable", next_retry_delay=pause)
