"""From a change of the dossier to what goes out, channel by channel; and that every notice has its words."""

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from models.base import nfc
from models.birth import BirthDeclaration
from models.clock import Timeliness
from models.delivery import dispatches, templates
from models.documents import Document, DocumentKind
from models.dossier import DossierStage, Leg, LegOutcome, LegStage
from models.form_parts import PaperPlace
from models.messages import Dispatch, DispatchKind
from models.publication import Notice, NoticeOrder, Publication, StatusEvent
from models.statuses import PortalStatus, Status, StatusSystem
from models.systems import System
from tests.models.cases import SAMPLE_NAMES, changed, document, moment, owned, personal_data, plan_of, sample

WORKFLOWS = Path(__file__).parents[2] / "workflows"
CODE = "G22.99.08-261119-000001"
PROVINCIAL_CODE = "H26.11.02-261119-0001"
AT = moment("2026-11-19 10:00:00")
BIRTH, RESIDENCE, HEALTH_CARD, CARD = (
    "birth_registration",
    "residence_registration",
    "health_insurance_card",
    "identity_card",
)


def publication(**changes: object) -> Publication:
    data = {
        "code": CODE,
        "sequence": 1,
        "at": AT,
        "stage": DossierStage.IN_PROGRESS,
        "provincial_code": PROVINCIAL_CODE,
    }
    return Publication.model_validate(data | changes)


def sent(change: Publication, form: BirthDeclaration | None = None, name: str = "plain") -> tuple[Dispatch, ...]:
    """What goes out because of a change of a sample's dossier, its form changed or as it is."""
    return dispatches(change, plan_of(name), form or owned(sample(name)))


def ended(key: str, *documents: Document, outcome: LegOutcome = LegOutcome.COMPLETED) -> Leg:
    return Leg(key=key, stage=LegStage.ENDED, outcome=outcome, ended_at=AT, documents=documents)


RESULTS = {
    BIRTH: DocumentKind.BIRTH_CERTIFICATE,
    RESIDENCE: DocumentKind.RESIDENCE_NOTICE,
    HEALTH_CARD: DocumentKind.HEALTH_INSURANCE_CARD,
    CARD: DocumentKind.IDENTITY_CARD,
}


def completed(*keys: str) -> Publication:
    """The change in which these legs were completed."""
    return publication(legs=tuple(ended(key, document(RESULTS[key])) for key in keys))


def issued_anew(key: str, times: int) -> Publication:
    """The change in which the result of that leg was issued anew the so manieth time."""
    versions = [document(RESULTS[key], f"bản {number}") for number in range(times + 1)]
    leg = ended(key, versions[-1]).model_copy(update={"superseded": tuple(versions[:-1])})
    return publication(legs=(leg,))


# --- Notices -------------------------------------------------------------------------------------------------------

