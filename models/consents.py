"""How answers and agreements move the consents of a leg: pure functions from (leg, fact, now) to the leg after it.

Whatever is wrong raises `FactRefused`, whose text names nobody. `now` is legal time; an answer stands at the instant it
states, but never before its request nor after its message came.
"""

from datetime import datetime

from models.documents import Document, DocumentKind
from models.dossier import Attestation, Consent, ConsentState, Evidence, Leg
from models.facts import AgreementProvided, Answer, AttestedConsent, ConsentAnswer, FactRefusal, FactRefused
from models.plan import LegPlan
from models.reducers import not_in_future

_STATES = {
    Answer.GRANTED: ConsentState.GRANTED,
    Answer.DECLINED: ConsentState.DECLINED,
    Answer.UNREACHABLE: ConsentState.UNREACHABLE,
}


def apply_consent(leg: Leg, plan: LegPlan, answer: ConsentAnswer, now: datetime) -> Leg:
    """The leg after what VNeID says: a person's answer, or that they cannot be reached there.

    A late answer counts while a written agreement is awaited; that nobody can be reached only while they are asked.
    """
    not_in_future(answer.at, now)
    consent = _answerable(leg, plan, answer.personal_id)
    if answer.answer is not Answer.UNREACHABLE:
        return with_consent(leg, _answered(consent, answer.answer, answer.at, now, Evidence.VNEID))
    if consent.state is not ConsentState.ASKED:
        raise _already(consent)
    return with_consent(leg, consent.model_copy(update={"state": ConsentState.UNREACHABLE}))


def apply_attestation(leg: Leg, plan: LegPlan, attested: AttestedConsent, now: datetime) -> Leg:
    """The leg after a person's answer at a desk: it counts as theirs, on an official's attestation."""
    not_in_future(attested.at, now)
    consent = _answerable(leg, plan, attested.personal_id)
    _of_kind(attested.attestation, DocumentKind.CONSENT_ATTESTATION)
    answered = _answered(consent, attested.answer, attested.at, now, Evidence.DESK)
    took_it = Attestation(official=attested.official, office=attested.office)
    return with_consent(leg, answered.model_copy(update={"proof": attested.attestation, "attested_by": took_it}))


def apply_agreement(leg: Leg, plan: LegPlan, agreement: AgreementProvided, declarant: str, now: datetime) -> Leg:
    """The leg after a signed agreement: it replaces the consent of everybody who signed it, or of nobody.

    Each must be somebody asked who has not answered, whether their own limit still runs or not. That the `declarant` or
    somebody who has agreed already has signed too adds nothing, and does no harm.
    """
    not_in_future(agreement.at, now)
    signers = tuple(dict.fromkeys(agreement.signed_by))
    needless = _agreed(leg, plan) | ({declarant} - {person.personal_id for person in plan.people})
    needed = [signer for signer in signers if signer not in needless]
    others = [signer for signer in signers if signer != declarant]
    signed = [_signatory(leg, plan, signer) for signer in needed or others or signers]
    named = (rule.replaced_by for rule in plan.consent_rules if rule.replaced_by)
    _of_kind(agreement.document, DocumentKind.CONSENT_AGREEMENT, *named)
    for consent in signed:
        leg = with_consent(leg, replaced(consent, agreement.document, _between(consent, agreement.at, now)))
    return leg


def replaced(consent: Consent, paper: Document, at: datetime) -> Consent:
    """The consent once a signed agreement stands for it."""
    given = {"state": ConsentState.REPLACED, "answered_at": at, "evidence": Evidence.AGREEMENT, "proof": paper}
    return consent.model_copy(update=given)


def signed_with_supplement(leg: Leg, plan: LegPlan, now: datetime) -> Leg:
    """The leg once an agreement given with its supplement stands for those who must agree since and have not yet.

    [choice] Everybody whom it can replace has signed it: so the law words it, and the agency that asked reads it.
    """
    for consent in leg.awaited_consents:
        if paper := paper_supplied(leg, plan, consent.person.key):
            leg = with_consent(leg, replaced(consent, paper, now))
    return leg


