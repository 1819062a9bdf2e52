"""The systems around a dossier on stage, played by the test."""

from temporalio import activity
from temporalio.exceptions import ApplicationError

from models.messages import (
    BirthNoticeAnswer,
    BirthNoticeQuery,
    BirthNoticeState,
    ConsentMessage,
    LegMessage,
    PaymentMessage,
    PeopleAnswer,
    PeopleQuery,
    PersonMatch,
    Sent,
)
from models.systems import System


class World:
    """The systems as the test plays them: they take every message, unless away, and answer as they are told."""

    def __init__(self) -> None:
        self.notice = BirthNoticeState.SIGNED
        self.match = PersonMatch.MATCH
        self.legs: list[LegMessage] = []
        self.consents: list[ConsentMessage] = []
        self.payments: list[PaymentMessage] = []
        self.receipts: dict[System, Sent] = {}
        self.away: set[System] = set()

    @activity.defn(name="send_leg")
    async def send_leg(self, message: LegMessage) -> Sent:
        self._reached(message.system)
        self.legs.append(message)
        return self.receipts.get(message.system, Sent(receipt_follows=True))

    @activity.defn(name="ask_consent")
    async def ask_consent(self, message: ConsentMessage) -> Sent:
        self._reached(System.VNEID)
        self.consents.append(message)
        return Sent()

    @activity.defn(name="request_payment")
    async def request_payment(self, message: PaymentMessage) -> Sent:
        self._reached(System.PAYMENT)
        self.payments.append(message)
        return Sent()

    @activity.defn(name="look_up_birth_notice")
    async def look_up_birth_notice(self, query: BirthNoticeQuery) -> BirthNoticeAnswer:
        self._reached(System.HEALTH)
        return BirthNoticeAnswer(state=self.notice)

    @activity.defn(name="check_people")
    async def check_people(self, query: PeopleQuery) -> PeopleAnswer:
        self._reached(System.POPULATION)
        return PeopleAnswer(matches=tuple(self.match for _ in query.people))

    def _reached(self, system: System) -> None:
        if system in self.away:
            raise ApplicationError(f"{system.label}: không kết nối được", type="AgencyUnavailable")