PORTAL_AND_VNEID = (System.PORTAL, System.VNEID)
WITH_SMS = (*PORTAL_AND_VNEID, System.SMS)
CHANNELS = {
    Notice.SUBMITTED: PORTAL_AND_VNEID,
    Notice.DOCUMENTS_NEEDED: WITH_SMS,
    Notice.DOCUMENTS_REMINDER: WITH_SMS,
    Notice.PAYMENT_NEEDED: WITH_SMS,
    Notice.PAYMENT_RECEIVED: PORTAL_AND_VNEID,
    Notice.DUTY: WITH_SMS,
    Notice.EXPECTED_DATES: WITH_SMS,
    Notice.CONSENTS_ASKED: PORTAL_AND_VNEID,
    Notice.CONSENT_REMINDER: (System.VNEID,),
    Notice.CONSENTS_REMINDED: PORTAL_AND_VNEID,
    Notice.AGREEMENT_NEEDED: WITH_SMS,
    Notice.CONSENT_UNREACHABLE: WITH_SMS,
    Notice.AGREEMENT_TAKEN: PORTAL_AND_VNEID,
    Notice.LEG_DATES: PORTAL_AND_VNEID,
    Notice.GROUP_DATES: PORTAL_AND_VNEID,
    Notice.LEG_DECIDED: PORTAL_AND_VNEID,
    Notice.LEG_COMPLETED: WITH_SMS,
    Notice.LEG_REFUSED: WITH_SMS,
    Notice.LEG_CONSENT_DECLINED: WITH_SMS,
    Notice.LEG_CONSENT_EXPIRED: WITH_SMS,
    Notice.LEG_NOT_POSSIBLE: WITH_SMS,
    Notice.SUPPLEMENT_NEEDED: WITH_SMS,
    Notice.SUPPLEMENT_REMINDER: WITH_SMS,
    Notice.SUPPLEMENT_SENT: PORTAL_AND_VNEID,
    Notice.LEG_SUPPLEMENT_NOT_PROVIDED: WITH_SMS,
    Notice.FORM_CORRECTED: PORTAL_AND_VNEID,
    Notice.LEG_APOLOGY: WITH_SMS,
    Notice.GROUP_APOLOGY: WITH_SMS,
    Notice.LEG_APPOINTMENT: WITH_SMS,
    Notice.LEG_GOES_ON: PORTAL_AND_VNEID,
    Notice.LAW_MIGRATED: PORTAL_AND_VNEID,
    Notice.RESULT_MISSING: PORTAL_AND_VNEID,
    Notice.RESULT_REPLACED: WITH_SMS,
    Notice.LEG_GIVEN_UP: WITH_SMS,
    Notice.LEG_GIVEN_UP_RESULT: WITH_SMS,
    Notice.LEG_GIVEN_UP_RECEIPT: WITH_SMS,
    Notice.WITHDRAWAL_TAKEN: WITH_SMS,
    Notice.WITHDRAWAL_TOO_LATE: PORTAL_AND_VNEID,
    Notice.DOSSIER_CANCELLED: WITH_SMS,
    Notice.CANCELLATION_TOO_LATE: PORTAL_AND_VNEID,
    Notice.CONCLUDED: WITH_SMS,
    Notice.ENDED_UNPAID: WITH_SMS,
    Notice.ENDED_WITHOUT_DOCUMENTS: WITH_SMS,
}


ASKED = "001060000131"
OURS = {"code", "of_group"}
"""Placeholders that delivery fills."""


def placeholders(text: str | None) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text or "") if name is not None}


def filled(notice: Notice) -> dict[str, str]:
    """A value for every placeholder of a notice that the workflow fills."""
    template = templates()[notice]
    return {name: f"<{name}>" for name in (placeholders(template.text) | placeholders(template.sms)) - OURS}


def told(notice: Notice) -> Publication:
    order = NoticeOrder(key=f"{CODE}:notice:1:{notice.value}", template=notice, values=filled(notice))
    return publication(notices=(order,))


def test_every_notice_has_words_and_all_words_are_a_notices() -> None:
    assert set(templates()) == set(Notice) == set(CHANNELS)


@pytest.mark.parametrize("notice", Notice)
def test_a_notice_goes_by_its_channels_once_each(notice: Notice) -> None:
    out = sent(told(notice))
    assert tuple(dispatch.channel for dispatch in out) == CHANNELS[notice]
    assert {dispatch.kind for dispatch in out} == {DispatchKind.NOTICE}
    assert [dispatch.head.key for dispatch in out] == [
        f"{CODE}:notice:1:{notice.value}:{channel.value}" for channel in CHANNELS[notice]
    ]


def test_a_reminder_goes_to_the_person_asked_and_to_nobody_else() -> None:
    notice = Notice.CONSENT_REMINDER
    order = NoticeOrder(key=f"{CODE}:notice:1:{notice}", template=notice, recipient=ASKED, values=filled(notice))
    assert [(d.channel, d.recipient) for d in sent(publication(notices=(order,)))] == [(System.VNEID, ASKED)]


@pytest.mark.parametrize("notice", Notice)
def test_a_notice_names_the_dossier_and_leaves_no_placeholder(notice: Notice) -> None:
    for dispatch in sent(told(notice)):
        assert dispatch.text
        assert CODE in dispatch.text
        assert "{" not in dispatch.text
        values = filled(notice)
        in_full = {name for name in values if f"<{name}>" in dispatch.text}
        template = templates()[notice]
        words = template.sms if dispatch.channel is System.SMS else template.text
        assert in_full == placeholders(words) - OURS


