"""The life of a dossier as values: stages, outcomes, legs and consents (hồ sơ, thủ tục, sự đồng ý)."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum

from models.acts import Act
from models.base import Code, Instant, LongText, Model, Text, within
from models.clock import Clock, Due, Timeliness
from models.documents import Document, DocumentKind
from models.facts import ClassifiedAs, FactRefusal, OverdueChoice
from models.gate import DemandKind, Fault
from models.labelled import Labelled
from models.lateness import Apology, Appointment, Chase, Ruling
from models.operators import OperatorId
from models.plan import AskedPerson, ConsentRule, Plan, RequiredDocument
from models.replacement import Replacement
from models.systems import System
from models.trouble import Trouble


class DossierStage(Labelled):
    """Where the dossier as a whole stands."""

    INTAKE = "intake", "đang tiếp nhận tờ khai"
    WAITING_DOCUMENTS = "waiting_documents", "chờ công dân bổ sung giấy tờ"
    WAITING_PAYMENT = "waiting_payment", "chờ công dân nộp lệ phí"
    WAITING_RECEIPT = "waiting_receipt", "chờ hệ thống cấp tỉnh tiếp nhận"
    IN_PROGRESS = "in_progress", "đang giải quyết"
    CONCLUDED = "concluded", "đã kết thúc"


class DossierOutcome(Labelled):
    """How the dossier ended."""

    COMPLETED = "completed", "hoàn thành tất cả thủ tục"
    PARTLY_COMPLETED = "partly_completed", "hoàn thành một phần"
    NOT_COMPLETED = "not_completed", "không thủ tục nào hoàn thành"
    UNPAID = "unpaid", "kết thúc vì chưa nộp lệ phí"
    WITHDRAWN = "withdrawn", "công dân rút hồ sơ"
    CANCELLED = "cancelled", "bị hủy theo quyết định của cơ quan có thẩm quyền"
    DOCUMENTS_NOT_PROVIDED = "documents_not_provided", "kết thúc vì không bổ sung giấy tờ"


class LegStage(Labelled):
    """Where one leg stands."""

    WAITING_PREREQUISITES = "waiting_prerequisites", "chờ kết quả thủ tục trước"
    WAITING_CONSENTS = "waiting_consents", "chờ xác nhận đồng ý trên VNeID"
    WAITING_AGREEMENT = "waiting_agreement", "chờ văn bản đồng ý"
    SENDING = "sending", "đang gửi cơ quan"
    WAITING_RECEIPT = "waiting_receipt", "đã gửi, chờ cơ quan tiếp nhận"
    IN_PROGRESS = "in_progress", "cơ quan đang giải quyết"
    WAITING_SUPPLEMENT = "waiting_supplement", "chờ công dân bổ sung theo yêu cầu của cơ quan"
    WAITING_DOCUMENT = "waiting_document", "đã giải quyết, chờ bản điện tử"
    ENDED = "ended", "đã kết thúc"


class LegOutcome(Labelled):
    """How one leg ended."""

    COMPLETED = "completed", "hoàn thành"
    REFUSED = "refused", "bị từ chối"
    CONSENT_DECLINED = "consent_declined", "không được đồng ý"
    CONSENT_EXPIRED = "consent_expired", "hết hạn xác nhận đồng ý"
    NOT_POSSIBLE = "not_possible", "không thực hiện được"
    SUPPLEMENT_NOT_PROVIDED = "supplement_not_provided", "không bổ sung trong thời hạn"
    WITHDRAWN = "withdrawn", "công dân rút hồ sơ"
    CANCELLED = "cancelled", "bị hủy theo quyết định của cơ quan có thẩm quyền"
    ENDED_BY_OPERATOR = "ended_by_operator", "kết thúc theo quyết định của người vận hành"


class ConsentState(Labelled):
    """The state of one person's consent."""

    ASKED = "asked", "chờ trả lời"
    GRANTED = "granted", "đồng ý"
    DECLINED = "declined", "không đồng ý"
    EXPIRED = "expired", "hết hạn"
    UNREACHABLE = "unreachable", "không liên lạc được"
    REPLACED = "replaced", "thay bằng văn bản đồng ý"
    DROPPED = "dropped", "không còn cần hỏi"


