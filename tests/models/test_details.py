"""What operators read of a dossier: the table of legs in Vietnamese, search attributes, and nothing personal."""

from datetime import date, datetime
from functools import cache

import pytest

from models.clock import Clock, ClockEntry, ClockEntryKind, Timeliness, agency_due, citizen_due, due
from models.details import attributes, details, title
from models.documents import DocumentKind
from models.dossier import (
    CitizenLimit,
    Consent,
    ConsentState,
    DossierOutcome,
    DossierStage,
    DossierView,
    Leg,
    LegOutcome,
    LegStage,
)
from models.facts import AgencyEvent, AgencyFact, Decided, Received, Refused, Verification
from models.groups import Group
from models.intake import expected_dates, resolve
from models.messages import NoticeState
from models.plan import Plan
from models.reducers import apply_agency_event
from models.search_attributes import NO_AGENCY, AttributeType, SearchAttribute
from models.start import LawQuery
from models.systems import System
from tests.models.cases import CALENDAR, ON, SAMPLE_NAMES, document, moment, owned, personal_data, plan_of, sample

CODE = "G22.99.08-261119-000001"
BIRTH, RESIDENCE, HEALTH_CARD, CARD = (
    "birth_registration",
    "residence_registration",
    "health_insurance_card",
    "identity_card",
)
RECEIVED_AT = moment("2026-11-19 15:00:01")
REGISTERED_AT = moment("2026-11-20 10:00:00")
SENT_AT = moment("2026-11-20 10:05:00")


# --- A dossier on its way ------------------------------------------------------------------------------------------


def heard(leg: Leg, plan: Plan, fact: AgencyFact, now: datetime) -> Leg:
    """The leg after its agency said that, its due date read off its clock."""
    part = plan.leg(leg.key)
    event = AgencyEvent(message_id="m1", source=part.system, dossier_code=CODE, leg=leg.key, fact=fact)
    after = apply_agency_event(leg, part, plan.receipt, event, now)
    return after.model_copy(update={"due": due(after.clock, CALENDAR) if after.clock else None})


def sent(leg: Leg, at: datetime) -> Leg:
    return leg.model_copy(update={"stage": LegStage.WAITING_RECEIPT, "sent_at": at, "acknowledged_at": at})


def ended(leg: Leg, outcome: LegOutcome, timeliness: Timeliness | None = None) -> Leg:
    update = {"stage": LegStage.ENDED, "outcome": outcome, "ended_at": SENT_AT, "timeliness": timeliness}
    return leg.model_copy(update=update)


def registered(leg: Leg, plan: Plan) -> Leg:
    """The first leg, received, decided and ended with its certificate."""
    leg = heard(sent(leg, RECEIVED_AT), plan, Received(at=RECEIVED_AT, agency_code="H26.1"), RECEIVED_AT)
    certificate = document(DocumentKind.BIRTH_CERTIFICATE)
    decision = Decided(at=REGISTERED_AT, number="21/2026", identity_number="001326000001", documents=(certificate,))
    return ended(heard(leg, plan, decision, REGISTERED_AT), LegOutcome.COMPLETED, Timeliness.ON_TIME)


def fresh(plan: Plan) -> dict[str, Leg]:
    """Every leg with its expected date, the people of it asked for consent."""
    expected = expected_dates(plan, RECEIVED_AT, CALENDAR)
    asked_until = citizen_due(RECEIVED_AT, plan.consent_days, CALENDAR)
    return {
        leg.key: Leg(
            key=leg.key,
            expected=expected[leg.key],
            consents=tuple(
                Consent(person=person, state=ConsentState.ASKED, requested_at=RECEIVED_AT, due=asked_until)
                for person in leg.people
            ),
        )
        for leg in plan.legs
    }


