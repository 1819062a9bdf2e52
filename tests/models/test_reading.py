"""Reading form 01: everything wrong at once, in Vietnamese, by the field's name on the form."""

import json
import unicodedata
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.birth import BirthDeclaration
from models.birth_rules import RULES
from models.reading import MAX_JSON_BYTES, MAX_PROBLEMS, DeclarationErrors, Problem, parse_json
from tests.models.cases import read_birth

ON = date(2026, 11, 19)
SAMPLES = Path(__file__).parents[2] / "samples" / "birth"
ALL = sorted(path.stem for path in SAMPLES.glob("*.json"))

Edit = tuple[str, Any]
LEAVE_OUT = object()


def data_of(name: str = "plain") -> dict[str, Any]:
    data = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    data.pop("attachments", None)
    return cast(dict[str, Any], data)


def edited(*edits: Edit, name: str = "plain") -> dict[str, Any]:
    """A sample with the values at dotted paths replaced or left out."""
    data = data_of(name)
    for path, value in edits:
        *parents, last = path.split(".")
        target: Any = data
        for step in parents:
            target = target[int(step)] if isinstance(target, list) else target.setdefault(step, {})
        if value is LEAVE_OUT:
            del target[last]
        elif isinstance(target, list):
            target[int(last)] = value
        else:
            target[last] = value
    return data


def wrong(data: Any, on: date = ON) -> dict[str, tuple[str, str]]:
    """What is wrong, by path: name of the field on the form and message."""
    with pytest.raises(DeclarationErrors) as caught:
        read_birth(data, on)
    assert all(problem.field and problem.message for problem in caught.value.problems)
    return {problem.path: (problem.field, problem.message) for problem in caught.value.problems}


@pytest.mark.parametrize("name", ALL)
def test_the_form_of_every_sample_is_right(name: str) -> None:
    assert read_birth(data_of(name), ON).submission_id == f"sample-{name}"


