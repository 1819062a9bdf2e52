"""Consents of one leg: every named person is asked in VNeID at once, and has the same limit (REQUIREMENTS §6.6)."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

from models.base import legal_date
from models.dossier import Consent, ConsentState, ConsentVerdict, Leg, consent_verdict
from models.messages import ConsentMessage
from models.plan import AskedPerson, LegPlan
from models.publication import Notice
from models.reducers import with_consent
from models.systems import System
from models.words import last_day, listed
from workflows import ports
from workflows.calls import call_system

if TYPE_CHECKING:
    from workflows.group import ProcedureGroup


class ConsentRound:
    """The consents of one leg, from the requests to the verdict."""

    def __init__(self, dossier: "ProcedureGroup", plan: LegPlan) -> None:
        self._dossier = dossier
        self._plan = plan

    @property
    def verdict(self) -> ConsentVerdict:
        """What the answers so far amount to; waiting while somebody has not even been asked."""
        if len(self._leg.consents) < len(self._plan.people):
            return ConsentVerdict.WAITING
        return consent_verdict(self._plan.consent_rules, self._leg.consents)

    @property
    def lost(self) -> bool:
        """Whether the leg can no longer get the consents it needs."""
        return self.verdict in (ConsentVerdict.DECLINED, ConsentVerdict.EXPIRED)

    def people_who(self, state: ConsentState) -> str:
        """The roles of those in that state, for notices: never a name."""
        return listed(role.label for c in self._leg.consents if c.state is state for role in c.person.roles)

    def answered_at(self, not_before: datetime) -> datetime | None:
        """When the last answer was given, if the consents are all there."""
        if self.verdict is not ConsentVerdict.GRANTED:
            return None
        return max([not_before, *(c.answered_at for c in self._leg.consents if c.answered_at)])

    async def ask_and_wait(self) -> None:
        """Ask everybody, then wait until all have answered, the leg has ended, or the limit is over."""
        if not self._plan.people:
            return
        until = await self._open(self._plan.people)
        requested_on = legal_date(self._dossier.time.now())
        await asyncio.gather(*(self._ask(person, until) for person in self._plan.people))
        if legal_date(self._dossier.time.now()) != requested_on:
            # VNeID was away: who could not be asked that day has the full limit from the day they were.
            until = await self._open(self._asked())
        if not self._asked():
            return
        who = self.people_who(ConsentState.ASKED)
        self._dossier.tell(Notice.CONSENTS_ASKED, leg=self._plan.name, people=who, until=last_day(until))
        expired = await self._dossier.time.reached(
            self._until,
            unless=lambda: self._leg.ended or not self._asked(),
            summary=f"Chờ {who} xác nhận “{self._plan.name}” đến hết {last_day(until)}",
        )
        if expired:
            for consent in self._leg.consents:
                if consent.state is ConsentState.ASKED:
                    self._put(consent.model_copy(update={"state": ConsentState.EXPIRED}))

    async def _open(self, people: tuple[AskedPerson, ...]) -> datetime:
        """These people are asked as of now, unless they have answered meanwhile; the end of their limit."""
        now = self._dossier.time.now()
        days = self._dossier.required_plan.consent_days
        due = await self._dossier.citizen_due(now, days)
        assert due.at is not None  # a citizen's limit never stops
        answered = {c.person.key for c in self._leg.consents if c.state is not ConsentState.ASKED}
        for person in people:
            if person.key not in answered:
                self._put(Consent(person=person, state=ConsentState.ASKED, requested_at=now, due=due))
        return due.at

    async def _ask(self, person: AskedPerson, until: datetime) -> None:
        message = ConsentMessage(
            head=self._dossier.head(f"{self._plan.key}:consent:{person.key}"),
            leg=self._plan.key,
            leg_name=self._plan.name,
            child_name=self._dossier.declaration.child.full_name,
            person=person,
            answer_by=until,
        )
        role = listed(role.label for role in person.roles)
        await call_system(ports.ask_consent, System.VNEID, message, f"Xin xác nhận của {role}: {self._plan.name}")

    def _until(self) -> datetime:
        """The end of the limit as it stands: it moves when the calendar does."""
        ends = [c.due.at for c in self._leg.consents if c.state is ConsentState.ASKED and c.due.at]
        return max(ends, default=self._dossier.time.now())

    def _asked(self) -> tuple[AskedPerson, ...]:
        return tuple(c.person for c in self._leg.consents if c.state is ConsentState.ASKED)

    def _put(self, consent: Consent) -> None:
        self._dossier.put(with_consent(self._leg, consent))

    @property
    def _leg(self) -> Leg:
        return self._dossier.legs[self._plan.key]
