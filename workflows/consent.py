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
from models.consent_words import matter, roles
from models.consents import (
    apply_agreement,
    apply_attestation,
    apply_consent,
    paper_supplied,
    replaced,
    with_consent,
)
from models.dossier import Consent, ConsentState, ConsentVerdict, Leg, LegStage, consent_verdict
from models.facts import AgreementProvided, AttestedConsent, ConsentAnswer
from models.gate import fitting
from models.messages import ConsentEvidence, ConsentMessage
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
_MAX_SUMMARY = 160
"""Characters of a timer's summary, whose bytes the server limits: thirty relatives fill several lines."""


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
            declarant = dossier.declaration.applicant.personal_id
            after, proof = apply_agreement(leg, plan, fact, declarant, now), fact.document

    def effect() -> None:
        dossier.put(after)
        if proof:
            dossier.keep(proof)
        if isinstance(fact, AgreementProvided):
            signed = [consent for consent in after.consents if consent not in leg.consents]
            dossier.tell(Notice.AGREEMENT_TAKEN, leg=_matter(plan, signed), people=_roles(signed))

    return effect


class ConsentRound:
    """The consents of one leg, from the requests to the verdict, and again when a correction names other people."""

    def __init__(self, dossier: "ProcedureGroup", key: str) -> None:
        self._dossier = dossier
        self._key = key
        self._requests: dict[str, _Request] = {}

    @property
    def verdict(self) -> ConsentVerdict:
        """What the answers so far amount to; waiting while somebody needed has not even been asked."""
        return consent_verdict(self._plan.consent_rules, self._leg.consents)

    @property
    def lost(self) -> bool:
        """Whether the leg can no longer get the consents it needs."""
        return self.verdict in (ConsentVerdict.DECLINED, ConsentVerdict.EXPIRED)

    @property
    def stage(self) -> LegStage:
        """What a leg waits for that waits for its consents: answers in VNeID, then only an agreement in writing."""
        asked = self._unasked or self._in(ConsentState.ASKED)
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
        """When what has decided came, the last answer or a correction that made one needless; None for silence."""
        if self.verdict not in (ConsentVerdict.GRANTED, ConsentVerdict.DECLINED):
            return None
        answers = (consent.answered_at for consent in self._consents)
        drops = (consent.dropped_at for consent in self._leg.consents)
        return max([not_before, *filter(None, answers), *filter(None, drops)])

    def evidence(self, asked_after: datetime | None = None) -> tuple[ConsentEvidence, ...]:
        """Proof of the consents given, of all or only of those asked for since then."""
        return tuple(
            ConsentEvidence(
                personal_id=c.person.personal_id,
                roles=c.person.roles,
                granted_at=c.answered_at,
                evidence=c.evidence,
                proof=c.proof,
                attested_by=c.attested_by,
            )
            for c in self._consents
            if c.given and c.answered_at and c.evidence and (asked_after is None or c.requested_at > asked_after)
        )

    async def run(self) -> None:
        """Ask whoever is to be asked, then remind, expire and give up as days pass, for as long as the leg needs it."""
        try:
            while not self._over:
                if self.verdict is ConsentVerdict.WAITING:
                    await self._await_answers()
                else:
                    await workflow.wait_condition(lambda: self._over or self.verdict is ConsentVerdict.WAITING)
        finally:
            for request in self._requests.values():
                await request.over()

    async def _await_answers(self) -> None:
        while not self._settled:
            if self._unasked:
                await self._ask(self._unasked)
            await self._tell_asked()
            await self._open_agreements()
            came = await self._dossier.time.reached(self._next, unless=lambda: self._news, summary=self._waits_for())
            if came:
                at = max(self._next(), self._dossier.time.now())
                self._remind(at)
                self._expire(at)

    @property
    def _over(self) -> bool:
        """Whether nobody will be asked any more."""
        return bool(self._leg.ended or self._dossier.stop)

    @property
    def _settled(self) -> bool:
        return self._over or self.verdict is not ConsentVerdict.WAITING

    @property
    def _news(self) -> bool:
        """Whether something is to be done before the next day that matters."""
        return self._settled or bool(self._unasked or self._just_taken or self._out_of_reach())

    def _next(self) -> datetime:
        """What comes next, as it stands: it moves when the calendar does."""
        reminders = (c.remind_at[0] for c in self._in(ConsentState.ASKED) if c.remind_at)
        ends = (c.limit_ends_at for c in self._consents)
        return min([*reminders, *(end for end in ends if end)], default=self._dossier.time.now())

    def _waits_for(self) -> str:
        asked = self._in(ConsentState.ASKED)
        waited = asked or [c for c in self._consents if c.agreement_awaited]
        until = last_day(max(c.limit_ends_at for c in waited if c.limit_ends_at)) if waited else "…"
        act = "xác nhận" if asked else "(văn bản đồng ý)"
        return fitting(f"Đến hết {until} chờ {_roles(waited)} {act} “{self._plan.name}”", _MAX_SUMMARY)

    # --- Asking ------------------------------------------------------------------------------------------------------

    async def _ask(self, people: tuple[AskedPerson, ...]) -> None:
        """These people are asked as of now, each by a request of their own."""
        limit_ends = await self._open(people)
        for person in people:
            if self.awaits(person.key):
                self._requests[person.key] = _Request(self, self._dossier, self._message(person, limit_ends))

    async def _tell_asked(self) -> None:
        """The citizen hears who has been asked, and until when; all at once, unless VNeID is away for some.

        Who could not be asked that day has the full limit from the day they were, and hears of it themselves: the
        request says the day before.
        """
        await workflow.wait_condition(lambda: self._settled or not any(r.due for r in self._requests.values()))
        taken, now = self._just_taken, self._dossier.time.now()
        for key in taken:
            self._requests[key].told = True
        asked = [c for c in self._in(ConsentState.ASKED) if c.person.key in taken]
        late = tuple(c.person for c in asked if legal_date(c.requested_at) != legal_date(now))
        if late:
            await self._open(late)
        asked = [c for c in self._in(ConsentState.ASKED) if c.person.key in taken]
        for consent in asked:
            if consent.person in late:
                self._tell_person(consent)
        if asked:
            until = last_day(max(map(_end, asked)))
            self._dossier.tell(Notice.CONSENTS_ASKED, leg=_matter(self._plan, asked), people=_roles(asked), until=until)

    async def _open(self, people: tuple[AskedPerson, ...]) -> datetime:
        """These people are asked as of now, unless they have answered or signed meanwhile; the end of their limit."""
        now, law = self._dossier.time.now(), self._dossier.required_plan
        limit = await self._dossier.citizen_limit(now, law.consent_days, law.consent_reminders)
        answered = {c.person.key for c in self._leg.consents if c.state is not ConsentState.ASKED}
        named = {person.key for person in self._plan.people}
        for person in people:
            if person.key in named - answered:
                asked = Consent(
                    person=person,
                    state=ConsentState.ASKED,
                    requested_at=now,
                    due=limit.due,
                    remind_at=limit.remind_at,
                )
                paper = paper_supplied(self._leg, self._plan, person.key)
                self._put(replaced(asked, paper, now) if paper else asked)
        return limit.ends_at

    def _message(self, person: AskedPerson, until: datetime) -> ConsentMessage:
        rules = [rule for rule in self._plan.consent_rules if person.key in rule.people]
        about = listed(dict.fromkeys(rule.about for rule in rules if rule.about))
        names = listed(dict.fromkeys(rule.representative.full_name for rule in rules if rule.representative))
        return ConsentMessage(
            head=self._dossier.head(f"{self._key}:consent:{person.key}"),
            leg=self._key,
            leg_name=self._plan.name,
            about=about or None,
            representative=names or None,
            subject_name=self._dossier.declaration.subject_name,
            person=person,
            answer_by=until,
        )

    def awaits(self, key: str) -> bool:
        """Whether that person's answer in VNeID is still wanted."""
        return not self._settled and any(c.person.key == key for c in self._in(ConsentState.ASKED))

    # --- As days pass ------------------------------------------------------------------------------------------------

    def _remind(self, at: datetime) -> None:
        """Whoever is still asked hears of it again in VNeID, and the citizen that they have not answered."""
        due = [c for c in self._in(ConsentState.ASKED) if c.remind_at and c.remind_at[0] <= at < _end(c)]
        for consent in due:
            self._put(
                consent.model_copy(update={"remind_at": tuple(later for later in consent.remind_at if later > at)})
            )
        reminded = [consent for consent in due if self._reached(consent)]
        for consent in reminded:
            self._tell_person(consent)
        if reminded:
            what, until = _matter(self._plan, reminded), last_day(max(map(_end, reminded)))
            self._dossier.tell(Notice.CONSENTS_REMINDED, leg=what, people=_roles(reminded), until=until)

    def _tell_person(self, consent: Consent) -> None:
        """Whoever is asked hears that they are, and until when; the declarant hears of everybody as it is."""
        if consent.person.personal_id != self._dossier.declaration.applicant.personal_id:
            self._dossier.tell(
                Notice.CONSENT_REMINDER,
                consent.person.personal_id,
                leg=_matter(self._plan, [consent]),
                until=last_day(_end(consent)),
            )

    def _expire(self, at: datetime) -> None:
        """Silence until the end of the limit opens the way of an agreement; without one until its end, all is lost.

        Whom VNeID has not asked by then is out of its reach.
        """
        for consent in self._consents:
            if consent.limit_ends_at is None or consent.limit_ends_at > at:
                continue
            if consent.state is ConsentState.ASKED:
                state = ConsentState.EXPIRED if self._reached(consent) else ConsentState.UNREACHABLE
                self._put(consent.model_copy(update={"state": state, "remind_at": ()}))
            else:
                self._put(consent.model_copy(update={"lapsed": True}))

    async def _open_agreements(self) -> None:
        """The citizen hears at once until when a written agreement may replace whose consent."""
        silent = self._without_agreement(ConsentState.EXPIRED)
        if silent:
            who, until = await self._open_agreement(silent, self._counted_from(max(map(_end, silent))))
            if who:
                self._dossier.tell(Notice.AGREEMENT_NEEDED, leg=_matter(self._plan, silent), people=who, until=until)
        unreachable = self._out_of_reach()
        if unreachable:
            who, until = await self._open_agreement(unreachable, self._dossier.time.now())
            if who:
                what = _matter(self._plan, unreachable)
                self._dossier.tell(Notice.CONSENT_UNREACHABLE, leg=what, people=who, until=until)

    async def _open_agreement(self, consents: list[Consent], since: datetime) -> tuple[str, str]:
        """One limit for all of them but who has answered meanwhile: whose it is, and its last day."""
        limit = await self._dossier.citizen_limit(since, self._dossier.required_plan.agreement_days)
        keys = {consent.person.key for consent in consents}
        waited = [c for c in self._consents if c.person.key in keys and c.agreement_awaited]
        for consent in waited:
            self._put(consent.model_copy(update={"agreement": limit, "remind_at": ()}))
        return _roles(waited), last_day(limit.ends_at)

    def _counted_from(self, end: datetime) -> datetime:
        """[choice] As many days again follow on the last day; found out only on a later day, they follow on that."""
        now = self._dossier.time.now()
        return end - _TICK if legal_date(max(now, end)) == legal_date(end) else now

    # --- The leg's consents ------------------------------------------------------------------------------------------

    @property
    def _consents(self) -> list[Consent]:
        """Those of the people whom the plan names now."""
        named = {person.key for person in self._plan.people}
        return [consent for consent in self._leg.consents if consent.person.key in named]

    @property
    def _unasked(self) -> tuple[AskedPerson, ...]:
        asked = {consent.person.key for consent in self._leg.consents}
        return tuple(person for person in self._plan.people if person.key not in asked)

    @property
    def _just_taken(self) -> list[str]:
        """Whose requests VNeID has taken without the citizen knowing yet."""
        return [key for key, request in self._requests.items() if request.taken and not request.told]

    def _reached(self, consent: Consent) -> bool:
        """Whether VNeID has asked that person."""
        request = self._requests.get(consent.person.key)
        return request is not None and request.taken

    def _in(self, state: ConsentState) -> list[Consent]:
        return [consent for consent in self._consents if consent.state is state]

    def _out_of_reach(self) -> list[Consent]:
        return self._without_agreement(ConsentState.UNREACHABLE)

    def _without_agreement(self, state: ConsentState) -> list[Consent]:
        return [c for c in self._in(state) if c.agreement_awaited and c.agreement is None]

    def _put(self, consent: Consent) -> None:
        self._dossier.put(with_consent(self._leg, consent))

    @property
    def _leg(self) -> Leg:
        return self._dossier.legs[self._key]

    @property
    def _plan(self) -> LegPlan:
        return self._dossier.required_plan.leg(self._key)


