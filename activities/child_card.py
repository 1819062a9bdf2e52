"""The child's health-insurance card: which field of form 01 goes where, and which do not go at all.

QĐ 296/QĐ-VPCP splits the dossier (phân tách) before it goes on. We read that as: only what the card needs leaves for
social insurance [choice]: who the child is, whose child, where it lives, who answers for it, where it is treated and
how the card is handed over. The birth notice goes by number, as the gateway has the notice itself.

No contract of this part is published [choice]: names follow the gateway's birth notice where it has the same thing
(STANDARDS §1.4), days are yyyyMMdd, an ethnic group or a nationality is its code and the name as declared.
"""

from activities.field_map import PAPER_PLACE, Row, compact_day, in_words, sex
from activities.insurance_values import flat_address


def _parent(form: str, wire: str) -> tuple[Row, ...]:
    return (
        Row(f"{form}.full_name", f"HO_TEN_{wire}"),
        Row(f"{form}.personal_id", f"SO_CCCD_{wire}"),
        Row(f"{form}.passport", f"SO_HO_CHIEU_{wire}"),
    )


CHILD_CARD = (
    # Kính gửi
    Row("recipients.province_code", "MA_TINH"),
    Row("recipients.social_insurance_office.code", "MA_CO_QUAN_BHXH"),
    Row("recipients.social_insurance_office.name", "TEN_CO_QUAN_BHXH"),
    Row("recipients.civil_status_office.code", "MA_NOI_DANG_KY_KS"),
    Row("recipients.civil_status_office.name", "TEN_NOI_DANG_KY_KS"),
    # Người yêu cầu
    Row("applicant.full_name", "HO_TEN_NYC"),
    Row("applicant.personal_id", "SO_CCCD_NYC"),
    Row("applicant.relation", "QUAN_HE_NYC", in_words),
    Row("applicant.phone", "DIEN_THOAI_NYC"),
    Row("applicant.email", "EMAIL_NYC"),
    # Trẻ em
    Row("child.full_name", "HO_TEN_CON"),
    Row("child.born_on", "NGAY_SINH_CON", compact_day),
    Row("child.sex", "GIOI_TINH_CON", sex),
    Row("child.ethnicity.code", "MA_DANTOC_CON"),
    Row("child.ethnicity.text", "TEN_DANTOC_CON"),
    Row("child.nationality.code", "MA_QUOCTICH_CON"),
    Row("child.nationality.text", "TEN_QUOCTICH_CON"),
    Row("birth_notice.number", "MA_GCS"),
    *_parent("mother", "ME"),
    *_parent("father", "CHA"),
    # Nơi cư trú của trẻ, nơi khám chữa bệnh ban đầu, hộ nghèo
    *flat_address("residence_registration.address", "CU_TRU"),
    Row("health_insurance.initial_facility.code", "MA_KCB_BAN_DAU"),
    Row("health_insurance.initial_facility.name", "TEN_KCB_BAN_DAU"),
    Row("health_insurance.poor_household.number", "SO_HO_NGHEO"),
    Row("health_insurance.poor_household.issued_on", "NGAY_CAP_HO_NGHEO", compact_day),
    # Bản giấy thẻ bảo hiểm y tế
    Row("results.health_card_paper.place", "CACH_NHAN_THE", PAPER_PLACE),
    *flat_address("results.health_card_paper.address", "NHAN_THE"),
)