class CitizenLimit(Model):
    """A running limit on the citizen's own act, in working days (bổ sung giấy tờ, nộp lệ phí).

    `remind_at` are the instants at which the citizen is still to be reminded.
    """

    requested_at: Instant
    working_days: int
    due: Due
    remind_at: tuple[Instant, ...] = ()

    @property
    def ends_at(self) -> Instant:
        """24:00 of the last working day; a citizen's limit never stops."""
        assert self.due.at is not None
        return self.due.at


class Evidence(Labelled):
    """What proves a person's answer. The law puts the forms side by side (NĐ 154/2024 Điều 8(5)); proof differs.

    Whoever answers in VNeID is identified by it. An attestation rests on an official's word, an agreement on a
    signature that nobody has verified yet: both are `weaker`, and the agency is told so.
    """

    VNEID = "vneid", "xác nhận trên VNeID"
    DESK = "desk", "biên bản tại bộ phận một cửa"
    AGREEMENT = "agreement", "văn bản đồng ý"

    @property
    def weaker(self) -> bool:
        return self is not Evidence.VNEID


class Attestation(Model):
    """Which official of which office took a person's answer at a desk."""

    official: Code
    office: Code


class Consent(Model):
    """One person asked in VNeID. `due` ends at 24:00 of the last working day (REQUIREMENTS §6.6).

    `remind_at` are the instants at which the person is still to be reminded. `agreement` is the limit for a written
    agreement, once the person's own limit is over or they cannot be reached; `lapsed` once that is over too. `evidence`
    proves the answer, by `proof` where it is on paper; `attested_by` took it at a desk. `dropped_at` is when a
    correction has made it needless.
    """

    person: AskedPerson
    state: ConsentState
    requested_at: Instant
    due: Due
    remind_at: tuple[Instant, ...] = ()
    agreement: CitizenLimit | None = None
    lapsed: bool = False
    answered_at: Instant | None = None
    evidence: Evidence | None = None
    proof: Document | None = None
    attested_by: Attestation | None = None
    dropped_at: Instant | None = None

    @property
    def given(self) -> bool:
        """Whether the person agrees, in VNeID, at a desk or in writing."""
        return self.state in (ConsentState.GRANTED, ConsentState.REPLACED)

    @property
    def agreement_awaited(self) -> bool:
        """Whether a written agreement is what can still save the consent; a late answer in VNeID can as well."""
        return self.state in (ConsentState.EXPIRED, ConsentState.UNREACHABLE) and not self.lapsed

    @property
    def awaited(self) -> bool:
        """Whether the person can still agree."""
        return self.state is ConsentState.ASKED or self.agreement_awaited

    @property
    def limit_ends_at(self) -> Instant | None:
        """When that chance ends, as far as it is known; None when there is none."""
        if self.state is ConsentState.ASKED:
            return self.due.at
        return self.agreement.ends_at if self.agreement_awaited and self.agreement else None

    @property
    def late(self) -> bool:
        """Whether the answer came after the person's own limit, while an agreement was awaited."""
        return bool(self.answered_at and self.due.at and self.answered_at > self.due.at)


class Refusal(Model):
    """A refusal with everything a citizen is owed (Luật Hộ tịch 2014 Điều 5(2): bằng văn bản và nêu rõ lý do)."""

    reason_code: Code
    concerns: LongText
    legal_basis: LongText
    text: LongText


class SupplementState(Labelled):
    """How far one supplement is."""

    ASKED = "asked", "chờ công dân bổ sung"
    PROVIDED = "provided", "công dân đã bổ sung, chờ cơ quan nhận"
    RECEIVED = "received", "cơ quan đã nhận bổ sung"
    NOT_PROVIDED = "not_provided", "không bổ sung trong thời hạn"
    LAPSED = "lapsed", "thôi chờ, cơ quan đã quyết định hoặc thủ tục đã kết thúc"