def view(name: str, legs: dict[str, Leg] | None = None, **changes: object) -> DossierView:
    """The dossier of a sample, in progress unless changed."""
    resolved = resolve(LawQuery(declaration=owned(sample(name)), on=ON, notice=NoticeState.GOOD), CALENDAR)
    legs = fresh(resolved.plan) if legs is None else legs
    data = {
        "code": CODE,
        "province_code": sample(name).recipients.province_code,
        "stage": DossierStage.IN_PROGRESS,
        "plan": resolved.plan,
        "fee": resolved.fee,
        "warnings": resolved.warnings,
        "expected": agency_due(RECEIVED_AT, resolved.plan.limit, CALENDAR, resolved.plan.receipt),
        "due": agency_due(RECEIVED_AT, resolved.plan.limit, CALENDAR, resolved.plan.receipt),
        "legs": tuple(legs.values()),
    }
    return DossierView(**{**data, **changes})


def limit(working_days: int) -> CitizenLimit:
    """A limit on the citizen's act that began when the dossier was received."""
    until = citizen_due(RECEIVED_AT, working_days, CALENDAR)
    return CitizenLimit(requested_at=RECEIVED_AT, working_days=working_days, due=until)


def missed(leg: Leg) -> Leg:
    """The leg after its due date came without a decision."""
    assert leg.due
    return leg.model_copy(update={"missed_due": leg.due.at})


@cache
def moments(name: str) -> tuple[DossierView, ...]:
    """The dossier of a sample at every stage of its life."""
    plan = plan_of(name)
    start = fresh(plan)
    unsigned = resolve(LawQuery(declaration=owned(sample(name)), on=ON, notice=NoticeState.UNSIGNED), CALENDAR)
    first = registered(start[BIRTH], plan)
    others = {key: leg for key, leg in start.items() if key != BIRTH}
    at_agencies = {
        key: heard(sent(leg, SENT_AT), plan, Received(at=SENT_AT, agency_code="H26.2"), SENT_AT)
        for key, leg in others.items()
    }
    refusal = Refused(
        at=SENT_AT, reason_code="R1", fields=("child.birth_place",), legal_basis="Luật Cư trú", text="Không khớp."
    )
    refused = heard(at_agencies[RESIDENCE], plan, refusal, SENT_AT)
    closed = {
        BIRTH: first,
        **{key: ended(leg, LegOutcome.COMPLETED, Timeliness.LATE) for key, leg in at_agencies.items()},
        RESIDENCE: ended(refused, LegOutcome.REFUSED, Timeliness.EARLY),
    }
    empty: dict[str, Leg] = {leg.key: Leg(key=leg.key) for leg in plan.legs}
    return (
        view(name, {}, stage=DossierStage.INTAKE, plan=None, due=None, expected=None, warnings=()),
        view(name, empty, stage=DossierStage.INTAKE, due=None, expected=None),
        view(
            name,
            empty,
            stage=DossierStage.WAITING_DOCUMENTS,
            missing_documents=unsigned.missing_documents,
            limit=limit(plan.supplement_days),
            due=None,
            expected=None,
        ),
        view(name, empty, stage=DossierStage.WAITING_PAYMENT, limit=limit(plan.payment_days), due=None, expected=None),
        view(
            name,
            empty | {BIRTH: sent(empty[BIRTH], RECEIVED_AT)},
            stage=DossierStage.WAITING_RECEIPT,
            due=None,
            expected=None,
        ),
        view(
            name, start | {BIRTH: heard(sent(start[BIRTH], RECEIVED_AT), plan, Received(at=RECEIVED_AT), RECEIVED_AT)}
        ),
        view(name, {BIRTH: first, **others}),
        view(name, {BIRTH: first, **at_agencies}, refused_signals=2),
        view(
            name,
            closed,
            stage=DossierStage.CONCLUDED,
            outcome=DossierOutcome.PARTLY_COMPLETED,
            timeliness=Timeliness.LATE,
        ),
    )


