"""Form 01 as it is printed (Mẫu số 01, QĐ 296/QĐ-VPCP): every line of it is a field here, under the words printed."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from models.birth import BirthDeclaration
from models.birth_form import ApplicantRelation
from models.form_parts import PaperPlace
from tests.models.cases import changed, sample

PARENT = (
    ("Họ, chữ đệm, tên", "full_name"),
    ("Số định danh cá nhân", "personal_id"),
    ("số hộ chiếu", "passport"),
    ("Ngày, tháng, năm sinh", "born"),
    ("Dân tộc", "ethnicity"),
    ("Quốc tịch", "nationality"),
    ("Nơi cư trú", "residence"),
)
PRINTED = (
    ("Kính gửi", "recipients"),
    ("Họ, chữ đệm, tên", "applicant.full_name"),
    ("Số định danh cá nhân", "applicant.personal_id"),
    ("Nơi cư trú", "applicant.residence"),
    ("Quan hệ với người được khai sinh", "applicant.relation"),
    ("Số điện thoại", "applicant.phone"),
    ("Địa chỉ email", "applicant.email"),
    ("Họ, chữ đệm, tên", "child.full_name"),
    ("Ngày, tháng, năm sinh", "child.born_on"),
    ("ghi bằng chữ", "child.birth_date_in_words"),
    ("Nơi sinh", "child.birthplace"),
    ("Giới tính", "child.sex"),
    ("Dân tộc", "child.ethnicity"),
    ("Quốc tịch", "child.nationality"),
    ("Quê quán", "child.hometown"),
    ("Số Giấy chứng sinh", "birth_notice.number"),
    ("ngày", "birth_notice.issued_on"),
    ("Cơ sở khám bệnh, chữa bệnh cấp", "birth_notice.facility"),
    *((words, f"{parent}.{field}") for parent in ("mother", "father") for words, field in PARENT),
    ("số", "marriage.number"),
    ("quyển số", "marriage.book"),
    ("đăng ký", "marriage.registered_on"),
    ("đăng ký", "marriage.place"),
    ("chủ hộ", "residence_registration.householder"),
    ("Số định danh cá nhân", "residence_registration.householder.personal_id"),
    ("Quan hệ với chủ hộ", "residence_registration.relation_to_householder"),
    ("Nơi đề nghị đăng ký thường trú", "residence_registration.address"),
    ("Nơi đăng ký khám, chữa bệnh ban đầu", "health_insurance.initial_facility"),
    ("Số Giấy chứng nhận hộ nghèo", "health_insurance.poor_household.number"),
    ("ngày cấp", "health_insurance.poor_household.issued_on"),
    ("bản sao giấy khai sinh", "results.birth_certificate_copies"),
    ("Thông báo kết quả giải quyết đăng ký cư trú", "results.residence_notice_paper"),
    ("địa chỉ nhận", "results.residence_notice_paper.address"),
    ("Thẻ bảo hiểm y tế", "results.health_card_paper"),
    ("địa chỉ nhận", "results.health_card_paper.address"),
    ("Đồng ý tích hợp", "vneid_integration"),
    ("cam đoan", "attested"),
)
"""What is printed, and the field for it, in the order of the form."""

PLACES = {
    "Tại Bộ phận Một cửa của cơ quan đăng ký hộ tịch",
    "Tại cơ quan giải quyết",
    "Qua dịch vụ bưu chính công ích",
}
GRANDPARENTS = {
    ApplicantRelation.PATERNAL_GRANDFATHER: "Ông nội",
    ApplicantRelation.PATERNAL_GRANDMOTHER: "Bà nội",
    ApplicantRelation.MATERNAL_GRANDFATHER: "Ông ngoại",
    ApplicantRelation.MATERNAL_GRANDMOTHER: "Bà ngoại",
}


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def title_of(path: str, model: type[BaseModel] = BirthDeclaration) -> str:
    """The name of the field at a path, as people see it."""
    name, _, rest = path.partition(".")
    field = model.model_fields[name]
    return title_of(rest, next(models_in(field.annotation))) if rest else field.title or ""


@pytest.mark.rule("4.1-form")
@pytest.mark.parametrize(("words", "path"), PRINTED, ids=[path for _, path in PRINTED])
def test_every_line_of_the_printed_form_is_a_field(words: str, path: str) -> None:
    assert words.lower() in title_of(path).lower()


@pytest.mark.rule("4.6-paper")
def test_paper_is_handed_over_in_the_three_places_of_the_form() -> None:
    assert {place.label for place in PaperPlace} == PLACES


@pytest.mark.rule("4.case-grandparent")
def test_the_four_grandparents_are_four_relations_and_none_is_the_legal_representative() -> None:
    for relation, label in GRANDPARENTS.items():
        applicant = changed(sample("grandparent-declares"), applicant={"relation": relation.value}).applicant
        assert (applicant.relation, applicant.relation.label) == (relation, label)
        assert not applicant.relation.is_legal_representative
