"""A corrected form that would be another case before the law is refused; any other passes as it is."""

from typing import Any

import pytest

from models.birth import BirthDeclaration
from models.corrected_law import judged
from models.corrections import CorrectedForm, CorrectionQuery, corrected
from models.facts import FactRefusal
from models.messages import NoticeState
from tests.models.cases import CALENDAR, NEWEST, ON, OWNER, changed, sample

PLAIN = sample("plain")
GRANDPARENTS = sample("grandparents-home")


def judge(form: BirthDeclaration, *, pack: str = NEWEST, notice: Any = None, **corrections: str) -> CorrectedForm:
    """The answer to corrections whose paths have `__` for dots."""
    fields = {path.replace("__", "."): value for path, value in corrections.items()}
    query = CorrectionQuery(
        code="G22.99.08-261119-000001", revision=0, on=ON, pack=pack, notice=notice, corrections=fields
    )
    return judged(query, form, corrected(query, form), CALENDAR)


def refused(answer: CorrectedForm) -> str:
    """Why the corrections are refused for what the law would make of them."""
    assert answer.declaration is None
    assert answer.refusal is FactRefusal.NOT_PERMITTED
    assert answer.problem is not None
    assert "rút thủ tục chưa xong và khai lại" in answer.problem
    return answer.problem


@pytest.mark.parametrize(
    ("pack", "says"),
    [("2025-07-01", "phải đính kèm Giấy tờ"), (NEWEST, "Bắt buộc ghi họ tên, số định danh của chủ sở hữu")],
)
def test_a_dwelling_apart_from_the_parents_is_another_case(pack: str, says: str) -> None:
    assert says in refused(judge(PLAIN, pack=pack, residence_registration__address__detail="Số 12A phố Thử Nghiệm"))


def test_so_it_is_where_the_form_names_the_owner_already() -> None:
    form = changed(PLAIN, residence_registration={"dwelling_owners": [OWNER]})
    text = refused(judge(form, residence_registration__address__detail="Số 12A phố Thử Nghiệm"))
    assert "“Đăng ký thường trú”: phải có sự đồng ý của" in text
    assert "Chủ sở hữu chỗ ở hợp pháp (Luật Cư trú" in text


def test_other_people_asked_are_a_change_too_and_nobody_is_named() -> None:
    text = refused(judge(GRANDPARENTS, residence_registration__householder__full_name="Ông Khác Mẫu"))
    assert "người được hỏi ý kiến là người khác hoặc ghi khác" in text
    assert "Chủ hộ" in text
    assert "Khác Mẫu" not in text


@pytest.mark.parametrize(
    ("corrections", "says"),
    [
        ({"identity_card__requested": "true"}, "thêm thủ tục “Cấp thẻ căn cước"),
        ({"results__birth_certificate_copies": "3"}, "lệ phí"),
        ({"circumstance": "surrogacy"}, "phải đính kèm"),
        ({"mother__nationality__code": "LA", "mother__nationality__text": "Lào"}, "lệ phí"),
        ({"recipients__residence_office__code": "CA.00001"}, "nơi nhận hồ sơ: Kính gửi – Cơ quan đăng ký thường trú"),
    ],
    ids=["leg", "copies", "attachments", "foreign-element", "office"],
)
def test_whatever_else_would_change_is_said(corrections: dict[str, str], says: str) -> None:
    assert says in refused(judge(PLAIN, **corrections))


@pytest.mark.parametrize(
    "corrections",
    [
        {"child__hometown__detail": "Thôn Mẫu"},
        {"child__full_name": "Trẻ Em Mẫu Mới"},
        {"father__born": "1992-07-22"},
        {"recipients__residence_office__name": "Công an phường Hoàn Kiếm, Hà Nội"},
    ],
)
def test_what_changes_no_law_passes(corrections: dict[str, str]) -> None:
    answer = judge(PLAIN, **corrections)
    assert answer.problem is None
    assert (
        answer.declaration
        == corrected(
            CorrectionQuery(
                code="G22.99.08-261119-000001",
                revision=0,
                on=ON,
                pack=NEWEST,
                corrections={path.replace("__", "."): value for path, value in corrections.items()},
            ),
            PLAIN,
        ).declaration
    )


def test_the_law_is_that_of_the_dossier() -> None:
    """Before Decree 301/2026 no pack had a leg for the identity card."""
    assert judge(PLAIN, pack="2026-07-01", identity_card__requested="true").problem is None


def test_a_birth_notice_found_unsigned_stays_so() -> None:
    named = {"birth_notice__number": "00002.GCS.01901.26"}
    for found in NoticeState:
        assert judge(PLAIN, notice=found, **named).problem is None
    without = changed(PLAIN, birth_notice=None)
    named |= {"birth_notice__issued_on": "2026-11-10", "birth_notice__facility": "Bệnh viện Phụ sản Hà Nội"}
    assert judge(without, notice=NoticeState.UNSIGNED, **named).problem is None
    assert "không còn phải đính kèm" in refused(judge(without, **named))


def test_a_form_that_reads_wrong_is_wrong_before_the_law_is_asked() -> None:
    answer = judge(PLAIN, child__born_on="2030-01-01", residence_registration__address__detail="Số 12A")
    assert answer.refusal is FactRefusal.MALFORMED