class Supplement(Model):
    """One request of an agency for a supplement, and what has come of it (yêu cầu bổ sung, hoàn thiện hồ sơ).

    `requested_at` is the agency's instant, from which its clock stands still; `asked_at` ours, from which the citizen's
    `limit` runs. `corrected` are the fields of the form by path, as they now read.
    """

    state: SupplementState = SupplementState.ASKED
    reason_code: Code
    documents: tuple[DocumentKind, ...] = ()
    fields: tuple[Code, ...] = ()
    legal_basis: LongText
    text: LongText
    requested_at: Instant
    asked_at: Instant
    limit: CitizenLimit | None = None
    given: tuple[Document, ...] = ()
    corrected: Mapping[Code, str] = {}
    provided_at: Instant | None = None
    sent_at: Instant | None = None
    received_at: Instant | None = None

    @property
    def missing_documents(self) -> tuple[DocumentKind, ...]:
        """What is still to be uploaded; several files per kind count once."""
        held = {document.kind for document in self.given}
        return tuple(kind for kind in self.documents if kind not in held)

    @property
    def missing_fields(self) -> tuple[str, ...]:
        """The fields nothing has been corrected in yet."""
        return tuple(field for field in self.fields if not any(within(path, field) for path in self.corrected))

    @property
    def complete(self) -> bool:
        """Whether everything asked for is there."""
        return not (self.missing_documents or self.missing_fields)


class RefusedDemand(Model):
    """A demand the return gate did not let pass: who asked is the leg's agency; the dossier did not move."""

    message_id: Code
    at: Instant
    kind: DemandKind
    refusal: FactRefusal
    faults: tuple[Fault, ...]
    text: LongText


class AgencyNote(Model):
    """An agency's free text that says nothing a dossier can act on, until it is settled (tin chưa phân loại).

    Settled by a proper demand of the agency (without `operator`) or by an operator, who says why.
    """

    message_id: Code
    at: Instant
    text: LongText
    settled_at: Instant | None = None
    found: ClassifiedAs | None = None
    operator: OperatorId | None = None
    because: LongText | None = None

    @property
    def open(self) -> bool:
        return self.settled_at is None


class RefusedPaper(Model):
    """A result that was not taken for what its signatures are worth; it still counts as missing."""

    at: Instant
    document: Document


class AttestedRegistration(Model):
    """What a leg goes on with instead of the certificate of `of`: an official's signed word that it is registered."""

    of: Code
    document: Document
    official: Code
    office: Code
    at: Instant


