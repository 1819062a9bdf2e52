"""The birth record of the DVCLT wire, module LTKS: which field of form 01 goes where (`activities.dvclt`).

Unused, as form 01 does not say it: `loaiDangKy`, `nksLoaiKhaiSinh` (whose codes are unknown; the case stands in
`moRong.truongHop`), `*XacThucThongTin`, papers of the child and of the applicant, registration abroad.
"""

from activities.dvclt_common import OF_BOTH_GROUPS
from activities.dvclt_values import address, passport_type, people
from activities.field_map import PAPER_PLACE, RESIDENCE_KIND, Row, sex, slashed_day


def _parent(form: str, wire: str) -> tuple[Row, ...]:
    return (
        Row(f"{form}.full_name", f"{wire}HoTen"),
        Row(f"{form}.personal_id", f"{wire}SoDDCN"),
        Row(f"{form}.passport", f"{wire}LoaiGiayToTuyThan", passport_type),
        Row(f"{form}.passport", f"{wire}SoGiayToTuyThan"),
        Row(f"{form}.born", f"{wire}NgaySinh", slashed_day),
        Row(f"{form}.ethnicity.code", f"{wire}DanToc"),
        Row(f"{form}.ethnicity.text", f"{wire}DanTocKhac"),
        Row(f"{form}.nationality.code", f"{wire}QuocTich"),
        Row(f"{form}.nationality.text", f"{wire}QuocTichKhac"),
        Row(f"{form}.residence.kind", f"{wire}LoaiCuTru", RESIDENCE_KIND),
        Row(f"{form}.residence.address", f"{wire}NoiCuTru", address),
        Row(f"{form}.deceased", f"moRong.{wire}DaMat"),
    )


LTKS = (
    *OF_BOTH_GROUPS,
    # Người yêu cầu
    Row("applicant.personal_id", "nycSoDDCN"),
    Row("applicant.residence.kind", "nycLoaiCuTru", RESIDENCE_KIND),
    # Người được khai sinh
    Row("child.full_name", "nksHoTen"),
    Row("child.born_on", "nksNgaySinh", slashed_day),
    Row("child.birth_date_in_words", "nksNgaySinhBangChu"),
    Row("child.born_at", "moRong.nksGioSinh", str),
    Row("child.birthplace.facility", "moRong.nksCoSoSinh"),
    Row("child.birthplace.address", "nksNoiSinh", address),
    Row("child.sex", "nksGioiTinh", sex),
    Row("child.ethnicity.code", "nksDanToc"),
    Row("child.ethnicity.text", "nksDanTocKhac"),
    Row("child.nationality.code", "nksQuocTich"),
    Row("child.nationality.text", "nksQuocTichKhac"),
    Row("child.hometown", "nksQueQuan", address),
    Row("circumstance", "moRong.truongHop"),
    # Giấy chứng sinh
    Row("birth_notice.number", "maGCS"),
    Row("birth_notice.issued_on", "ngayCapGCS", slashed_day),
    Row("birth_notice.facility", "moRong.coSoCapGCS"),
    # Người mẹ, người cha, giấy chứng nhận kết hôn
    *_parent("mother", "me"),
    *_parent("father", "cha"),
    Row("marriage.number", "moRong.ketHon.so"),
    Row("marriage.book", "moRong.ketHon.quyenSo"),
    Row("marriage.registered_on", "moRong.ketHon.ngayDangKy", slashed_day),
    Row("marriage.place", "moRong.ketHon.noiDangKy"),
    # Thông tin đăng ký thường trú
    Row("residence_registration.householder.full_name", "moRong.thuongTru.chuHoHoTen"),
    Row("residence_registration.householder.personal_id", "moRong.thuongTru.chuHoSoDDCN"),
    Row("residence_registration.relation_to_householder", "moRong.thuongTru.quanHeChuHo"),
    Row("residence_registration.address", "moRong.thuongTru.noiDangKy", address),
    Row("residence_registration.dwelling_owners", "moRong.thuongTru.chuSoHuu", people),
    # Thẻ bảo hiểm y tế, thẻ căn cước
    Row("health_insurance.initial_facility.code", "moRong.bhyt.maNoiKCB"),
    Row("health_insurance.initial_facility.name", "moRong.bhyt.tenNoiKCB"),
    Row("health_insurance.poor_household.number", "moRong.bhyt.soHoNgheo"),
    Row("health_insurance.poor_household.issued_on", "moRong.bhyt.ngayCapHoNgheo", slashed_day),
    Row("identity_card.requested", "moRong.deNghiCapTheCanCuoc"),
    # Hình thức nhận kết quả
    Row("results.birth_certificate_copies", "soLuongBanSao", str),
    Row("results.residence_notice_paper.place", "moRong.nhanBanGiay.cuTruNoiNhan", PAPER_PLACE),
    Row("results.residence_notice_paper.address", "moRong.nhanBanGiay.cuTruDiaChi", address),
    Row("results.health_card_paper.place", "moRong.nhanBanGiay.theBHYTNoiNhan", PAPER_PLACE),
    Row("results.health_card_paper.address", "moRong.nhanBanGiay.theBHYTDiaChi", address),
    Row("vneid_integration", "moRong.tichHopVNeID"),
)