def rows(text: str) -> dict[str, list[str]]:
    """The table of legs: procedure → agency, state, due date, waiting for whom."""
    table = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")
    ]
    assert table[0] == ["Thủ tục", "Cơ quan", "Tình trạng", "Hạn", "Đang chờ"]
    assert table[1] == ["---"] * 5
    return {row[0]: row[1:] for row in table[2:]}


# --- The table -----------------------------------------------------------------------------------------------------


def test_before_the_law_is_resolved_there_is_only_the_stage() -> None:
    before = moments("plain")[0]
    assert details(before) == f"**Hồ sơ {CODE}** – đang tiếp nhận tờ khai"


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_every_leg_has_a_row_with_its_agency_at_every_moment(name: str) -> None:
    for at in moments(name)[1:]:
        assert at.plan
        table = rows(details(at))
        assert [(procedure, cells[0]) for procedure, cells in table.items()] == [
            (leg.name, leg.agency) for leg in at.plan.legs
        ]
        assert all(len(cells) == 4 and all(cells) for cells in table.values())


def test_the_heading_says_which_dossier_where_and_under_which_law() -> None:
    first, _, stage, *_ = details(view("plain")).splitlines()
    assert "Đăng ký khai sinh, đăng ký thường trú" in first
    assert first.endswith(f"hồ sơ {CODE}, tỉnh 01, gói luật 2026-09-01")
    assert stage == "Giai đoạn: **đang giải quyết**; hạn chung **17:00 thứ Năm 26/11/2026**"


def test_while_consents_are_out_each_leg_waits_for_its_own() -> None:
    table = rows(details(view("grandparents-home")))
    assert table == {
        "Đăng ký khai sinh": [
            "Ủy ban nhân dân xã, phường, đặc khu",
            "chờ kết quả thủ tục trước",
            "dự kiến 17:00 thứ Sáu 20/11/2026",
            "–",
        ],
        "Đăng ký thường trú": [
            "Công an xã, phường, đặc khu",
            "chờ kết quả thủ tục trước",
            "dự kiến 17:00 thứ Tư 25/11/2026",
            "Chủ hộ, Chủ sở hữu chỗ ở hợp pháp, đến hết thứ Sáu 27/11/2026",
        ],
        "Cấp thẻ bảo hiểm y tế cho trẻ em dưới 6 tuổi": [
            "Bảo hiểm xã hội cơ sở",
            "chờ kết quả thủ tục trước",
            "dự kiến 17:00 thứ Tư 25/11/2026",
            "Đăng ký khai sinh",
        ],
    }


def test_only_those_who_have_not_answered_are_waited_for() -> None:
    legs = fresh(plan_of("grandparents-home"))
    householder, owner = legs[RESIDENCE].consents
    granted = householder.model_copy(update={"state": ConsentState.GRANTED})
    legs[RESIDENCE] = legs[RESIDENCE].model_copy(
        update={"consents": (granted, owner), "stage": LegStage.WAITING_CONSENTS}
    )
    state, _, waiting = rows(details(view("grandparents-home", legs)))["Đăng ký thường trú"][1:]
    assert state == "chờ xác nhận đồng ý trên VNeID"
    assert waiting == "Chủ sở hữu chỗ ở hợp pháp, đến hết thứ Sáu 27/11/2026"


def test_a_leg_at_its_agency_shows_its_due_date_and_why() -> None:
    text = details(moments("plain")[7])
    assert rows(text)["Đăng ký thường trú"][1:] == [
        "cơ quan đang giải quyết",
        "17:00 thứ Tư 25/11/2026",
        "Công an xã, phường, đặc khu",
    ]
    assert "Vì sao có hạn này:" in text
    assert "- Cả nhóm: Tiếp nhận 15:00:01 thứ Năm 19/11/2026, sau 15 giờ nên tính từ thứ Sáu 20/11/2026." in text
    assert "- Đăng ký thường trú: Tiếp nhận 10:05 thứ Sáu 20/11/2026." in text
    assert "Đã từ chối 2 tín hiệu gửi sai." in text