class Leg(Model):
    """The state of one leg. The plan says what it is; this says how far it is.

    `missed_due` is the due date that came while the agency still owed its decision; see `overdue_since`. `reminded`
    are the due dates the agency was reminded of; `lateness` is how the decision missed last is chased, `missing_result`
    how an electronic result that does not follow its decision is, `missing_receipt` how the receipt of what we sent is,
    or its being taken at all.
    `documents` are the live versions of its results, `superseded` those that newer ones have replaced, oldest first.
    `agency_code` is the code its agency's system gave it, `paper_code` the number of a receipt on paper.
    `untold` are corrections of the form that its agency hears of only once others have agreed to them. `attested`
    stands for a certificate that it does not wait for any more.
    """

    key: Code
    stage: LegStage = LegStage.WAITING_PREREQUISITES
    outcome: LegOutcome | None = None
    outcome_text: LongText | None = None
    consents: tuple[Consent, ...] = ()
    expected: Due | None = None
    clock: Clock | None = None
    due: Due | None = None
    missed_due: Instant | None = None
    reminded: tuple[Instant, ...] = ()
    apologies: tuple[Apology, ...] = ()
    appointments: tuple[Appointment, ...] = ()
    lateness: Chase | None = None
    missing_result: Chase | None = None
    missing_receipt: Chase | None = None
    rulings: tuple[Ruling, ...] = ()
    sent_at: Instant | None = None
    acknowledged_at: Instant | None = None
    agency_code: Code | None = None
    paper_code: Code | None = None
    decided_at: Instant | None = None
    ended_at: Instant | None = None
    number: Code | None = None
    identity_number: Code | None = None
    documents: tuple[Document, ...] = ()
    superseded: tuple[Document, ...] = ()
    refusal: Refusal | None = None
    timeliness: Timeliness | None = None
    passed_on_at: Instant | None = None
    supplements: tuple[Supplement, ...] = ()
    untold: Mapping[Code, str] = {}
    refused_demands: tuple[RefusedDemand, ...] = ()
    refused_papers: tuple[RefusedPaper, ...] = ()
    notes: tuple[AgencyNote, ...] = ()
    attested: AttestedRegistration | None = None

    def goes_on_without(self, other: Code) -> bool:
        """Whether an attestation stands for the certificate of that leg."""
        return self.attested is not None and self.attested.of == other

    def caught_up(self) -> "Leg":
        """The leg with what its agency has not been told going there with the supplement under way."""
        supplement = self.supplement
        if not self.untold or supplement is None:
            return self
        supplement = supplement.model_copy(update={"corrected": {**self.untold, **supplement.corrected}})
        return self.model_copy(update={"untold": {}, "supplements": (*self.supplements[:-1], supplement)})

    @property
    def supplement(self) -> Supplement | None:
        """The request for a supplement that is under way: not provided yet, or not received yet."""
        last = self.supplements[-1] if self.supplements else None
        return last if last and last.state in (SupplementState.ASKED, SupplementState.PROVIDED) else None

    @property
    def supplement_due(self) -> bool:
        """Whether a supplement is under way that its agency does not have: the citizen owes it, or we do."""
        return self.supplement is not None and (self.with_citizen or self.stage is LegStage.SENDING)

    @property
    def with_citizen(self) -> bool:
        """Whether its agency has the part and waits for the citizen: a supplement, or consents it makes necessary."""
        consents = (LegStage.WAITING_CONSENTS, LegStage.WAITING_AGREEMENT)
        return self.stage is LegStage.WAITING_SUPPLEMENT or (self.supplement is not None and self.stage in consents)

    @property
    def appointment(self) -> Appointment | None:
        """What the citizen was promised last; None once the leg has ended, or the dossier was stopped."""
        last = None if self.ended or not self.appointments else self.appointments[-1]
        return None if last is None or last.void else last

    @property
    def open_notes(self) -> tuple[AgencyNote, ...]:
        """What the agency wrote and an operator has yet to classify."""
        return () if self.ended else tuple(note for note in self.notes if note.open)

    @property
    def ended(self) -> bool:
        return self.stage is LegStage.ENDED

    @property
    def completed(self) -> bool:
        return self.outcome is LegOutcome.COMPLETED

    @property
    def awaited_consents(self) -> tuple[Consent, ...]:
        """Those whose consent or agreement the leg waits for; once it was sent, whom a supplement has named since."""
        if self.ended:
            return ()
        return tuple(c for c in self.consents if c.awaited and not (self.sent_at and c.requested_at <= self.sent_at))

    @property
    def undecided(self) -> bool:
        """Whether its agency has yet to decide; an electronic result that is still to come is no decision owed."""
        return not self.ended and self.decided_at is None

    @property
    def owed_at(self) -> Instant | None:
        """When the agency owes its decision; None while no clock runs, and once it has decided."""
        return self.due.at if self.undecided and self.due else None

    @property
    def overdue_since(self) -> Instant | None:
        """Since when the leg is overdue, None when it is not.

        [choice] The mark belongs to one due date. An extension, a restart after a supplement or a calendar announced
        anew gives the agency another lawful date, and a stop none at all, so the mark falls by itself: who is named
        overdue must be late now, because operators act on it. `missed_due` keeps the date that was missed.
        """
        return _in_force(self.missed_due, self.owed_at)

    @property
    def awaits_result(self) -> bool:
        """Whether its agency has decided and an electronic result is still to come."""
        return self.stage is LegStage.WAITING_DOCUMENT

    @property
    def awaits_receipt(self) -> bool:
        """Whether its agency's system has taken what we sent, and the receipt is still to come."""
        return self.stage is LegStage.WAITING_RECEIPT and not self.decided_at

    @property
    def untaken(self) -> bool:
        """Whether what we sent, the part or a supplement to it, has yet to be taken by its agency's system."""
        return self.stage is LegStage.SENDING and not self.decided_at

    @property
    def never_taken(self) -> bool:
        """Whether nothing says that its agency has the part: its system has not taken it, nor has it spoken of it."""
        return self.untaken and self.acknowledged_at is None and self.clock is None

    @property
    def unreceived_since(self) -> Instant | None:
        """When we sent what has no receipt yet, the supplement under way or else the part; None if none is owed."""
        if not (self.untaken or self.awaits_receipt):
            return None
        return (self.supplement.sent_at if self.supplement else None) or self.sent_at

    @property
    def receipt_owed_from(self) -> Instant | None:
        """The instant a receipt's limit counts from: when the agency's system took it; our sending until it has."""
        return (self.acknowledged_at if self.awaits_receipt else None) or self.unreceived_since

    @property
    def chase_kept_in(self) -> str:
        """The field that holds `chase`."""
        if self.awaits_result:
            return "missing_result"
        return "missing_receipt" if self.untaken or self.awaits_receipt else "lateness"

    @property
    def chase(self) -> Chase | None:
        """How what it owes past its time now is chased; None when it owes nothing past its time."""
        if self.awaits_result:
            return self.missing_result
        if owed_from := self.receipt_owed_from:
            chase = self.missing_receipt
            return chase if chase and chase.due >= owed_from else None
        return self.lateness if self.lateness and self.lateness.due == self.overdue_since else None

    @property
    def awaits_operator(self) -> bool:
        """Whether an operator must decide: what it owes is overdue beyond measure (REQUIREMENTS §6.8)."""
        return self.chase is not None and self.chase.operator_since is not None

    @property
    def given_up(self) -> bool:
        """Whether an operator has decided to end it."""
        return bool(self.rulings) and self.rulings[-1].choice is OverdueChoice.END_LEG


