"""“Tiếp theo”: what comes next, who must act, by when and why, at every moment of a dossier."""

from datetime import timedelta

import pytest

from models.details import consent_words, details, waiting
from models.dossier import Attestation, ConsentState, DossierView, Evidence, Leg, LegStage
from models.lateness import Apology, Chase
from models.next_steps import next_steps
from models.words import when
from tests.models.cases import SAMPLE_NAMES, moment, plan_of
from tests.models.test_details import (
    BIRTH,
    HEALTH_CARD,
    RECEIVED_AT,
    RESIDENCE,
    SENT_AT,
    fresh,
    limit,
    missed,
    moments,
    sent,
    view,
)

DAY = timedelta(days=1)
WHY_GROUP = "  - Vì sao: Tiếp nhận 15:00:01 thứ Năm 19/11/2026, sau 15 giờ nên tính từ thứ Sáu 20/11/2026."


def steps(at: DossierView) -> tuple[str, ...]:
    """The list without its explanation."""
    return tuple(line for line in next_steps(at) if not line.startswith("  - "))


def reasons(at: DossierView) -> tuple[str, ...]:
    return tuple(line for line in next_steps(at) if line.startswith("  - "))


def test_while_we_check_nobody_has_to_do_anything() -> None:
    assert steps(moments("plain")[1]) == ("- Hệ thống kiểm tra tờ khai và tra cứu dữ liệu; **chưa ai phải làm gì**.",)


def test_the_citizen_is_told_what_by_when_and_why() -> None:
    documents, payment = moments("plain")[2:4]
    plan = plan_of("plain")
    assert reasons(documents)[-1].endswith(f"Căn cứ thời hạn: {plan.supplement_basis}.")
    assert reasons(payment)[-1].endswith(f"Căn cứ thời hạn: {plan.payment_basis}.")
    assert steps(documents) == (
        "- **Công dân** bổ sung giấy tờ còn thiếu (danh sách dưới đây), chậm nhất hết **thứ Ba 1/12/2026** "
        "(chờ từ 15:00 thứ Năm 19/11/2026). Quá ngày đó hồ sơ kết thúc, chưa gửi cơ quan nào.",
    )
    [why] = reasons(documents)
    assert why.startswith("  - Vì sao: Yêu cầu lúc 15:00 thứ Năm 19/11/2026. Không tính ngày yêu cầu")
    [pay] = steps(payment)
    assert "**Công dân** nộp lệ phí 16.000 đồng, chậm nhất hết **thứ Sáu 27/11/2026**" in pay


def test_a_receipt_is_waited_for_without_a_date() -> None:
    first, *later = steps(moments("plain")[4])
    assert first == (
        "- **Ủy ban nhân dân xã, phường, đặc khu** xác nhận tiếp nhận “Đăng ký khai sinh” "
        "(từ 15:00 thứ Năm 19/11/2026); tiếp nhận rồi mới có hạn."
    )
    assert later == [
        "- “Đăng ký thường trú”: bắt đầu khi có kết quả “Đăng ký khai sinh”.",
        "- “Cấp thẻ bảo hiểm y tế cho trẻ em dưới 6 tuổi”: bắt đầu khi có kết quả “Đăng ký khai sinh”.",
    ]


def test_a_system_that_does_not_take_the_dossier_is_named() -> None:
    leg = sent(fresh(plan_of("plain"))[BIRTH], RECEIVED_AT).model_copy(update={"stage": LegStage.SENDING})
    assert any(
        step.startswith("- Hệ thống đang gửi “Đăng ký khai sinh” đến **hệ thống giải quyết TTHC cấp tỉnh**")
        for step in steps(view("plain", fresh(plan_of("plain")) | {BIRTH: leg}))
    )


def test_the_most_urgent_comes_first_and_says_why_that_date() -> None:
    at = moments("identity-card")[7]
    assert steps(at) == (
        "- **Công an xã, phường, đặc khu** giải quyết “Đăng ký thường trú”, chậm nhất **17:00 thứ Tư 25/11/2026**.",
        "- **Bảo hiểm xã hội cơ sở** giải quyết “Cấp thẻ bảo hiểm y tế cho trẻ em dưới 6 tuổi”, chậm nhất "
        "**17:00 thứ Tư 25/11/2026**.",
        *steps(at)[2:],
    )
    [why] = reasons(at)
    assert next_steps(at)[1] == why
    assert why.startswith("  - Vì sao: Tiếp nhận 10:05 thứ Sáu 20/11/2026.")
    assert why.endswith("Hạn: 17:00 thứ Tư 25/11/2026.")


