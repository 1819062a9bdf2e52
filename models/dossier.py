"""The life of a dossier as values: stages, outcomes, legs and consents (hồ sơ, thủ tục, sự đồng ý)."""

from collections.abc import Iterable
from enum import StrEnum

from models.base import Code, Instant, LongText, Model, Text
from models.clock import Clock, Due, Timeliness
from models.documents import Document
from models.labelled import Labelled
from models.plan import AskedPerson, ConsentRule, Plan, RequiredDocument


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
    ENDED_BY_OPERATOR = "ended_by_operator", "kết thúc theo quyết định của người vận hành"


class ConsentState(Labelled):
    """The state of one person's consent."""

    ASKED = "asked", "chờ trả lời"
    GRANTED = "granted", "đồng ý"
    DECLINED = "declined", "không đồng ý"
    EXPIRED = "expired", "hết hạn"
    UNREACHABLE = "unreachable", "không liên lạc được"
    REPLACED = "replaced", "thay bằng văn bản đồng ý"


class Consent(Model):
    """One person asked in VNeID. `due` ends at 24:00 of the last working day (REQUIREMENTS §6.6)."""

    person: AskedPerson
    state: ConsentState
    requested_at: Instant
    due: Due
    answered_at: Instant | None = None


class Refusal(Model):
    """A refusal with everything a citizen is owed (Luật Hộ tịch 2014 Điều 5(2): bằng văn bản và nêu rõ lý do)."""

    reason_code: Code
    concerns: Text
    legal_basis: LongText
    text: LongText


class Leg(Model):
    """The state of one leg. The plan says what it is; this says how far it is.

    `missed_due` is the due date that came while the agency still owed its decision; see `overdue_since`.
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
    sent_at: Instant | None = None
    acknowledged_at: Instant | None = None
    agency_code: Code | None = None
    decided_at: Instant | None = None
    ended_at: Instant | None = None
    number: Code | None = None
    identity_number: Code | None = None
    documents: tuple[Document, ...] = ()
    refusal: Refusal | None = None
    timeliness: Timeliness | None = None

    @property
    def ended(self) -> bool:
        return self.stage is LegStage.ENDED

    @property
    def completed(self) -> bool:
        return self.outcome is LegOutcome.COMPLETED

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


def consent_verdict(rules: tuple[ConsentRule, ...], consents: tuple[Consent, ...]) -> ConsentVerdict:
    """Whether the leg may be sent: every rule needs its quorum; a rule that can no longer be met decides at once.

    Declined wins over expired: a person's “no” is never reported as silence (REQUIREMENTS §10).
    """
    states = {consent.person.key: consent.state for consent in consents}
    verdicts = {_rule_verdict(rule, [states[key] for key in rule.people if key in states]) for rule in rules}
    for worst in (ConsentVerdict.DECLINED, ConsentVerdict.EXPIRED, ConsentVerdict.WAITING):
        if worst in verdicts:
            return worst
    return ConsentVerdict.GRANTED


def _rule_verdict(rule: ConsentRule, states: list[ConsentState]) -> ConsentVerdict:
    enough = any if rule.quorum == "any" else all
    if enough(state is ConsentState.GRANTED for state in states):
        return ConsentVerdict.GRANTED
    if not enough(state in (ConsentState.GRANTED, ConsentState.ASKED) for state in states):
        return ConsentVerdict.DECLINED if ConsentState.DECLINED in states else ConsentVerdict.EXPIRED
    return ConsentVerdict.WAITING


class FeeLine(Model):
    """One fee, in đồng (lệ phí)."""

    item: Code
    name: Text
    amount_vnd: int
    basis: LongText


class Fee(Model):
    """What the citizen owes before anything is sent, in đồng, and the e-receipt once it is paid (biên lai)."""

    lines: tuple[FeeLine, ...] = ()
    paid_at: Instant | None = None
    receipt_number: Code | None = None

    @property
    def total_vnd(self) -> int:
        return sum(line.amount_vnd for line in self.lines)


class CitizenLimit(Model):
    """A running limit on the citizen's own act, in working days (bổ sung giấy tờ, nộp lệ phí)."""

    requested_at: Instant
    working_days: int
    due: Due

    @property
    def ends_at(self) -> Instant:
        """24:00 of the last working day; a citizen's limit never stops."""
        assert self.due.at is not None
        return self.due.at


class DossierState(Model):
    """How a dossier as a whole stands: what people see of it and what each publication writes.

    `missed_due` is the group's due date that came while a leg it promises was undecided.
    """

    code: Code
    stage: DossierStage
    outcome: DossierOutcome | None = None
    provincial_code: Code | None = None
    clock: Clock | None = None
    due: Due | None = None
    expected: Due | None = None
    missed_due: Instant | None = None
    timeliness: Timeliness | None = None
    fee: Fee = Fee()
    warnings: tuple[LongText, ...] = ()


class DossierView(DossierState):
    """The whole dossier for people and scripts (query `dossier_view`)."""

    province_code: Code
    plan: Plan | None = None
    missing_documents: tuple[RequiredDocument, ...] = ()
    limit: CitizenLimit | None = None
    legs: tuple[Leg, ...] = ()
    refused_signals: int = 0

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