def _in_force(missed: Instant | None, owed: Instant | None) -> Instant | None:
    return missed if missed == owed else None


def group_owed_at(plan: Plan | None, legs: Iterable[Leg], due: Due | None) -> Instant | None:
    """When the whole group is owed; None while its clock does not run, and once all legs it promises are decided."""
    if plan is None or due is None:
        return None
    return due.at if any(leg.undecided and plan.leg(leg.key).in_group_promise for leg in legs) else None


class ConsentVerdict(StrEnum):
    """What the consents of a leg amount to."""

    WAITING = "waiting"
    GRANTED = "granted"
    DECLINED = "declined"
    EXPIRED = "expired"
    """Silence, or people who cannot be reached, and no written agreement in time."""


def consent_verdict(rules: tuple[ConsentRule, ...], consents: tuple[Consent, ...]) -> ConsentVerdict:
    """Whether the leg may be sent: every rule needs its quorum; a rule that can no longer be met decides at once.

    Who has not been asked yet is waited for. Declined wins over expired: a person's “no” is never reported as silence
    (REQUIREMENTS §10).
    """
    asked = {consent.person.key: consent for consent in consents}
    verdicts = {_rule_verdict(rule, [asked.get(key) for key in rule.people]) for rule in rules}
    for worst in (ConsentVerdict.DECLINED, ConsentVerdict.EXPIRED, ConsentVerdict.WAITING):
        if worst in verdicts:
            return worst
    return ConsentVerdict.GRANTED


def _rule_verdict(rule: ConsentRule, asked: list[Consent | None]) -> ConsentVerdict:
    enough = any if rule.quorum == "any" else all
    if enough(consent is not None and consent.given for consent in asked):
        return ConsentVerdict.GRANTED
    if not enough(consent is None or consent.given or consent.awaited for consent in asked):
        declined = any(consent is not None and consent.state is ConsentState.DECLINED for consent in asked)
        return ConsentVerdict.DECLINED if declined else ConsentVerdict.EXPIRED
    return ConsentVerdict.WAITING