@pytest.mark.parametrize("notice", Notice)
def test_a_notice_that_goes_by_text_message_has_short_words_for_it(notice: Notice) -> None:
    template = templates()[notice]
    assert (template.sms is not None) == (System.SMS in template.channels)
    assert template.sms is None or len(template.sms) <= 160


@pytest.mark.parametrize("notice", Notice)
def test_the_words_are_vietnamese_in_nfc(notice: Notice) -> None:
    template = templates()[notice]
    for text in (template.text, template.sms):
        if text:
            assert text.startswith("Hồ sơ {code}")
            assert nfc(text) == text


@pytest.mark.parametrize(
    "notice",
    [
        Notice.LEG_REFUSED,
        Notice.LEG_SUPPLEMENT_NOT_PROVIDED,
        Notice.LEG_GIVEN_UP,
        Notice.LEG_GIVEN_UP_RESULT,
        Notice.LEG_GIVEN_UP_RECEIPT,
    ],
)
def test_the_end_of_a_leg_that_others_may_need_does_not_promise_that_they_go_on(notice: Notice) -> None:
    assert "Thủ tục nào cần kết quả này sẽ được báo riêng; các thủ tục khác" in templates()[notice].text


def test_notices_reach_the_applicant_by_phone_or_by_number() -> None:
    applicant = sample("plain").applicant
    recipients = {dispatch.channel: dispatch.recipient for dispatch in sent(told(Notice.CONCLUDED))}
    assert recipients == {
        System.PORTAL: applicant.personal_id,
        System.VNEID: applicant.personal_id,
        System.SMS: applicant.phone,
    }


def test_a_message_carries_both_dossier_codes_the_procedure_and_legal_time() -> None:
    for dispatch in (*sent(told(Notice.SUBMITTED)), *sent(completed(BIRTH, RESIDENCE))):
        assert dispatch.head.dossier_code == CODE
        assert dispatch.head.provincial_code == PROVINCIAL_CODE
        assert dispatch.head.procedure_code == "3.000722"
        assert dispatch.head.sent_at == AT


def test_a_notice_without_its_values_is_an_error_and_not_a_gap() -> None:
    empty = publication(notices=(NoticeOrder(key="k", template=Notice.CONCLUDED),))
    with pytest.raises(KeyError, match="outcome"):
        sent(empty)


def test_braces_in_what_an_agency_wrote_are_only_braces() -> None:
    values = filled(Notice.LEG_REFUSED) | {"reason": "{code} {nothing}"}
    order = NoticeOrder(key="k", template=Notice.LEG_REFUSED.value, values=values)
    assert any("{code} {nothing}" in (dispatch.text or "") for dispatch in sent(publication(notices=(order,))))


def test_the_longest_refusal_still_reaches_the_citizen() -> None:
    longest = "ệ" * 4000
    values = filled(Notice.LEG_REFUSED) | {"reason": longest, "concerns": "ệ" * 500, "basis": longest}
    order = NoticeOrder(key="k", template=Notice.LEG_REFUSED.value, values=values)
    portal = sent(publication(notices=(order,)))[0]
    assert portal.text
    assert longest in portal.text
    assert Dispatch.model_validate_json(portal.model_dump_json()) == portal


# --- What workflows tell -------------------------------------------------------------------------------------------


