"""What the civil-status records of births and deaths have in common: which field of either form goes where."""

from activities.dvclt_values import address, reliefs
from activities.field_map import Row, in_words

OF_BOTH_GROUPS = (
    # Kính gửi
    Row("recipients.civil_status_office.code", "noiDangKy"),
    Row("recipients.civil_status_office.name", "moRong.kinhGui.tenCoQuanHoTich"),
    Row("recipients.province_code", "moRong.kinhGui.maTinh"),
    Row("recipients.residence_office.code", "moRong.kinhGui.maCoQuanCuTru"),
    Row("recipients.residence_office.name", "moRong.kinhGui.tenCoQuanCuTru"),
    Row("recipients.social_insurance_office.code", "moRong.kinhGui.maCoQuanBHXH"),
    Row("recipients.social_insurance_office.name", "moRong.kinhGui.tenCoQuanBHXH"),
    # Người yêu cầu
    Row("applicant.full_name", "nycHoTen"),
    Row("applicant.residence.address", "nycNoiCuTru", address),
    Row("applicant.relation", "nycQuanHe", in_words),
    Row("applicant.phone", "nycSoDienThoai"),
    Row("applicant.email", "nycEmail"),
    # Đối tượng miễn lệ phí
    Row("fee_relief", "moRong.mienLePhi", reliefs),
    # Lần nộp, lời cam đoan
    Row("submission_id", "moRong.maLanNop"),
    Row("attested", "moRong.camDoan"),
)
"""Modules LTKS and LTKT (`activities.dvclt`)."""