class _Request:
    """One person's request: sent until VNeID has taken it or, while it cannot, nobody wants the answer any more."""

    def __init__(self, of: ConsentRound, dossier: "ProcedureGroup", message: ConsentMessage) -> None:
        self.taken = self.told = False
        self._round = of
        self._dossier = dossier
        self._message = message
        self._task = asyncio.create_task(self._run())

    @property
    def due(self) -> bool:
        """Whether VNeID takes it in a moment."""
        return not (self._task.done() or self._troubled)

    async def over(self) -> None:
        """Wait until it is no longer sent, which takes no longer than to know that VNeID is in trouble."""
        await self._task

    async def _run(self) -> None:
        sending = asyncio.create_task(self._send())

        def needless() -> bool:
            return self._troubled and not self._round.awaits(self._message.person.key)

        await workflow.wait_condition(lambda: sending.done() or needless())
        self.taken = sending.done()
        await stopped(sending)

    async def _send(self) -> None:
        role = roles([self._message.person])
        summary = f"Xin xác nhận của {role}: {self._message.leg_name}"
        await hand_over(self._dossier, ports.ask_consent, System.VNEID, self._message, summary, leg=self._message.leg)

    @property
    def _troubled(self) -> bool:
        return any(trouble.key == self._message.head.key for trouble in self._dossier.troubles)


def _roles(consents: Iterable[Consent]) -> str:
    return roles(consent.person for consent in consents)


def _matter(plan: LegPlan, consents: Iterable[Consent]) -> str:
    return matter(plan, (consent.person for consent in consents))


def _end(consent: Consent) -> datetime:
    assert consent.due.at is not None  # a citizen's limit never stops
    return consent.due.at