ONE_WRONG: list[tuple[Edit, str, str, str]] = [
    # edit, path of the problem, name on the form, part of the message
    (("mother.personal_id", "12345"), "mother.personal_id", "Người mẹ – Số định danh cá nhân", "12 chữ số"),
    (("mother.personal_id", 1194000001), "mother.personal_id", "Người mẹ – Số định danh cá nhân", "ngoặc kép"),
    (("applicant.phone", "12"), "applicant.phone", "Người yêu cầu – Số điện thoại", "di động"),
    (("applicant.email", "a@b"), "applicant.email", "Người yêu cầu – Địa chỉ email", "ten@vidu.vn"),
    (("applicant.relation", "uncle"), "applicant.relation",
     "Người yêu cầu – Quan hệ với người được khai sinh", "Bà ngoại"),
    (("applicant.full_name", "   "), "applicant.full_name", "Người yêu cầu – Họ, chữ đệm, tên", "trống"),
    (("child.full_name", "x" * 501), "child.full_name", "Người được khai sinh – Họ, chữ đệm, tên", "500"),
    (("child.born_on", "09/11/2026"), "child.born_on", "Người được khai sinh – Ngày, tháng, năm sinh", "2026-11-05"),
    (("child.born_on", "2026-02-30"), "child.born_on", "Người được khai sinh – Ngày, tháng, năm sinh", "trong lịch"),
    (("child.born_on", 0), "child.born_on", "Người được khai sinh – Ngày, tháng, năm sinh", "2026-11-05"),
    (("child.born_on", "1026-11-05"), "child.born_on", "Người được khai sinh – Ngày, tháng, năm sinh", "1900"),
    (("child.born_at", "25:00"), "child.born_at", "Người được khai sinh – Giờ sinh", "không có thật"),
    (("child.born_at", "7h30"), "child.born_at", "Người được khai sinh – Giờ sinh", "07:30"),
    (("child.sex", "x"), "child.sex", "Người được khai sinh – Giới tính", "undetermined (Chưa xác định)"),
    (("child.hometown", LEAVE_OUT), "child.hometown", "Người được khai sinh – Quê quán", "Bắt buộc"),
    (("child.ethnicity.code", "99"), "child.ethnicity.code", "Người được khai sinh – Dân tộc – Mã dân tộc", "danh mục"),
    (("child.nationality.code", "ZZ"), "child.nationality.code",
     "Người được khai sinh – Quốc tịch – Mã quốc tịch", "ISO"),
    (("mother.born", "1991-13"), "mother.born", "Người mẹ – Ngày, tháng, năm sinh", "trong lịch"),
    (("mother.born", "1994-00-00"), "mother.born", "Người mẹ – Ngày, tháng, năm sinh", "trong lịch"),
    (("mother.born", "1994-05-00"), "mother.born", "Người mẹ – Ngày, tháng, năm sinh", "trong lịch"),
    (("mother.born", "91"), "mother.born", "Người mẹ – Ngày, tháng, năm sinh", "1991-05"),
    (("mother.residence", LEAVE_OUT), "mother.residence", "Người mẹ – Nơi cư trú", "nơi cư trú"),
    (("father.personal_id", LEAVE_OUT), "father.personal_id", "Người cha – Số định danh cá nhân", "số hộ chiếu"),
    (("mother.born", LEAVE_OUT), "mother.born", "Người mẹ – Ngày, tháng, năm sinh", "Bắt buộc"),
    (("birth_notice.number", "1"), "birth_notice.number", "Giấy chứng sinh – Số Giấy chứng sinh", "GCS"),
    (("circumstance", "adopted"), "circumstance", "Trường hợp khai sinh", "abandoned (Trẻ em bị bỏ rơi)"),
    (("results.birth_certificate_copies", 21), "results.birth_certificate_copies",
     "Hình thức nhận kết quả – Số bản sao giấy khai sinh", "20"),
    (("results.birth_certificate_copies", "2"), "results.birth_certificate_copies",
     "Hình thức nhận kết quả – Số bản sao giấy khai sinh", "số nguyên"),
    (("results.health_card_paper", {"place": "post"}), "results.health_card_paper.address",
     "Hình thức nhận kết quả – Bản giấy thẻ bảo hiểm y tế – Địa chỉ nhận", "bưu chính"),
    (("results.health_card_paper", {"place": "post", "address": {"country": "JP", "detail": "Tokyo"}}),
     "results.health_card_paper.address",
     "Hình thức nhận kết quả – Bản giấy thẻ bảo hiểm y tế – Địa chỉ nhận", "Việt Nam"),
    (("vneid_integration", "yes"), "vneid_integration",
     "Đồng ý tích hợp thẻ bảo hiểm y tế, giấy khai sinh vào tài khoản VNeID", "true"),
    (("attested", False), "attested", "Lời cam đoan", "cam đoan"),
    (("attested", LEAVE_OUT), "attested", "Lời cam đoan", "Bắt buộc"),
    (("attested", 1), "attested", "Lời cam đoan", "true"),
    (("residence_registration.relation_to_householder", "Con rể"), "residence_registration.relation_to_householder",
     "Thông tin đăng ký thường trú – Quan hệ với chủ hộ", "Con đẻ"),
    (("residence_registration.dwelling_owners", [{"full_name": "Vũ Thị Nhà"}]),
     "residence_registration.dwelling_owners.0.personal_id",
     "Thông tin đăng ký thường trú – Chủ sở hữu chỗ ở hợp pháp (mục 1) – Số định danh cá nhân", "Bắt buộc"),
    (("residence_registration.dwelling_owners", "Vũ"), "residence_registration.dwelling_owners",
     "Thông tin đăng ký thường trú – Chủ sở hữu chỗ ở hợp pháp", "danh sách"),
    (("submission_id", "có dấu"), "submission_id", "Mã lần nộp trên Cổng Dịch vụ công quốc gia", "không dấu"),
    (("child", "Trần Minh Mẫu"), "child", "Người được khai sinh", "ngoặc nhọn"),
    (("applicant", LEAVE_OUT), "applicant", "Người yêu cầu", "Bắt buộc"),
    (("mother.personal_idd", "x"), "mother.personal_idd", "Người mẹ – mục “personal_idd”",
     "“personal_id” (Số định danh cá nhân)"),
    (("religion", "x"), "religion", "mục “religion”", "Không có mục này"),
    (("attachments", [{"kind": "photo", "sha256": "0" * 64, "size": 1, "media_type": "image/png", "file_name": "a"}]),
     "attachments.0.kind", "Giấy tờ đính kèm (mục 1) – Loại giấy tờ", "witness_statement"),
    (("attachments", [{"kind": "witness_statement", "sha256": "0" * 64, "size": 10 * 1024**2 + 1,
                       "media_type": "image/png", "file_name": "a"}]),
     "attachments.0.size", "Giấy tờ đính kèm (mục 1) – Dung lượng (byte)", "10485760"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("edit", "path", "field", "said"), ONE_WRONG, ids=[f"{e[0][0]}={e[0][1]!s:.20}" for e in ONE_WRONG]
)
def test_one_wrong_field_is_one_problem_in_vietnamese(edit: Edit, path: str, field: str, said: str) -> None:
    problems = wrong(edited(edit))
    assert list(problems) == [path]
    assert problems[path][0] == field
    assert said in problems[path][1]


HOME = "residence_registration.address"
ADDRESSES: list[tuple[dict[str, Any], str, str]] = [
    ({"province_code": "02"}, f"{HOME}.province_code", "Không có tỉnh mã 02 vào ngày 01/11/2026"),
    ({"province_code": "1"}, f"{HOME}.province_code", "2 chữ số"),
    ({"commune_code": "70"}, f"{HOME}.commune_code", "5 chữ số"),
    ({"commune_code": None}, f"{HOME}.commune_code", "Bắt buộc"),
    ({"codes_on": None}, f"{HOME}.codes_on", "Bắt buộc"),
    ({"district_code": "002"}, f"{HOME}.district_code", "01/07/2025"),
    ({"codes_on": "2025-06-30"}, f"{HOME}.district_code", "ba cấp"),
    ({"codes_on": "2025-06-30", "district_code": "002"}, f"{HOME}.codes_on", "19/11/2026"),
    ({"detail": None}, f"{HOME}.detail", "số nhà"),
    ({"country": "JP"}, f"{HOME}.province_code", "nước ngoài"),
]


@pytest.mark.rule("8.address-dated")
@pytest.mark.parametrize(("change", "path", "said"), ADDRESSES)
def test_codes_of_an_address_are_judged_by_their_date(change: dict[str, Any], path: str, said: str) -> None:
    data = data_of()
    data["residence_registration"]["address"] |= change
    problems = wrong(data)
    assert said in problems[path][1]
    assert problems[path][0].startswith("Thông tin đăng ký thường trú – Nơi đề nghị đăng ký thường trú – ")


def test_a_home_abroad_cannot_be_registered() -> None:
    problems = wrong(edited((HOME, {"country": "JP", "detail": "Tokyo"})))
    assert set(problems) == {f"{HOME}.country"}


def test_an_address_abroad_needs_its_detail() -> None:
    assert "child.hometown.detail" in wrong(edited(("child.hometown", {"country": "JP"})))


BETWEEN_SECTIONS: list[tuple[str, list[Edit], str, str]] = [
    ("plain", [("applicant.personal_id", "001194000099")], "applicant.personal_id", "người mẹ"),
    ("plain", [("applicant.full_name", "Nguyễn Thị Khác")], "mother.full_name", "khác họ tên"),
    ("plain", [("applicant.relation", "guardian")], "applicant.relation", "“Mẹ”"),
    ("young-mother", [("applicant.relation", "father")], "applicant.relation", "không ghi người cha"),
    ("plain", [("mother.deceased", True)], "applicant.relation", "đã chết"),
    ("foreign-parent", [("mother.personal_id", LEAVE_OUT), ("mother.passport", "C0000014"),
                        ("mother.full_name", "Tô Khác")], "applicant.full_name", "người mẹ"),
    ("abandoned-child", [("applicant.relation", "maternal_grandmother")], "applicant.relation", "bị bỏ rơi"),
    ("plain", [("circumstance", "abandoned"), ("applicant.relation", "guardian")], "mother", "bị bỏ rơi"),
    ("unknown-father", [("mother", LEAVE_OUT), ("applicant.relation", "guardian")], "mother", "ít nhất"),
    ("plain", [("father.personal_id", "001194000001"), ("father.full_name", "Nguyễn Thị Mẫu"),
               ("residence_registration.householder.full_name", "Khác")], "father.personal_id", "Trùng"),
    ("unknown-father", [("marriage", data_of()["marriage"])], "marriage", "cả người mẹ và người cha"),
    ("plain", [("residence_registration.householder.full_name", "Trần Khác")],
     "residence_registration.householder.full_name", "khác họ tên"),
    ("grandparents-home", [("residence_registration.dwelling_owners", [
        {"full_name": "Kiều Thị Nội", "personal_id": "001163000132"},
        {"full_name": "Kiều Thị Nội", "personal_id": "001163000132"}])],
     "residence_registration.dwelling_owners.1.personal_id", "ở trên"),
    ("grandparents-home", [("residence_registration.dwelling_owners", [
        {"full_name": "Kiều Thị Nội", "personal_id": "001060000131"}])],
     "residence_registration.dwelling_owners.0.full_name", "khác họ tên"),
    ("no-birth-notice", [("child.born_on", "2026-11-20")], "child.born_on", "19/11/2026"),
    ("plain", [("child.born_on", "2020-11-19")], "child.born_on", "dưới 6 tuổi"),
    ("plain", [("mother.born", "2027")], "mother.born", "ngày sinh của trẻ"),
    ("plain", [("father.born", "2026-11-09")], "father.born", "ngày sinh của trẻ"),
    ("plain", [("birth_notice.issued_on", "2026-11-08")], "birth_notice.issued_on", "Trước ngày sinh"),
    ("plain", [("birth_notice.issued_on", "2026-11-20")], "birth_notice.issued_on", "Sau ngày nộp"),
    ("plain", [("marriage.registered_on", "2026-11-20")], "marriage.registered_on", "Sau ngày nộp"),
    ("no-birth-notice", [("health_insurance.poor_household.issued_on", "2026-11-20")],
     "health_insurance.poor_household.issued_on", "Sau ngày nộp"),
    ("plain", [("fee_relief", [{"ground": "disabled", "number": "KT-01", "issued_on": "2026-11-20"}])],
     "fee_relief.0.issued_on", "Sau ngày nộp"),
    ("plain", [("recipients.province_code", "02")], "recipients.province_code", "Không có tỉnh"),
    ("grandparents-home", [("results.residence_notice_paper.address.codes_on", "2025-01-01"),
                           ("results.residence_notice_paper.address.district_code", "005")],
     "results.residence_notice_paper.address.codes_on", "19/11/2026"),
    ("identity-card", [("child.nationality", {"code": "JP", "text": "Nhật Bản"})],
     "identity_card.requested", "công dân"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "edits", "path", "said"), BETWEEN_SECTIONS)
def test_sections_that_contradict_each_other_are_told_so(name: str, edits: list[Edit], path: str, said: str) -> None:
    problems = wrong(edited(*edits, name=name))
    assert path in problems
    assert said in problems[path][1]


def test_a_child_is_under_six_until_the_day_before_the_sixth_birthday() -> None:
    edits = [("child.born_on", "2020-11-20"), ("birth_notice.issued_on", "2020-11-21")]
    assert read_birth(edited(*edits), ON).child.born_on == date(2020, 11, 20)


@pytest.mark.rule("4.case-parent-deceased")
def test_a_deceased_parent_owes_neither_number_nor_residence() -> None:
    form = read_birth(data_of("deceased-parent"), ON)
    assert form.father is not None
    assert (form.father.deceased, form.father.personal_id, form.father.residence) == (True, None, None)


def test_everything_wrong_is_reported_at_once() -> None:
    """Fields of five sections, an unknown field, and rules between the sections that are themselves right."""
    problems = wrong(
        edited(
            ("applicant.phone", "1"),
            ("child.full_name", LEAVE_OUT),
            ("child.sex", "?"),
            ("health_insurance.initial_facility", None),
            ("attested", False),
            ("colour", "red"),
            ("father.personal_id", "001194000001"),
            ("birth_notice.issued_on", "2026-11-20"),
            ("marriage.registered_on", "2030-01-01"),
            (f"{HOME}.detail", LEAVE_OUT),
        )
    )
    assert set(problems) == {
        "applicant.phone",
        "child.full_name",
        "child.sex",
        "health_insurance.initial_facility",
        "attested",
        "colour",
        "father.personal_id",
        "father.full_name",
        "birth_notice.issued_on",
        "marriage.registered_on",
        f"{HOME}.detail",
    }


def test_an_empty_form_names_every_required_section() -> None:
    assert {field for field, _ in wrong({}).values()} == {
        "Kính gửi",
        "Người yêu cầu",
        "Người được khai sinh",
        "Người mẹ",
        "Thông tin đăng ký thường trú",
        "Thẻ bảo hiểm y tế",
        "Hình thức nhận kết quả",
        "Lời cam đoan",
    }


def test_what_is_not_a_form_at_all_is_refused() -> None:
    assert set(wrong([])) == {""}


def test_no_message_repeats_what_was_typed() -> None:
    secret = "0011940000012345"
    with pytest.raises(DeclarationErrors) as caught:
        read_birth(edited(("mother.personal_id", secret), ("child.born_on", secret)), ON)
    assert secret not in str(caught.value)


def test_a_flood_of_unknown_fields_is_reported_up_to_a_limit() -> None:
    with pytest.raises(DeclarationErrors) as caught:
        read_birth({f"field_{number}": number for number in range(5000)}, ON)
    assert len(caught.value.problems) == MAX_PROBLEMS


class OnlyThese:
    """A form that fails a rule looking at a section it did not say it needs."""

    def __init__(self, form: BirthDeclaration, sections: frozenset[str]) -> None:
        self._form, self._sections = form, sections

    def __getattr__(self, section: str) -> object:
        assert section in self._sections, section
        return getattr(self._form, section)


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_a_rule_looks_only_at_the_sections_it_needs(rule: Any) -> None:
    for name in ALL:
        form = OnlyThese(read_birth(data_of(name), ON), rule.needs)
        assert not list(rule.judge(cast(BirthDeclaration, form), ON))


def test_rules_have_names_of_their_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


# --- What is typed, and what is made of it ---------------------------------------------------------------------------


@pytest.mark.rule("8.code-lists", "8.original-text")
@pytest.mark.parametrize(
    ("typed", "code", "text"),
    [
        ({"text": "Chơ ro"}, "32", "Chơ ro"),
        ({"code": None, "text": "HMông"}, "08", "HMông"),
        ({"text": "Châu mạ"}, "28", "Châu mạ"),
        ({"text": "Xynh Mun"}, "34", "Xynh Mun"),
        ({"code": "32"}, "32", "Chơ-ro"),
        ({"code": "06", "text": "  Mường "}, "06", "Mường"),
        ({"text": "Thổ"}, None, "Thổ"),
        ({"text": "Hoa"}, None, "Hoa"),
        ({"text": "Mán"}, None, "Mán"),
        ({"text": "T’rin"}, None, "T’rin"),
        ({"text": "Cơ"}, None, "Cơ"),
        ({"code": "34", "text": "Chơ ro"}, "34", "Chơ ro"),
        ({"code": "09", "text": "Không có thông tin"}, "09", "Dao"),
    ],
    ids=str,
)
def test_an_ethnic_group_is_read_by_code_or_name_and_never_guessed(
    typed: dict[str, Any], code: str | None, text: str
) -> None:
    ethnicity = read_birth(edited(("child.ethnicity", typed)), ON).child.ethnicity
    assert (ethnicity.code, ethnicity.text) == (code, text)


def test_reading_changes_nothing_in_what_came() -> None:
    data = edited(("child.ethnicity", {"text": "Kinh"}), ("applicant.email", "Không có thông tin"))
    before = json.dumps(data)
    read_birth(data, ON)
    assert json.dumps(data) == before


@pytest.mark.parametrize("typed", [{}, {"text": None}, {"code": None}, {"text": 5}, [], "Kinh", None], ids=str)
def test_an_ethnic_group_without_name_and_code_is_refused(typed: Any) -> None:
    assert all(path.startswith("child.ethnicity") for path in wrong(edited(("child.ethnicity", typed))))


def test_a_section_of_nothing_but_fillers_is_absent() -> None:
    nothing = {"full_name": "Không có thông tin", "nationality": {"code": "Không có thông tin"}}
    assert read_birth(edited(("father", nothing), ("marriage", None)), ON).father is None


@pytest.mark.parametrize("filler", ["Không có thông tin", " không có  thông tin", "KHÔNG CÓ THÔNG TIN"])
def test_a_filler_is_nothing_at_all(filler: str) -> None:
    form = read_birth(edited(("applicant.email", filler), ("marriage.book", filler)), ON)
    assert form.marriage
    assert (form.applicant.email, form.marriage.book) == (None, None)
    assert "thông tin" not in form.model_dump_json().replace("Thông tin", "")
    problems = wrong(
        edited(
            ("child.full_name", filler),
            ("residence_registration.dwelling_owners", [{"full_name": filler, "personal_id": "001060000999"}]),
        )
    )
    assert problems == {
        "child.full_name": ("Người được khai sinh – Họ, chữ đệm, tên", "Bắt buộc ghi."),
        "residence_registration.dwelling_owners.0.full_name": (
            "Thông tin đăng ký thường trú – Chủ sở hữu chỗ ở hợp pháp (mục 1) – Họ, chữ đệm, tên",
            "Bắt buộc ghi.",
        ),
    }


@pytest.mark.parametrize("path", ["child.full_name", "father.nationality.text", f"{HOME}.detail", "marriage.place"])
def test_text_in_the_old_font_is_refused_where_it_stands(path: str) -> None:
    problems = wrong(edited((path, "NguyÔn V¨n C«xta")))
    assert list(problems) == [path]
    assert "TCVN3" in problems[path][1]
    assert "C«xta" not in problems[path][1]


def test_the_name_of_an_attached_file_may_be_anything() -> None:
    file = {
        "kind": "witness_statement",
        "sha256": "0" * 64,
        "size": 9,
        "media_type": "image/png",
        "file_name": "C«x.png",
    }
    assert read_birth(edited(("attachments", [file])), ON).attachments[0].file_name == "C«x.png"


@pytest.mark.parametrize("typed", ["con đẻ", "Con  đẻ", "CON ĐẺ"])
def test_a_relation_is_the_label_it_spells(typed: str) -> None:
    form = read_birth(edited(("residence_registration.relation_to_householder", typed)), ON)
    assert form.residence_registration.relation_to_householder == "Con đẻ"


def test_a_relation_is_no_part_of_a_label() -> None:
    assert (
        "Con đẻ"
        in wrong(edited(("residence_registration.relation_to_householder", "đẻ")))[
            "residence_registration.relation_to_householder"
        ][1]
    )


@pytest.mark.rule("8.original-text", "8.address-detail")
@pytest.mark.parametrize(
    "text", ["Phường Hải Châu II", "Cây Trường II", "VII Vị Thanh", "T’rin", "H’Leo", "Krẹ Luỹ", "Hoà Thuỷ", "BLa"]
)
def test_what_is_typed_is_kept_letter_by_letter(text: str) -> None:
    form = read_birth(edited((f"{HOME}.detail", text), ("child.full_name", text)), ON)
    assert (form.residence_registration.address.detail, form.child.full_name) == (text, text)
    assert read_birth(json.loads(form.model_dump_json()), ON) == form


@pytest.mark.rule("8.nfc")
def test_names_typed_in_nfd_are_kept_in_nfc() -> None:
    typed = unicodedata.normalize("NFD", "Trần Hồng Mẫu Hải Châu II")
    form = read_birth(edited(("child.full_name", typed)), ON)
    assert form.child.full_name == unicodedata.normalize("NFC", typed)
    assert form.child.full_name.endswith("Hải Châu II")


# --- JSON ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b'{"a": 1,\n "b": }', "dòng 2, cột 7"),
        (b"", "dòng 1, cột 1"),
        (b'{"a": "\xff"}', "byte thứ 8"),
        (b'{"a": 1, "a": 2}', "“a” ghi nhiều lần"),
        (b'{"x": {"b": 1, "b": 2}}', "“b” ghi nhiều lần"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "NaN"),
        (b'{"a": ' + b"9" * 5000 + b"}", "chữ số"),
        (b"[1]", "đối tượng JSON"),
        (b'"form"', "đối tượng JSON"),
        (b"[" * 200_000, "lồng nhau quá sâu"),
        (b'{"a":' * 30 + b"1" + b"}" * 30, "lồng nhau quá sâu"),
        (b'{"a": "' + b"x" * MAX_JSON_BYTES + b'"}', "1024 KB"),
        (b'{"a": "\\ud800"}', "ký tự không hợp lệ"),
        (b'{"a": ["\\u0000"]}', "ký tự không hợp lệ"),
        (b'{"\\udfff": 1}', "ký tự không hợp lệ"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_is_not_plain_json_is_refused_with_its_place(raw: bytes, said: str) -> None:
    with pytest.raises(DeclarationErrors) as caught:
        parse_json(raw)
    assert said in str(caught.value)
    json.dumps([problem.model_dump() for problem in caught.value.problems], ensure_ascii=False).encode()


def test_every_repeated_key_is_named() -> None:
    with pytest.raises(DeclarationErrors) as caught:
        parse_json('{"a": 1, "a": 2, "b": {"c": 1, "c": 1}}')
    assert [problem.message for problem in caught.value.problems] == [
        "Mục “c” ghi nhiều lần.",
        "Mục “a” ghi nhiều lần.",
    ]


def test_a_byte_order_mark_is_no_reason_to_refuse() -> None:
    assert parse_json(b'\xef\xbb\xbf{"a": "\xc3\xa1"}') == {"a": "á"}


def problems_of(read: Callable[[], object]) -> tuple[Problem, ...]:
    """What is wrong with an input, if anything; any exception but DeclarationErrors fails the test."""
    try:
        read()
    except DeclarationErrors as error:
        return error.problems
    return ()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=300)
@given(section=st.sampled_from(sorted(BirthDeclaration.model_fields)), value=json_values)
def test_any_rubbish_in_a_section_is_read_or_explained_never_a_crash(section: str, value: object) -> None:
    found = problems_of(lambda: read_birth({**data_of(), section: value}, ON))
    assert all(problem.field and problem.message for problem in found)


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_any_bytes_are_parsed_or_explained_never_a_crash(raw: bytes | str) -> None:
    assert all(problem.field == "Tệp JSON" for problem in problems_of(lambda: parse_json(raw)))
