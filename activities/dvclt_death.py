"""The death record of the DVCLT wire, module LTKT: which field of form 02 goes where (`activities.dvclt`).

Practice has no name for personal numbers, benefits or the kind of case: they stand in `moRong`. `maGBT`, `ngayCapGBT`
are the death notice, `gbt*` what stands in for one; `gbtLoai` is the word of form 02, as its codes are unknown. The
cause of death goes to the registrar alone (`DeathDeclaration.seen_by`).

Unused, as form 02 does not say it: `loaiDangKy`, `*XacThucThongTin`, papers of either person but a passport.
"""

from activities.benefit_rows import BENEFITS, ORGANISATION
from activities.dvclt_common import OF_BOTH_GROUPS
from activities.dvclt_values import address, passport_type
from activities.field_map import PAPER_PLACE, RESIDENCE_KIND, Part, Row, in_words, sex, slashed_day

LTKT = (
    *OF_BOTH_GROUPS,
    # Kính gửi
    Row("recipients.social_affairs_office.code", "moRong.kinhGui.maCoQuanXaHoi"),
    Row("recipients.social_affairs_office.name", "moRong.kinhGui.tenCoQuanXaHoi"),
    # Người yêu cầu
    Row("applicant.personal_id", "moRong.nycSoDDCN"),
    Row("applicant.residence.kind", "moRong.nycLoaiCuTru", RESIDENCE_KIND),
    Row("applicant.relation_text", "moRong.nycQuanHeGhiRo"),
    Row("applicant.organisation", "moRong.nycToChuc", Part(ORGANISATION)),
    # Nội dung đề nghị
    Row("scope", "moRong.soThuTuc"),
    # Người được khai tử
    Row("deceased.full_name", "nktHoTen"),
    Row("deceased.born", "nktNgaySinh", slashed_day),
    Row("deceased.sex", "nktGioiTinh", sex),
    Row("deceased.ethnicity.code", "nktDanToc"),
    Row("deceased.ethnicity.text", "nktDanTocKhac"),
    Row("deceased.nationality.code", "nktQuocTich"),
    Row("deceased.nationality.text", "nktQuocTichKhac"),
    Row("deceased.last_residence.kind", "nktLoaiCuTru", RESIDENCE_KIND),
    Row("deceased.last_residence.address", "nktNoiCuTru", address),
    Row("deceased.personal_id", "moRong.nktSoDDCN"),
    Row("deceased.passport", "nktLoaiGiayToTuyThan", passport_type),
    Row("deceased.passport", "nktSoGiayToTuyThan"),
    Row("deceased.died_on", "nktNgayChet", slashed_day),
    Row("deceased.died_at", "nktGioPhutChet", str),
    Row("deceased.place.facility", "moRong.nktCoSoChet"),
    Row("deceased.place.address", "nktNoiChet", address),
    Row("deceased.cause", "nktNguyenNhanChet"),
    Row("deceased.cause_icd10", "moRong.nktMaBenh"),
    Row("deceased.householder", "moRong.nktLaChuHo"),
    # Giấy báo tử, giấy tờ thay thế
    Row("death_notice.number", "maGBT"),
    Row("death_notice.issued_on", "ngayCapGBT", slashed_day),
    Row("death_notice.facility", "moRong.coSoCapGBT"),
    Row("notice_substitute.kind", "gbtLoai", in_words),
    Row("notice_substitute.number", "gbtSo"),
    Row("notice_substitute.issued_on", "gbtNgay", slashed_day),
    Row("notice_substitute.issuer", "gbtCoQuanCap"),
    # Mai táng phí, tử tuất
    Row("benefits", "moRong.maiTangTuTuat", Part(BENEFITS)),
    # Đối tượng miễn lệ phí
    Row("poor_household.number", "moRong.hoNgheo.so"),
    Row("poor_household.issued_on", "moRong.hoNgheo.ngayCap", slashed_day),
    # Hình thức nhận kết quả
    Row("results.death_extract_copies", "soLuongBanSao", str),
    Row("results.deregistration_notice_paper.place", "moRong.nhanBanGiay.xoaThuongTruNoiNhan", PAPER_PLACE),
    Row("results.deregistration_notice_paper.address", "moRong.nhanBanGiay.xoaThuongTruDiaChi", address),
    Row("results.benefit_decision_paper.place", "moRong.nhanBanGiay.quyetDinhNoiNhan", PAPER_PLACE),
    Row("results.benefit_decision_paper.address", "moRong.nhanBanGiay.quyetDinhDiaChi", address),
)