def test_a_verification_moves_the_date_and_says_so() -> None:
    plan = plan_of("grandparents-home")
    leg = heard(sent(fresh(plan)[RESIDENCE], SENT_AT), plan, Received(at=SENT_AT), SENT_AT)
    leg = heard(leg, plan, Verification(at=SENT_AT, text="Xác minh nơi ở."), SENT_AT)
    text = details(view("grandparents-home", fresh(plan) | {RESIDENCE: leg}))
    assert rows(text)["Đăng ký thường trú"][2] == "17:00 thứ Hai 30/11/2026"
    assert "Cơ quan thông báo phải xác minh: Xác minh nơi ở" in text


def test_ended_legs_show_outcome_and_timeliness_and_wait_for_nobody() -> None:
    at = moments("identity-card")[-1]
    table = rows(details(at))
    assert {procedure: (cells[1], cells[3]) for procedure, cells in table.items()} == {
        "Đăng ký khai sinh": ("hoàn thành (đúng hạn)", "–"),
        "Đăng ký thường trú": ("bị từ chối (sớm hạn)", "–"),
        "Cấp thẻ bảo hiểm y tế cho trẻ em dưới 6 tuổi": ("hoàn thành (quá hạn)", "–"),
        "Cấp thẻ căn cước cho trẻ em dưới 6 tuổi": ("hoàn thành (quá hạn)", "–"),
    }
    assert "Giai đoạn: **hoàn thành một phần** (quá hạn)" in details(at)


def test_an_expired_leg_promises_no_date_any_more() -> None:
    legs = fresh(plan_of("grandparents-home"))
    legs[RESIDENCE] = ended(legs[RESIDENCE], LegOutcome.CONSENT_EXPIRED)
    assert rows(details(view("grandparents-home", legs)))["Đăng ký thường trú"][1:] == [
        "hết hạn xác nhận đồng ý",
        "–",
        "–",
    ]


def test_missing_attachments_are_named_by_kind_and_field() -> None:
    assert (
        "- Thiếu: Văn bản của người làm chứng về việc sinh hoặc Giấy cam đoan về việc sinh (Số Giấy chứng sinh)"
        in details(moments("plain")[2]).splitlines()
    )


def test_warnings_are_shown() -> None:
    text = details(view("young-mother"))
    assert "Lưu ý:" in text
    assert "mới 13 tuổi" in text
    assert "Lưu ý:" not in details(view("plain"))


def test_a_standing_group_clock_says_for_whom_it_stands() -> None:
    plan = plan_of("plain")
    started = ClockEntry(
        kind=ClockEntryKind.STARTED, at=RECEIVED_AT, cause="Tiếp nhận", basis=plan.basis, working_days=3
    )
    stopped = ClockEntry(
        kind=ClockEntryKind.STOPPED, at=SENT_AT, cause="Chờ công dân", basis=plan.consent_basis, stop=RESIDENCE
    )
    clock = Clock(rule=plan.receipt, entries=(started, stopped))
    standing = view("plain", clock=clock, due=due(clock, CALENDAR))
    assert "Giai đoạn: **đang giải quyết**; hạn chung đang tạm dừng, chờ công dân" in details(standing)
    assert SearchAttribute.GROUP_DUE not in attributes(standing).instants


# --- Search attributes ---------------------------------------------------------------------------------------------


def test_attributes_before_the_plan() -> None:
    values = attributes(moments("plain")[0])
    assert values.keywords == {SearchAttribute.PROVINCE: "01", SearchAttribute.STAGE: "intake"}
    assert set(values.lists.values()) == {()}
    assert values.instants == {}


WAITING = [
    (2, ("citizen",)),
    (3, ("citizen",)),
    (4, ("provincial",)),
    (5, ("consent", "provincial")),
    (6, ("consent",)),
    (7, ("residence", "social_insurance")),
    (8, ()),
]