def paper_supplied(leg: Leg, plan: LegPlan, key: str) -> Document | None:
    """The agreement, given with the supplement under way, that stands for all this person is asked."""
    given = {document.kind: document for document in (leg.supplement.given if leg.supplement else ())}
    asked = [rule.replaced_by for rule in plan.consent_rules if key in rule.people]
    papers = [given[kind] for kind in asked if kind in given]
    return papers[0] if papers and len(papers) == len(asked) else None


def with_consent(leg: Leg, consent: Consent) -> Leg:
    """The leg with that person's consent put in place of the earlier one, or added."""
    others = [c for c in leg.consents if c.person.key != consent.person.key]
    order = [c.person.key for c in leg.consents]
    consents = sorted(
        (*others, consent), key=lambda c: order.index(c.person.key) if c.person.key in order else len(order)
    )
    return leg.model_copy(update={"consents": tuple(consents)})


def _answerable(leg: Leg, plan: LegPlan, personal_id: str) -> Consent:
    """The consent that this person can still give or refuse."""
    asked = next((person.key for person in plan.people if person.personal_id == personal_id), None)
    if asked is None:
        raise FactRefused(FactRefusal.WRONG_PERSON, f"Người này không được hỏi ý kiến về “{plan.name}”.")
    if leg.ended:
        raise FactRefused(FactRefusal.ENDED, f"Thủ tục “{plan.name}” đã kết thúc, không nhận trả lời nữa.")
    consent = next((c for c in leg.consents if c.person.key == asked), None)
    if consent is None:
        text = f"Chưa gửi yêu cầu xác nhận nào về “{plan.name}”; yêu cầu được gửi ngay khi cấp tỉnh tiếp nhận hồ sơ."
        raise FactRefused(FactRefusal.OUT_OF_TURN, text)
    if consent.lapsed:
        raise FactRefused(FactRefusal.ENDED, f"Đã hết hạn xác nhận và hạn nộp văn bản đồng ý về “{plan.name}”.")
    if not consent.awaited:
        raise _already(consent)
    if consent not in leg.awaited_consents:
        raise FactRefused(FactRefusal.OUT_OF_TURN, f"“{plan.name}” đã đủ xác nhận và được gửi cơ quan.")
    return consent


def _agreed(leg: Leg, plan: LegPlan) -> frozenset[str]:
    """The personal numbers of those asked now who have agreed."""
    asked = {person.key for person in plan.people}
    return frozenset(c.person.personal_id for c in leg.consents if c.given and c.person.key in asked)


def _signatory(leg: Leg, plan: LegPlan, personal_id: str) -> Consent:
    """The consent that an agreement replaces; who sends one is told what to do if one of many has declined."""
    try:
        return _answerable(leg, plan, personal_id)
    except FactRefused as refusal:
        if refusal.reason is not FactRefusal.ALREADY_ANSWERED:
            raise
        text = (
            "Văn bản này không có thêm chữ ký nào còn cần, hoặc có người ký đã trả lời không đồng ý."
            " Nộp lại, chỉ ghi số định danh của những người chưa trả lời."
        )
        raise FactRefused(refusal.reason, text) from None


def _answered(consent: Consent, answer: Answer, at: datetime, now: datetime, evidence: Evidence) -> Consent:
    answered = {"state": _STATES[answer], "answered_at": _between(consent, at, now), "evidence": evidence}
    return consent.model_copy(update=answered)


def _between(consent: Consent, stated: datetime, now: datetime) -> datetime:
    return max(consent.requested_at, min(stated, now))


def _already(consent: Consent) -> FactRefused:
    text = f"Yêu cầu xác nhận này đã có kết quả: {consent.state.label}."
    return FactRefused(FactRefusal.ALREADY_ANSWERED, text)


def _of_kind(document: Document, *kinds: DocumentKind) -> None:
    if document.kind not in kinds:
        wanted = " hoặc ".join(f"“{kind.label}”" for kind in dict.fromkeys(kinds))
        text = f"Phải nộp {wanted}, không phải “{document.kind.label}”."
        raise FactRefused(FactRefusal.NOT_AWAITED, text)
