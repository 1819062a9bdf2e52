"""A supplement in one leg: the citizen is told, reminded, gives; the agency gets it, and its clock begins anew.

The same dossier goes on from there, and no other leg notices (REQUIREMENTS §§6.5, 7, 10). LAW A.6.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from models.corrections import CorrectedForm, changes
from models.dossier import CitizenLimit, Leg, LegOutcome, LegStage, Supplement, SupplementState
from models.facts import FactRefusal, FactRefused, SupplementProvided
from models.gate import concerned
from models.messages import FollowUp, FollowUpKind
from models.plan import LegPlan
from models.publication import Notice
from models.reducers import acknowledged, with_supplement
from models.statuses import PortalStatus
from models.supplements import apply_supplement, ready
from models.words import last_day
from workflows import ports
from workflows.citizen import limit_over
from workflows.completing import ask_to_complete
from workflows.correcting import revise
from workflows.sending import hand_over

if TYPE_CHECKING:
    from workflows.dossier import DossierWorkflow
    from workflows.leg import LegRun


def supplement_effect(
    dossier: "DossierWorkflow", leg: Leg, plan: LegPlan, fact: SupplementProvided, form: CorrectedForm | None
) -> Callable[[], None]:
    """What a supplement would do; `form` is the declaration with its corrections, once it has been read again."""
    if dossier.stop and leg.undecided:
        text = f"{dossier.stop.words.stopped}: “{plan.name}” không nhận bổ sung nữa."
        raise FactRefused(FactRefusal.ENDED, text)
    apply_supplement(leg, plan, fact, dossier.time.now())

    def effect() -> None:
        if form:
            if form.declaration is None:
                raise FactRefused(form.refusal, form.problem or "")
            revise(dossier, form.declaration, leg.key, fact.corrections, form.legs)
            ask_to_complete(dossier, form.completed_by_agencies)
        dossier.keep(*fact.documents)
        dossier.put(apply_supplement(*dossier.addressed(fact.leg), fact, dossier.time.now()))

    return effect


class SupplementRound:
    """One request for a supplement, from the citizen's notice to the agency's receipt."""

    def __init__(self, run: "LegRun") -> None:
        self._run = run
        self._dossier = run.dossier

    async def run(self) -> None:
        """Ask, wait for the citizen and whoever must now agree, hand over.

        The leg may end meanwhile, or its agency decide without the supplement.
        """
        asked = self._supplement
        law = self._dossier.required_plan
        limit = await self._dossier.citizen_limit(asked.asked_at, law.supplement_days, law.supplement_reminders)
        if self._waiting:
            self._put(limit=limit)
            self._tell_citizen(limit)
        await self._dossier.stop_group_clock(self._plan, asked.requested_at, law.supplement_basis)
        await self._await_citizen()
        agreed_at = await self._await_consents()
        self._let_go()
        await self._dossier.resume_group_clock(self._plan, self._over_at(asked, agreed_at), law.supplement_basis)
        if self._run.leg.stage is LegStage.SENDING:
            number = len(self._run.leg.supplements)
            await self._run.unless_overtaken(self._hand_over(number), lambda: self._overtaken(number))

    # --- The citizen's part ------------------------------------------------------------------------------------------

    def _tell_citizen(self, limit: CitizenLimit) -> None:
        asked = self._supplement
        reason = self._dossier.known_gate.reason(asked.reason_code)
        self._dossier.tell(
            Notice.SUPPLEMENT_NEEDED,
            leg=self._plan.name,
            agency=self._plan.agency,
            what=concerned(tuple(asked.documents), asked.fields, self._plan.group),
            until=last_day(limit.ends_at),
            reason=reason.label if reason else asked.reason_code,
            explanation=asked.text,
            basis=asked.legal_basis,
        )
        self._dossier.enter(self._dossier.stage, PortalStatus.NEEDS_DOCUMENTS)

    async def _await_citizen(self) -> None:
        """Until everything is there, the leg has ended, the agency has decided, or the limit is over."""
        over = await limit_over(
            self._dossier.time,
            lambda: self._limit,
            unless=lambda: not self._waiting,
            remind=self._remind,
            awaited=f"Chờ công dân bổ sung “{self._plan.name}”",
        )
        if over:
            self._not_provided()

    async def _await_consents(self) -> datetime | None:
        """Until those whom the corrected form names have agreed: since when, None where nobody need be waited for.

        If they do not, the leg ends as it would have before it was sent.
        """
        await self._run.consents_settled(unless=lambda: not self._consents_waited)
        if not self._consents_waited:
            return None
        now = self._dossier.time.now()
        if self._run.consents_judged():
            self._dossier.put(ready(self._run.leg, now))
        else:
            text = f"Không có đủ sự đồng ý cho nội dung bổ sung. Thủ tục “{self._plan.name}” kết thúc."
            self._dossier.follow_up(self._plan.key, FollowUpKind.NOT_SUPPLEMENTED, text)
        return self._run.consents.answered_at(self._supplement.provided_at or now) or now

    def _remind(self, limit: CitizenLimit) -> None:
        self._put(limit=limit)
        self._dossier.tell(
            Notice.SUPPLEMENT_REMINDER,
            leg=self._plan.name,
            agency=self._plan.agency,
            what=self._missing(),
            until=last_day(limit.ends_at),
        )

    def _not_provided(self) -> None:
        what = self._missing()
        self._put(state=SupplementState.NOT_PROVIDED)
        self._run.end(LegOutcome.SUPPLEMENT_NOT_PROVIDED, text=f"Không bổ sung trong thời hạn: {what}.")
        self._dossier.tell(
            Notice.LEG_SUPPLEMENT_NOT_PROVIDED,
            leg=self._plan.name,
            agency=self._plan.agency,
            what=what,
            until=last_day(self._limit.ends_at),
        )
        text = f"Công dân không bổ sung trong thời hạn: {what}. Thủ tục “{self._plan.name}” kết thúc."
        self._dossier.follow_up(self._plan.key, FollowUpKind.NOT_SUPPLEMENTED, text)

    def _let_go(self) -> None:
        """Nobody waits for the citizen in this leg any more; the portal hears so when it holds for all."""
        unsent = self._run.leg.ended and self._supplement.sent_at is None
        if self._supplement.state is SupplementState.ASKED or (self._run.leg.supplement and unsent):
            self._put(state=SupplementState.LAPSED)
        legs = self._dossier.legs.values()
        waiting = any(leg.stage is LegStage.WAITING_SUPPLEMENT for leg in legs)
        if not (waiting or self._dossier.stop or all(leg.ended for leg in legs)):
            self._dossier.enter(self._dossier.stage, PortalStatus.IN_PROGRESS)

    def _over_at(self, asked: Supplement, agreed_at: datetime | None) -> datetime:
        """When the wait for citizens was over: with their act, the agency's decision, or now."""
        decided_at = self._run.leg.decided_at if self._supplement.state is SupplementState.LAPSED else None
        over_at = decided_at or agreed_at or self._supplement.provided_at or self._dossier.time.now()
        return max(over_at, asked.requested_at)

    # --- The agency's part -------------------------------------------------------------------------------------------

    def _overtaken(self, number: int) -> bool:
        """The agency has spoken since: decided, received it, or asked again."""
        leg = self._run.leg
        over = leg.refusal is not None or leg.given_up
        return over or leg.stage is not LegStage.SENDING or len(leg.supplements) > number

    async def _hand_over(self, number: int) -> None:
        """What the citizen gave goes to the agency, once; its receipt lets the full limit run anew."""
        given, leg = self._supplement, self._run.leg
        what = concerned(tuple(given.documents), given.fields, self._plan.group)
        consents = self._run.consents.evidence(asked_after=leg.sent_at)
        self._dossier.tell(Notice.SUPPLEMENT_SENT, leg=self._plan.name, agency=self._plan.agency)
        message = FollowUp(
            head=self._dossier.head(f"{leg.key}:supplement:{number}"),
            system=self._plan.system,
            leg=leg.key,
            kind=FollowUpKind.SUPPLEMENT,
            text=f"Công dân đã bổ sung theo yêu cầu: {what}.",
            agency_code=leg.agency_code,
            registration_number=leg.number,
            documents=tuple(dict.fromkeys((*given.given, *(c.proof for c in consents if c.proof)))),
            changes=changes(given.corrected, self._plan.group, self._plan.system),
            consents=consents,
        )
        summary = f"Gửi bổ sung “{self._plan.name}” đến {self._plan.agency}"
        sent = await hand_over(self._dossier, ports.send_follow_up, self._plan.system, message, summary, leg=leg.key)
        if self._overtaken(number):
            return
        now = self._dossier.time.now()
        receipt = None if sent.receipt_follows else sent.receipt_at or now
        self._dossier.put(acknowledged(self._run.leg, self._plan, self._run.rule, receipt, now))

    # --- State -------------------------------------------------------------------------------------------------------

    @property
    def _plan(self) -> LegPlan:
        return self._run.plan

    @property
    def _supplement(self) -> Supplement:
        return self._run.leg.supplements[-1]

    @property
    def _waiting(self) -> bool:
        leg = self._run.leg
        return leg.stage is LegStage.WAITING_SUPPLEMENT and not leg.refusal and not self._run.stopping.due

    @property
    def _consents_waited(self) -> bool:
        """Whether only people who must now agree are waited for."""
        leg = self._run.leg
        ours = leg.with_citizen and leg.stage is not LegStage.WAITING_SUPPLEMENT
        return ours and not (leg.refusal or leg.given_up or self._run.stopping.due)

    @property
    def _limit(self) -> CitizenLimit:
        limit = self._supplement.limit
        assert limit is not None
        return limit

    def _missing(self) -> str:
        return concerned(tuple(self._supplement.missing_documents), self._supplement.missing_fields, self._plan.group)

    def _put(self, **changes_: object) -> None:
        self._dossier.put(with_supplement(self._run.leg, **changes_))