@pytest.mark.parametrize(("number", "expected"), WAITING)
def test_for_whom_a_dossier_waits(number: int, expected: tuple[str, ...]) -> None:
    waiting = attributes(moments("grandparents-home")[number]).lists[SearchAttribute.WAITING_FOR]
    assert waiting == expected


def test_open_legs_and_the_next_due_date_leave_out_what_has_ended() -> None:
    at = moments("identity-card")[7]
    values = attributes(at)
    assert values.lists[SearchAttribute.OPEN_LEGS] == (RESIDENCE, HEALTH_CARD, CARD)
    assert values.instants[SearchAttribute.GROUP_DUE] == moment("2026-11-26 17:00:00")
    assert values.instants[SearchAttribute.NEXT_DUE] == moment("2026-11-25 17:00:00")
    assert values.keywords[SearchAttribute.GROUP] == "birth"


def test_a_concluded_dossier_is_open_nowhere() -> None:
    values = attributes(moments("plain")[-1])
    assert set(values.lists.values()) == {()}
    assert values.keywords[SearchAttribute.OUTCOME] == "partly_completed"
    assert values.keywords[SearchAttribute.TIMELINESS] == "late"
    assert values.instants == {SearchAttribute.GROUP_DUE: moment("2026-11-26 17:00:00")}


@pytest.mark.parametrize("outcome", [DossierOutcome.UNPAID, DossierOutcome.DOCUMENTS_NOT_PROVIDED])
def test_a_dossier_that_ended_with_nothing_sent_waits_for_nobody_either(outcome: DossierOutcome) -> None:
    legs = {leg.key: Leg(key=leg.key) for leg in plan_of("plain").legs}
    for stage in (DossierStage.WAITING_PAYMENT, DossierStage.CONCLUDED):
        values = attributes(view("plain", legs, stage=stage, outcome=outcome, limit=limit(5), due=None))
        assert set(values.lists.values()) == {()}
        assert values.instants == {}


def test_an_overdue_leg_is_found_under_its_agency_and_no_longer_among_the_dates_to_come() -> None:
    at = moments("identity-card")[7]
    late = view("identity-card", {leg.key: missed(leg) if leg.key == RESIDENCE else leg for leg in at.legs})
    assert attributes(late).lists[SearchAttribute.OVERDUE_AT] == ("residence",)
    assert attributes(late).instants[SearchAttribute.NEXT_DUE] == moment("2026-11-25 17:00:00"), "the health card's"
    assert rows(details(late))["Đăng ký thường trú"][1] == (
        "**cơ quan đang giải quyết, quá hạn từ 17:00 thứ Tư 25/11/2026**"
    )


def test_a_missed_date_that_has_moved_is_missed_no_longer() -> None:
    plan = plan_of("grandparents-home")
    leg = missed(heard(sent(fresh(plan)[RESIDENCE], SENT_AT), plan, Received(at=SENT_AT), SENT_AT))
    extended = heard(leg, plan, Verification(at=SENT_AT, text="Xác minh."), SENT_AT)
    for state, expected in ((leg, ("residence",)), (extended, ())):
        at = view("grandparents-home", fresh(plan) | {RESIDENCE: state})
        assert attributes(at).lists[SearchAttribute.OVERDUE_AT] == expected


def test_a_group_late_without_a_late_leg_is_found_under_no_agency() -> None:
    due_at = moment("2026-11-26 17:00:00")
    at = view("plain", missed_due=due_at)
    assert at.overdue_since == due_at
    assert attributes(at).lists[SearchAttribute.OVERDUE_AT] == (NO_AGENCY,)
    first = registered(fresh(plan_of("plain"))[BIRTH], plan_of("plain"))
    others = {key: ended(leg, LegOutcome.REFUSED) for key, leg in fresh(plan_of("plain")).items()}
    decided = view("plain", others | {BIRTH: first}, missed_due=due_at)
    assert decided.overdue_since is None