def test_consents_name_the_roles_that_have_not_answered() -> None:
    legs = fresh(plan_of("grandparents-home"))
    asked = "xác nhận đồng ý “Đăng ký thường trú” trên VNeID, chậm nhất hết **thứ Sáu 27/11/2026**"
    since = "(chờ từ 15:00 thứ Năm 19/11/2026). Hết hạn mà chưa trả lời thì công dân còn được nộp văn bản đồng ý."
    assert f"- **Chủ hộ, Chủ sở hữu chỗ ở hợp pháp** {asked} {since}" in steps(view("grandparents-home", legs))
    householder, owner = legs[RESIDENCE].consents
    answered = householder.model_copy(update={"state": ConsentState.GRANTED})
    later = owner.model_copy(update={"requested_at": SENT_AT})
    for consents, who in (((answered, owner), "Chủ sở hữu chỗ ở hợp pháp"), ((householder, later), "Chủ hộ")):
        leg = legs[RESIDENCE].model_copy(update={"consents": consents})
        assert f"- **{who}** {asked} {since}" in steps(view("grandparents-home", legs | {RESIDENCE: leg}))


def test_an_agreement_is_the_citizens_to_bring_and_says_why() -> None:
    legs = fresh(plan_of("grandparents-home"))
    silent, away = legs[RESIDENCE].consents
    until = limit(5)
    consents = (
        silent.model_copy(update={"state": ConsentState.EXPIRED, "agreement": until}),
        away.model_copy(update={"state": ConsentState.UNREACHABLE}),
    )
    leg = legs[RESIDENCE].model_copy(update={"stage": LegStage.WAITING_AGREEMENT, "consents": consents})
    at = view("grandparents-home", legs | {RESIDENCE: leg})
    [first] = [step for step in steps(at) if "của Chủ hộ (chưa trả lời)" in step]
    assert first.startswith("- **Công dân** nộp văn bản đồng ý")
    assert "chậm nhất hết **thứ Sáu 27/11/2026**" in first
    assert any("của Chủ sở hữu chỗ ở hợp pháp (không liên lạc được qua VNeID)" in step for step in steps(at))
    assert waiting(leg, plan_of("grandparents-home").leg(RESIDENCE), plan_of("grandparents-home")) == (
        "Chủ hộ, Chủ sở hữu chỗ ở hợp pháp, đến hết thứ Sáu 27/11/2026"
    )
    assert "Văn bản đồng ý “Đăng ký thường trú”: " in details(at)


def test_a_withdrawal_under_way_is_said() -> None:
    at = moments("plain")[7].model_copy(update={"withdrawn_at": SENT_AT})
    assert any(step.startswith("- **Công dân đã rút hồ sơ** lúc") for step in steps(at))


def test_each_consent_says_what_proves_it_and_by_role_only() -> None:
    silent, away = fresh(plan_of("grandparents-home"))[RESIDENCE].consents
    took_it = Attestation(official="cb-12", office="MC-00004")
    at_desk = {"state": ConsentState.GRANTED, "answered_at": SENT_AT, "evidence": Evidence.DESK, "attested_by": took_it}
    lost = away.model_copy(update={"state": ConsentState.UNREACHABLE, "lapsed": True})
    assert list(consent_words([silent.model_copy(update=at_desk), lost])) == [
        f"Chủ hộ: đồng ý lúc {when(SENT_AT)}, căn cứ: biên bản tại bộ phận một cửa – chứng cứ yếu hơn VNeID,"
        " cán bộ cb-12 (MC-00004)",
        "Chủ sở hữu chỗ ở hợp pháp: không liên lạc được, không có văn bản đồng ý",
    ]


def test_what_is_overdue_comes_before_everything_that_is_due() -> None:
    at = moments("identity-card")[7]
    legs = {leg.key: leg for leg in at.legs}
    late = view("identity-card", legs | {HEALTH_CARD: missed(legs[HEALTH_CARD])})
    assert steps(late)[0] == (
        "- ⚠ **Bảo hiểm xã hội cơ sở QUÁ HẠN** từ **17:00 thứ Tư 25/11/2026**: "
        "chưa có kết quả “Cấp thẻ bảo hiểm y tế cho trẻ em dưới 6 tuổi”."
    )
    assert next_steps(late)[1].startswith("  - Vì sao: Tiếp nhận 10:05 thứ Sáu 20/11/2026.")
    assert not any("⚠" in step for step in steps(late)[1:])