def tellings() -> Iterator[tuple[str, Notice, set[str]]]:
    """Every `tell(Notice.X, …)` of the workflows: where, which notice, which values."""
    for path in sorted(WORKFLOWS.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "tell":
                template = node.args[0]
                assert isinstance(template, ast.Attribute), f"{path.name}:{node.lineno} names its notice"
                assert all(keyword.arg for keyword in node.keywords), f"{path.name}:{node.lineno} names its values"
                values = {keyword.arg for keyword in node.keywords if keyword.arg}
                yield f"{path.name}:{node.lineno}", Notice[template.attr], values


def test_the_workflows_fill_every_placeholder_and_nothing_else() -> None:
    wrong = [(where, notice) for where, notice, values in tellings() if values != set(filled(notice))]
    assert wrong == []


def test_every_notice_is_told_by_some_workflow() -> None:
    assert {notice for _, notice, _ in tellings()} == set(Notice)


# --- Statuses ------------------------------------------------------------------------------------------------------

ACCEPTED = Status(system=StatusSystem.PORTAL, code=PortalStatus.ACCEPTED.value)


def test_our_status_goes_to_the_portal_and_to_the_province_that_has_the_dossier() -> None:
    event = StatusEvent(key=f"{CODE}:status:3", status=ACCEPTED, at=AT)
    out = sent(publication(statuses=(event,)))
    assert [(d.channel, d.kind, d.status, d.head.key) for d in out] == [
        (System.PORTAL, DispatchKind.STATUS, ACCEPTED, f"{CODE}:status:3:portal"),
        (System.PROVINCIAL, DispatchKind.STATUS, ACCEPTED, f"{CODE}:status:3:provincial"),
    ]


def test_the_province_hears_of_no_status_before_it_has_the_dossier() -> None:
    event = StatusEvent(key=f"{CODE}:status:1", status=ACCEPTED, at=AT)
    out = sent(publication(statuses=(event,), provincial_code=None))
    assert [dispatch.channel for dispatch in out] == [System.PORTAL]


@pytest.mark.parametrize("code", [PortalStatus.SUBMITTED, PortalStatus.NEEDS_PAYMENT])
def test_what_was_before_the_province_had_it_goes_to_the_portal_alone(code: PortalStatus) -> None:
    """Also in one change with the receipt, as when a worker died before it could publish the first."""
    submitted = Status(system=StatusSystem.PORTAL, code=code.value)
    events = [
        StatusEvent(key=f"{CODE}:status:{n}", status=status, at=AT) for n, status in enumerate((submitted, ACCEPTED))
    ]
    out = sent(publication(statuses=tuple(events)))
    assert [(d.channel, d.status) for d in out] == [
        (System.PORTAL, submitted),
        (System.PORTAL, ACCEPTED),
        (System.PROVINCIAL, ACCEPTED),
    ]


def test_a_status_somebody_told_us_is_not_told_on() -> None:
    incoming = StatusEvent(key="s", status=Status(system=StatusSystem.LINKING, code="3"), at=AT, incoming=True)
    assert sent(publication(statuses=(incoming,))) == ()


# --- Results -------------------------------------------------------------------------------------------------------


def results(out: tuple[Dispatch, ...]) -> dict[DocumentKind, list[System]]:
    found: dict[DocumentKind, list[System]] = {}
    for dispatch in out:
        if dispatch.kind is DispatchKind.RESULT:
            assert dispatch.document
            assert dispatch.document_kind is dispatch.document.kind
            found.setdefault(dispatch.document.kind, []).append(dispatch.channel)
    return found


ALWAYS = [System.DOCUMENTS, System.PORTAL, System.PROVINCIAL]


@pytest.mark.rule("4.6-results-delivered")
@pytest.mark.parametrize("asked", [True, False])
def test_results_go_to_store_portal_and_province_and_into_vneid_only_on_request(asked: bool) -> None:
    form = changed(sample("identity-card"), vneid_integration=asked)
    out = sent(completed(BIRTH, RESIDENCE, HEALTH_CARD, CARD), form, "identity-card")
    integrated = [*ALWAYS, System.VNEID] if asked else ALWAYS
    assert results(out) == {
        DocumentKind.BIRTH_CERTIFICATE: integrated,
        DocumentKind.RESIDENCE_NOTICE: ALWAYS,
        DocumentKind.HEALTH_INSURANCE_CARD: integrated,
        DocumentKind.IDENTITY_CARD: ALWAYS,
    }


@pytest.mark.parametrize("outcome", [outcome for outcome in LegOutcome if outcome is not LegOutcome.COMPLETED])
def test_a_leg_that_ended_otherwise_delivers_nothing(outcome: LegOutcome) -> None:
    change = publication(legs=(ended(BIRTH, document(DocumentKind.BIRTH_CERTIFICATE), outcome=outcome),))
    assert sent(change) == ()


@pytest.mark.parametrize("stage", [stage for stage in LegStage if stage is not LegStage.ENDED])
def test_a_leg_that_has_not_ended_delivers_nothing(stage: LegStage) -> None:
    leg = Leg(key=BIRTH, stage=stage, documents=(document(DocumentKind.BIRTH_CERTIFICATE),))
    assert sent(publication(legs=(leg,))) == ()


# --- Paper ---------------------------------------------------------------------------------------------------------


def papers(out: tuple[Dispatch, ...]) -> dict[DocumentKind | None, Dispatch]:
    return {dispatch.document_kind: dispatch for dispatch in out if dispatch.kind is DispatchKind.PAPER_ORDER}


POST_ADDRESS = sample("grandparents-home").results.residence_notice_paper
ALL_LEGS = (BIRTH, RESIDENCE, HEALTH_CARD)
ORDERED = {
    "plain": {DocumentKind.BIRTH_CERTIFICATE: System.PROVINCIAL},
    "grandparents-home": {
        DocumentKind.BIRTH_CERTIFICATE: System.PROVINCIAL,
        DocumentKind.RESIDENCE_NOTICE: System.POST,
        DocumentKind.HEALTH_INSURANCE_CARD: System.PROVINCIAL,
    },
    "no-birth-notice": {
        DocumentKind.BIRTH_CERTIFICATE: System.PROVINCIAL,
        DocumentKind.RESIDENCE_NOTICE: System.PROVINCIAL,
    },
}


@pytest.mark.rule("4.6-paper")
@pytest.mark.parametrize("name", ORDERED)
def test_paper_is_ordered_as_the_form_says(name: str) -> None:
    orders = papers(sent(completed(*ALL_LEGS), name=name))
    assert {kind: order.channel for kind, order in orders.items()} == ORDERED[name]


def test_post_goes_to_the_address_of_the_form_and_a_desk_to_none() -> None:
    orders = papers(sent(completed(*ALL_LEGS), name="grandparents-home"))
    assert POST_ADDRESS
    assert orders[DocumentKind.RESIDENCE_NOTICE].address == POST_ADDRESS.address
    assert orders[DocumentKind.BIRTH_CERTIFICATE].address is None
    assert orders[DocumentKind.HEALTH_INSURANCE_CARD].address is None


@pytest.mark.rule("4.6-copies")
@pytest.mark.parametrize(("copies", "ordered"), [(0, ""), (2, ", 2 bản sao")])
def test_one_original_and_the_copies_ordered_wait_at_the_civil_status_desk(copies: int, ordered: str) -> None:
    form = changed(sample("plain"), results={"birth_certificate_copies": copies})
    text = papers(sent(completed(BIRTH), form))[DocumentKind.BIRTH_CERTIFICATE].text
    assert text == f"01 bản chính Giấy khai sinh{ordered}. Nơi nhận: {PaperPlace.CIVIL_STATUS_DESK.label}"


@pytest.mark.rule("4.6-paper")
@pytest.mark.parametrize(
    ("place", "channel"),
    [
        (PaperPlace.CIVIL_STATUS_DESK, System.PROVINCIAL),
        (PaperPlace.AGENCY_DESK, System.PROVINCIAL),
        (PaperPlace.POST, System.POST),
    ],
)
@pytest.mark.parametrize(("field", "leg"), [("residence_notice_paper", RESIDENCE), ("health_card_paper", HEALTH_CARD)])
def test_every_place_has_its_channel(field: str, leg: str, place: PaperPlace, channel: System) -> None:
    assert POST_ADDRESS
    address = POST_ADDRESS.address if place is PaperPlace.POST else None
    form = changed(sample("plain"), results={field: {"place": place, "address": address}})
    order = papers(sent(completed(leg), form))[RESULTS[leg]]
    assert (order.channel, order.address) == (channel, address)
    assert order.text == f"01 bản giấy {RESULTS[leg].label}. Nơi nhận: {place.label}"


def test_an_identity_card_is_not_ordered_on_paper() -> None:
    assert papers(sent(completed(CARD), name="identity-card")) == {}


@pytest.mark.rule("4.8-receipts")
def test_an_e_receipt_goes_to_the_citizens_store_once() -> None:
    receipt = document(DocumentKind.PAYMENT_RECEIPT)
    [order] = sent(publication(attachments=(receipt, document(DocumentKind.WITNESS_STATEMENT))))
    assert (order.channel, order.kind, order.document) == (System.DOCUMENTS, DispatchKind.RESULT, receipt)
    assert order.head.key == f"{CODE}:payment:receipt:documents"


# --- Keys ----------------------------------------------------------------------------------------------------------


def everything(name: str) -> Publication:
    """One change with every notice, several statuses and every result."""
    orders = tuple(
        NoticeOrder(key=f"{CODE}:notice:{number}:{notice.value}", template=notice, values=filled(notice))
        for number, notice in enumerate(Notice)
    )
    statuses = tuple(StatusEvent(key=f"{CODE}:status:{number}", status=ACCEPTED, at=AT) for number in range(100, 103))
    legs = tuple(ended(leg.key, *(document(kind) for kind in leg.results)) for leg in plan_of(name).legs)
    return publication(notices=orders, statuses=statuses, legs=legs)


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_keys_are_unique_and_the_same_whenever_the_change_is_published(name: str) -> None:
    change = everything(name)
    keys = [dispatch.head.key for dispatch in sent(change, name=name)]
    assert len(keys) == len(set(keys))
    assert all(key.startswith(f"{CODE}:") for key in keys)
    again = change.model_copy(update={"sequence": 7, "at": moment("2026-11-20 10:00:00")})
    assert [dispatch.head.key for dispatch in sent(again, name=name)] == keys


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_a_leg_published_again_sends_its_results_under_the_same_keys(name: str) -> None:
    change = everything(name)
    later = change.model_copy(
        update={"legs": tuple(leg.model_copy(update={"timeliness": Timeliness.LATE}) for leg in change.legs)}
    )
    assert {d.head.key for d in sent(later, name=name)} == {d.head.key for d in sent(change, name=name)}


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_keys_and_statuses_give_nobody_away(name: str) -> None:
    personal = personal_data(owned(sample(name)))
    for dispatch in sent(everything(name), name=name):
        assert not [text for text in personal if text in dispatch.head.model_dump_json()]


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_what_goes_out_travels_as_json(name: str) -> None:
    for dispatch in sent(everything(name), name=name):
        assert Dispatch.model_validate_json(dispatch.model_dump_json()) == dispatch


# --- Versions ------------------------------------------------------------------------------------------------------


@pytest.mark.rule("8.superseded")
@pytest.mark.parametrize("times", [1, 2])
def test_a_newer_version_goes_where_the_old_one_went_and_names_the_one_it_supersedes(times: int) -> None:
    """The province gets it as a letter, and its desks give paper for paper."""
    first, again = sent(completed(BIRTH)), sent(issued_anew(BIRTH, times))
    went = [dispatch.channel for dispatch in first if dispatch.kind is DispatchKind.RESULT]
    assert [dispatch.channel for dispatch in again] == [c for c in went if c is not System.PROVINCIAL]
    old = document(RESULTS[BIRTH], f"bản {times - 1}")
    assert {dispatch.supersedes for dispatch in again} == {old.sha256}
    assert {dispatch.supersedes for dispatch in first} == {None}
    keys = [{d.head.key for d in out} for out in (first, again, sent(issued_anew(BIRTH, times + 1)))]
    assert not keys[0] & keys[1] | keys[1] & keys[2], "each version goes out once, under keys of its own"


def test_paper_by_post_is_sent_anew_with_the_new_version() -> None:
    assert POST_ADDRESS
    by_post = {"health_card_paper": {"place": PaperPlace.POST, "address": POST_ADDRESS.address}}
    order = papers(sent(issued_anew(HEALTH_CARD, 1), changed(sample("plain"), results=by_post)))[RESULTS[HEALTH_CARD]]
    again = "(bản cấp lại, thay bản đã giao)"
    assert order.text == f"01 bản giấy Thẻ bảo hiểm y tế {again}. Nơi nhận: {PaperPlace.POST.label}"