class FeeLine(Model):
    """One fee, in đồng (lệ phí)."""

    item: Code
    name: Text
    amount_vnd: int
    basis: LongText


class WaivedFee(Model):
    """A fee the law frees the citizen from (miễn lệ phí): which, as whom or why (`ground`), and on what basis."""

    item: Code
    name: Text
    ground: Text
    basis: LongText


class Fee(Model):
    """What the citizen owes before anything is sent, in đồng, and the e-receipt once it is paid (biên lai điện tử)."""

    lines: tuple[FeeLine, ...] = ()
    waived: tuple[WaivedFee, ...] = ()
    paid_at: Instant | None = None
    receipt_number: Code | None = None
    receipt: Document | None = None

    @property
    def total_vnd(self) -> int:
        return sum(line.amount_vnd for line in self.lines)


class OwedDuty(Model):
    """A duty the citizen is left with (nghĩa vụ còn lại), to be done by the end of `last_day`."""

    key: Code
    says: LongText
    last_day: date
    explanation: tuple[LongText, ...]
    basis: LongText
    fine: LongText | None


class DossierState(Model):
    """How a dossier as a whole stands: what people see of it and what each publication writes.

    `missed_due` is the group's due date that came while a leg it promises was undecided; `apologies` are those for
    the group as a whole. `withdrawn_at` is when the applicant withdrew
    it, `cancelled_at` when the authority cancelled it; `troubles` are messages not taken so far;
    `acts` is what operators have done, oldest first.
    """

    code: Code
    stage: DossierStage
    outcome: DossierOutcome | None = None
    provincial_code: Code | None = None
    clock: Clock | None = None
    due: Due | None = None
    expected: Due | None = None
    missed_due: Instant | None = None
    apologies: tuple[Apology, ...] = ()
    timeliness: Timeliness | None = None
    fee: Fee = Fee()
    withdrawn_at: Instant | None = None
    cancelled_at: Instant | None = None
    duties: tuple[OwedDuty, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    warnings: tuple[LongText, ...] = ()
    acts: tuple[Act, ...] = ()


class DossierView(DossierState):
    """The whole dossier for people and scripts (query `dossier_view`)."""

    province_code: Code
    plan: Plan | None = None
    missing_documents: tuple[RequiredDocument, ...] = ()
    limit: CitizenLimit | None = None
    legs: tuple[Leg, ...] = ()
    replacements: tuple[Replacement, ...] = ()
    refused_signals: int = 0

    @property
    def waits_for_citizen(self) -> bool:
        """Whether nothing goes on without the citizen, who has been asked: a payment that can be paid, documents."""
        if self.stage is DossierStage.WAITING_PAYMENT:
            return all(trouble.system is not System.PAYMENT for trouble in self.troubles)
        return self.stage is DossierStage.WAITING_DOCUMENTS

    @property
    def as_asked(self) -> "DossierView":
        """The dossier without the consents of people whom VNeID has not been able to ask yet."""
        untaken = {trouble.key for trouble in self.troubles if trouble.system is System.VNEID}
        if not untaken:
            return self

        def asked(leg: Leg) -> Leg:
            kept = (c for c in leg.consents if f"{self.code}:{leg.key}:consent:{c.person.key}" not in untaken)
            return leg.model_copy(update={"consents": tuple(kept)})

        return self.model_copy(update={"legs": tuple(map(asked, self.legs))})

    @property
    def overdue_since(self) -> Instant | None:
        """Since when the group as a whole is overdue, by the same policy as a leg; None when it is not."""
        return _in_force(self.missed_due, group_owed_at(self.plan, self.legs, self.due))


class GroupOutcome(Model):
    """The result of the workflow: per leg and overall (kết quả nhóm thủ tục)."""

    code: Code
    outcome: DossierOutcome
    timeliness: Timeliness | None
    legs: tuple[Leg, ...]