def test_a_late_group_says_whether_an_agency_is_late() -> None:
    due_at = moment("2026-11-26 17:00:00")
    at = moments("plain")[7]
    none = view("plain", {leg.key: leg for leg in at.legs}, missed_due=due_at)
    assert steps(none)[0] == (
        "- ⚠ **Cả nhóm quá hạn chung** từ 17:00 thứ Năm 26/11/2026; không thủ tục nào trễ hạn riêng."
    )
    assert next_steps(none)[1].startswith(WHY_GROUP)
    some = view("plain", {leg.key: missed(leg) if leg.key == RESIDENCE else leg for leg in at.legs}, missed_due=due_at)
    assert [step[:25] for step in steps(some)[:2]] == ["- ⚠ **Công an xã, phường,", "- ⚠ **Cả nhóm quá hạn chu"]
    assert steps(some)[1].endswith("26/11/2026.")


def test_a_missing_electronic_result_is_named() -> None:
    at = moments("plain")[6]
    first = at.legs[0].model_copy(update={"stage": LegStage.WAITING_DOCUMENT, "outcome": None, "documents": ()})
    assert steps(view("plain", fresh(plan_of("plain")) | {BIRTH: first}))[0] == (
        "- **Ủy ban nhân dân xã, phường, đặc khu** gửi bản điện tử Giấy khai sinh "
        "(đã giải quyết 10:00 thứ Sáu 20/11/2026)."
    )


@pytest.mark.rule("6.8-agency-named")
def test_what_is_overdue_says_what_was_promised_anew_and_how_often_it_was_asked_for() -> None:
    late = missed(moments("plain")[7].legs[1])
    assert late.owed_at is not None
    next_at = moment("2026-12-04 17:00:00")
    chase = Chase(due=late.owed_at, times=3, next_at=next_at, operator_at=next_at + 60 * DAY)
    apology = Apology(due=late.owed_at, at=late.owed_at, new_date=moment("2026-11-27 17:00:00"))
    leg = late.model_copy(update={"apologies": (apology,), "lateness": chase})
    first = steps(view("plain", {RESIDENCE: leg}))[0]
    assert first.startswith("- ⚠ **Công an xã, phường, đặc khu QUÁ HẠN** từ ")
    assert first.endswith(
        "Đã xin lỗi công dân, hẹn lại 17:00 thứ Sáu 27/11/2026. "
        "Đã đôn đốc 3 lần. Đôn đốc tiếp: 17:00 thứ Sáu 4/12/2026."
    )


@pytest.mark.rule("6.8-operator-decides")
def test_what_an_operator_must_decide_is_said_beside_what_the_agency_owes() -> None:
    late = missed(moments("plain")[7].legs[1])
    assert late.owed_at is not None
    chase = Chase(due=late.owed_at, times=29, operator_since=late.owed_at + 90 * DAY)
    first, second, *_ = steps(view("plain", {RESIDENCE: late.model_copy(update={"lateness": chase})}))
    assert first.startswith("- ⚠ **Người vận hành** quyết định chờ tiếp hay kết thúc “Đăng ký thường trú”")
    assert second.startswith("- ⚠ **Công an xã, phường, đặc khu QUÁ HẠN** từ ")
    assert second.endswith("Đã đôn đốc 29 lần.")


def test_a_concluded_dossier_has_nothing_left() -> None:
    assert next_steps(moments("plain")[-1]) == ("- Hồ sơ đã kết thúc; không còn việc gì.",)


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_every_open_leg_is_spoken_of_at_every_moment(name: str) -> None:
    for at in moments(name)[4:-1]:
        assert at.plan
        said = "\n".join(steps(at))
        for leg in at.legs:
            if not leg.ended:
                assert f"“{at.plan.leg(leg.key).name}”" in said
        assert len(reasons(at)) <= 1


def test_many_legs_stay_readable() -> None:
    """A dozen legs: one line each, the dates in order, one explanation."""
    plan = plan_of("plain")
    at = moments("plain")[7]
    one = next(leg for leg in at.legs if leg.key == RESIDENCE)
    keys = [f"leg_{number}" for number in range(12)]
    many = plan.model_copy(
        update={"legs": tuple(plan.leg(RESIDENCE).model_copy(update={"key": k, "name": k}) for k in keys)}
    )
    legs = {key: Leg(**{**dict(one), "key": key}) for key in keys}
    legs["leg_7"] = missed(legs["leg_7"])
    text = next_steps(view("plain", legs, plan=many))
    assert len(text) == 13
    assert "leg_7" in text[0]
    assert text[1].startswith("  - Vì sao: ")
    assert all(len(line) < 200 for line in text if not line.startswith("  - "))