@pytest.mark.parametrize("number", [2, 3])
def test_a_citizen_is_waited_for_since_the_request(number: int) -> None:
    assert attributes(moments("plain")[number]).instants == {SearchAttribute.WAITING_SINCE: RECEIVED_AT}


def test_consents_are_waited_for_since_the_oldest_request_that_is_open() -> None:
    legs = fresh(plan_of("grandparents-home"))
    householder, owner = legs[RESIDENCE].consents
    owner = owner.model_copy(update={"requested_at": SENT_AT})
    for first, since in ((householder, RECEIVED_AT), (granted(householder), SENT_AT)):
        leg = legs[RESIDENCE].model_copy(update={"consents": (first, owner)})
        values = attributes(view("grandparents-home", legs | {RESIDENCE: leg}))
        assert values.instants[SearchAttribute.WAITING_SINCE] == since
    leg = legs[RESIDENCE].model_copy(update={"consents": (granted(householder), granted(owner))})
    values = attributes(view("grandparents-home", legs | {RESIDENCE: leg}))
    assert SearchAttribute.WAITING_SINCE not in values.instants


def granted(consent: Consent) -> Consent:
    return consent.model_copy(update={"state": ConsentState.GRANTED})


def test_stuck_is_who_waits_for_an_agency_without_a_due_date() -> None:
    plan = plan_of("plain")
    waiting = sent(fresh(plan)[BIRTH], RECEIVED_AT)
    received = heard(waiting, plan, Received(at=RECEIVED_AT, agency_code="H26.1"), RECEIVED_AT)
    decision = Decided(at=REGISTERED_AT, number="21/2026", identity_number="001326000001")
    decided = heard(received, plan, decision, REGISTERED_AT)
    since = [
        attributes(view("plain", fresh(plan) | {BIRTH: leg})).keywords.get(SearchAttribute.STUCK_SINCE)
        for leg in (fresh(plan)[BIRTH], waiting, received, decided, registered(fresh(plan)[BIRTH], plan))
    ]
    assert since == [None, "2026-11-19", None, "2026-11-20", None]


def test_the_title_names_the_province_as_its_code_was_meant_then() -> None:
    assert title(Group.BIRTH, "01", ON) == "Khai sinh liên thông – Hà Nội (01)"
    assert title(Group.DEATH, "01", ON) == "Khai tử liên thông – Hà Nội (01)"
    assert title(Group.BIRTH, "15", ON) != title(Group.BIRTH, "15", date(2025, 6, 30))
    assert title(Group.BIRTH, "99", ON) == "Khai sinh liên thông – tỉnh 99"


@pytest.mark.parametrize("name", ["grandparents-home", "identity-card"])
def test_values_are_of_the_type_registered_for_them(name: str) -> None:
    seen: set[SearchAttribute] = set()
    for at in moments(name):
        values = attributes(at)
        for kind, given in (
            (AttributeType.KEYWORD, values.keywords.keys()),
            (AttributeType.KEYWORD_LIST, values.lists.keys()),
            (AttributeType.DATETIME, values.instants.keys()),
        ):
            assert {attribute.type for attribute in given} <= {kind}
            seen |= given
    assert seen == set(SearchAttribute)


def test_waiting_for_speaks_of_citizens_consents_and_systems_only() -> None:
    known = {"citizen", "consent", *System}
    for name in SAMPLE_NAMES:
        for at in moments(name):
            assert set(attributes(at).lists[SearchAttribute.WAITING_FOR]) <= known


# --- Nothing personal ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_nothing_personal_is_shown_at_any_moment(name: str) -> None:
    form = owned(sample(name))
    secrets = personal_data(form)
    assert {form.child.full_name, form.applicant.full_name, form.applicant.phone} <= secrets
    for at in moments(name):
        shown = details(at) + attributes(at).model_dump_json()
        assert not [secret for secret in secrets if secret in shown]


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_the_view_travels_as_json(name: str) -> None:
    for at in moments(name):
        assert DossierView.model_validate_json(at.model_dump_json()) == at
