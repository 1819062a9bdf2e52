"""Consents of one leg: who is asked is reminded, and may agree in writing instead (REQUIREMENTS §§4.5, 6.6, 10).

Each person has the same limit in VNeID. When it is over, or VNeID cannot reach them, the citizen has as long again for
an agreement they sign; an answer in VNeID still counts meanwhile. Only then is the consent lost.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from temporalio import workflow

from models.base import legal_date
from models.consents import apply_agreement, apply_attestation, apply_consent, with_consent
from models.dossier import Consent, ConsentState, ConsentVerdict, Leg, LegStage, consent_verdict
from models.facts import AgreementProvided, AttestedConsent, ConsentAnswer
from models.messages import ConsentMessage
from models.plan import AskedPerson, LegPlan
from models.publication import Notice
from models.systems import System
from models.words import last_day, listed
from workflows import ports
from workflows.calls import stopped
from workflows.sending import hand_over

if TYPE_CHECKING:
    from workflows.dossier import DossierWorkflow
    from workflows.group import ProcedureGroup

_TICK = timedelta(microseconds=1)


def consent_effect(
    dossier: "DossierWorkflow", fact: ConsentAnswer | AttestedConsent | AgreementProvided
) -> Callable[[], None]:
    """What an answer or an agreement does. Raises FactRefused."""
    leg, plan = dossier.addressed(fact.leg)
    now = dossier.time.now()
    match fact:
        case ConsentAnswer():
            after, proof = apply_consent(leg, plan, fact, now), None
        case AttestedConsent():
            after, proof = apply_attestation(leg, plan, fact, now), fact.attestation
        case AgreementProvided():
            after, proof = apply_agreement(leg, plan, fact, now), fact.document

    def effect() -> None:
        dossier.put(after)
        if proof:
            dossier.keep(proof)
        if isinstance(fact, AgreementProvided):
            signed = [c for c in after.consents if c.person.personal_id in fact.signed_by]
            dossier.tell(Notice.AGREEMENT_TAKEN, leg=plan.name, people=_roles(signed))

    return effect


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

    @property
    def stage(self) -> LegStage:
        """What a leg waits for that waits for its consents: answers in VNeID, then only an agreement in writing."""
        asked = len(self._leg.consents) < len(self._plan.people) or self._in(ConsentState.ASKED)
        return LegStage.WAITING_CONSENTS if asked else LegStage.WAITING_AGREEMENT

    def people_who(self, state: ConsentState) -> str:
        """The roles of those in that state, for notices: never a name."""
        return _roles(self._in(state))

    def why_lost(self) -> str:
        """Silence and people out of reach, each by its own name."""
        silent, unreachable = self.people_who(ConsentState.EXPIRED), self.people_who(ConsentState.UNREACHABLE)
        reasons = [f"hết hạn xác nhận mà {silent} chưa trả lời"] if silent else []
        return "; ".join([*reasons, f"VNeID không liên lạc được với {unreachable}"] if unreachable else reasons)

    def answered_at(self, not_before: datetime) -> datetime | None:
        """When the last answer was given that has decided; None when silence has."""
        if self.verdict not in (ConsentVerdict.GRANTED, ConsentVerdict.DECLINED):
            return None
        return max([not_before, *(c.answered_at for c in self._leg.consents if c.answered_at)])

    async def run(self) -> None:
        """Ask everybody, then remind, expire and give up as days pass, until the leg has or has lost its consents."""
        if not self._plan.people or self._dossier.withdrawn_at:
            return
        await self._ask_everybody()
        while not self._settled():
            await self._open_agreements()
            came = await self._dossier.time.reached(
                self._next, unless=lambda: self._settled() or bool(self._out_of_reach()), summary=self._waits_for()
            )
            if came:
                at = max(self._next(), self._dossier.time.now())
                self._remind(at)
                self._expire(at)

    def _settled(self) -> bool:
        over = self._leg.ended or self._leg.sent_at or self._dossier.withdrawn_at
        return bool(over) or self.verdict is not ConsentVerdict.WAITING

    def _next(self) -> datetime:
        """What comes next, as it stands: it moves when the calendar does."""
        reminders = (c.remind_at[0] for c in self._in(ConsentState.ASKED) if c.remind_at)
        ends = (c.limit_ends_at for c in self._leg.consents)
        return min([*reminders, *(end for end in ends if end)], default=self._dossier.time.now())

    def _waits_for(self) -> str:
        asked = self._in(ConsentState.ASKED)
        waited = asked or [c for c in self._leg.consents if c.agreement_awaited]
        until = last_day(max(c.limit_ends_at for c in waited if c.limit_ends_at)) if waited else "…"
        act = "xác nhận" if asked else "(văn bản đồng ý)"
        return f"Chờ {_roles(waited)} {act} “{self._plan.name}” đến hết {until}"

    # --- Asking ------------------------------------------------------------------------------------------------------

    async def _ask_everybody(self) -> None:
        limit_ends = await self._open(self._plan.people)
        requested_on = legal_date(self._dossier.time.now())
        asking = [asyncio.create_task(self._ask(person, limit_ends)) for person in self._plan.people]
        if not await self._all_asked(asking, limit_ends):
            return
        if legal_date(self._dossier.time.now()) != requested_on:
            # VNeID was away: who could not be asked that day has the full limit from the day they were.
            limit_ends = await self._open(tuple(consent.person for consent in self._in(ConsentState.ASKED)))
        who = self.people_who(ConsentState.ASKED)
        if who:
            self._dossier.tell(Notice.CONSENTS_ASKED, leg=self._plan.name, people=who, until=last_day(limit_ends))

    async def _all_asked(self, asking: "list[asyncio.Task[None]]", limit_ends: datetime) -> bool:
        """Whether VNeID takes every request within the limit; whom it does not ask by then is out of its reach."""

        def over() -> bool:
            return all(task.done() for task in asking) or self._settled()

        await workflow.wait_condition(lambda: over() or bool(self._dossier.troubles))
        summary = f"Chờ {System.VNEID.label} nhận yêu cầu xác nhận “{self._plan.name}” đến hết {last_day(limit_ends)}"
        too_late = await self._dossier.time.reached(lambda: limit_ends, unless=over, summary=summary)
        if too_late:
            untaken = [person.key for person, task in zip(self._plan.people, asking, strict=True) if not task.done()]
            for consent in self._in(ConsentState.ASKED):
                if consent.person.key in untaken:
                    self._put(consent.model_copy(update={"state": ConsentState.UNREACHABLE, "remind_at": ()}))
        for task in asking:
            await stopped(task)
        return not too_late

    async def _open(self, people: tuple[AskedPerson, ...]) -> datetime:
        """These people are asked as of now, unless they have answered meanwhile; the end of their limit."""
        now, law = self._dossier.time.now(), self._dossier.required_plan
        limit = await self._dossier.citizen_limit(now, law.consent_days, law.consent_reminders)
        answered = {c.person.key for c in self._leg.consents if c.state is not ConsentState.ASKED}
        for person in people:
            if person.key not in answered:
                self._put(
                    Consent(
                        person=person,
                        state=ConsentState.ASKED,
                        requested_at=now,
                        due=limit.due,
                        remind_at=limit.remind_at,
                    )
                )
        return limit.ends_at

    async def _ask(self, person: AskedPerson, until: datetime) -> None:
        message = ConsentMessage(
            head=self._dossier.head(f"{self._plan.key}:consent:{person.key}"),
            leg=self._plan.key,
            leg_name=self._plan.name,
            about=self._about(person),
            subject_name=self._dossier.declaration.subject_name,
            person=person,
            answer_by=until,
        )
        role = listed(role.label for role in person.roles)
        summary = f"Xin xác nhận của {role}: {self._plan.name}"
        await hand_over(self._dossier, ports.ask_consent, System.VNEID, message, summary, leg=self._plan.key)

    def _about(self, person: AskedPerson) -> str | None:
        """To what this person is to agree, where that is not the leg as a whole."""
        asked = dict.fromkeys(
            rule.about for rule in self._plan.consent_rules if rule.about and person.key in rule.people
        )
        return listed(asked) if asked else None

    # --- As days pass ------------------------------------------------------------------------------------------------

    def _remind(self, at: datetime) -> None:
        """Whoever is still asked hears of it again in VNeID, and the citizen that they have not answered."""
        reminded = [c for c in self._in(ConsentState.ASKED) if c.remind_at and c.remind_at[0] <= at < _end(c)]
        for consent in reminded:
            self._put(
                consent.model_copy(update={"remind_at": tuple(later for later in consent.remind_at if later > at)})
            )
            if consent.person.personal_id != self._dossier.declaration.applicant.personal_id:
                self._dossier.tell(
                    Notice.CONSENT_REMINDER,
                    consent.person.personal_id,
                    leg=self._plan.name,
                    until=last_day(_end(consent)),
                )
        if reminded:
            until = last_day(max(map(_end, reminded)))
            self._dossier.tell(Notice.CONSENTS_REMINDED, leg=self._plan.name, people=_roles(reminded), until=until)

    def _expire(self, at: datetime) -> None:
        """Silence until the end of the limit opens the way of an agreement; without one until its end, all is lost."""
        for consent in self._leg.consents:
            if consent.limit_ends_at is None or consent.limit_ends_at > at:
                continue
            if consent.state is ConsentState.ASKED:
                self._put(consent.model_copy(update={"state": ConsentState.EXPIRED, "remind_at": ()}))
            else:
                self._put(consent.model_copy(update={"lapsed": True}))

    async def _open_agreements(self) -> None:
        """The citizen hears at once until when a written agreement may replace whose consent."""
        silent = self._without_agreement(ConsentState.EXPIRED)
        if silent:
            who, until = await self._open_agreement(silent, self._counted_from(max(map(_end, silent))))
            if who:
                self._dossier.tell(Notice.AGREEMENT_NEEDED, leg=self._plan.name, people=who, until=until)
        unreachable = self._out_of_reach()
        if unreachable:
            who, until = await self._open_agreement(unreachable, self._dossier.time.now())
            if who:
                self._dossier.tell(Notice.CONSENT_UNREACHABLE, leg=self._plan.name, people=who, until=until)

    async def _open_agreement(self, consents: list[Consent], since: datetime) -> tuple[str, str]:
        """One limit for all of them but who has answered meanwhile: whose it is, and its last day."""
        limit = await self._dossier.citizen_limit(since, self._dossier.required_plan.agreement_days)
        keys = {consent.person.key for consent in consents}
        waited = [c for c in self._leg.consents if c.person.key in keys and c.agreement_awaited]
        for consent in waited:
            self._put(consent.model_copy(update={"agreement": limit, "remind_at": ()}))
        return _roles(waited), last_day(limit.ends_at)

    def _counted_from(self, end: datetime) -> datetime:
        """[choice] As many days again follow on the last day; found out only on a later day, they follow on that."""
        now = self._dossier.time.now()
        return end - _TICK if legal_date(max(now, end)) == legal_date(end) else now

    # --- The leg's consents ------------------------------------------------------------------------------------------

    def _in(self, state: ConsentState) -> list[Consent]:
        return [consent for consent in self._leg.consents if consent.state is state]

    def _out_of_reach(self) -> list[Consent]:
        return self._without_agreement(ConsentState.UNREACHABLE)

    def _without_agreement(self, state: ConsentState) -> list[Consent]:
        return [c for c in self._in(state) if c.agreement_awaited and c.agreement is None]

    def _put(self, consent: Consent) -> None:
        self._dossier.put(with_consent(self._leg, consent))

    @property
    def _leg(self) -> Leg:
        return self._dossier.legs[self._plan.key]


def _roles(consents: Iterable[Consent]) -> str:
    return listed(role.label for consent in consents for role in consent.person.roles)


def _end(consent: Consent) -> datetime:
    assert consent.due.at is not None  # a citizen's limit never stops
    return consent.due.at
