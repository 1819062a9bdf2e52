"""Benefits after a death (mai táng phí, tử tuất) on real wires: which field of form 02 is called what.

No wire has published names for these parts [choice]: they are the form's own words, spelt as in the DVCLT record. What
is chosen from a list (`hinhThuc`, `deNghi` …) goes as the member of the models' enum.
"""

from activities.dvclt_values import address
from activities.field_map import Part, Parts, Row, in_words, sex, slashed_day

RECEIPT = (
    Row("way", "hinhThuc"),
    Row("account.holder", "chuTaiKhoan"),
    Row("account.number", "soTaiKhoan"),
    Row("account.bank", "nganHang"),
    Row("wallet_phone", "soViDienTu"),
)
"""Hình thức nhận tiền."""

ORGANISATION = (
    Row("name", "ten"),
    Row("address", "diaChi", address),
    Row("representative", "nguoiDaiDien"),
    Row("position", "chucVu"),
    Row("phone", "soDienThoai"),
)
"""Tổ chức."""

INSURANCE = (
    Row("number", "maSoBHXH"),
    Row("pension_place", "noiHuong"),
    Row("voluntary_place", "noiDong"),
)
"""Bảo hiểm xã hội của người chết."""

KINSHIP = (
    Row("full_name", "hoTen"),
    Row("personal_id", "soDDCN"),
    Row("relation", "quanHe", in_words),
    Row("relation_text", "quanHeGhiRo"),
    Row("deceased", "daChet"),
)
"""Thân nhân: who there is, and how related."""

RELATIVE = (
    *KINSHIP,
    Row("born", "ngaySinh", slashed_day),
    Row("sex", "gioiTinh", sex),
    Row("address", "noiCuTru", address),
    Row("phone", "soDienThoai"),
    Row("claim", "deNghi"),
    Row("receipt", "nhanTien", Part(RECEIPT)),
    Row("lacks_capacity", "matNangLucHanhVi"),
)
"""Thân nhân: what both tables say of one."""

INSURED_RELATIVE = (
    *RELATIVE,
    Row("social_insurance_number", "maSoBHXH"),
    Row("monthly_income_vnd", "thuNhapThang"),
    Row("capacity_reduced", "suyGiamKhaNangLaoDong"),
    Row("assessment_fee", "thanhToanPhiGiamDinh"),
)
"""Thân nhân theo Luật Bảo hiểm xã hội."""

MERIT_RELATIVE = (*RELATIVE, Row("circumstances", "hoanCanh"))
"""Thân nhân người có công."""

ADULT_CHILD = (
    Row("full_name", "hoTen"),
    Row("birth_year", "namSinh"),
    Row("disabled_since", "khuyetTatTu"),
    Row("school_ended", "ketThucPhoThong", slashed_day),
    Row("school", "coSoGiaoDuc"),
    Row("school_since", "batDauHoc", slashed_day),
)
"""Con người có công từ đủ 18 tuổi."""

PAYEE = (
    Row("beneficiary", "nguoiHuong"),
    Row("full_name", "hoTen"),
    Row("relation", "quanHe", in_words),
    Row("relation_text", "quanHeGhiRo"),
    Row("personal_id", "soDDCN"),
    Row("social_insurance_number", "maSoBHXH"),
    Row("passport", "soHoChieu"),
    Row("address", "noiCuTru", address),
    Row("phone", "soDienThoai"),
    Row("receipt", "nhanTien", Part(RECEIPT)),
)
"""Người đứng tên nhận trợ cấp."""

RECEIVING_PERSON = (
    Row("full_name", "hoTen"),
    Row("personal_id", "soDDCN"),
    Row("born", "ngaySinh", slashed_day),
    Row("sex", "gioiTinh", sex),
    Row("identity.number", "giayTo.so"),
    Row("identity.issued_on", "giayTo.ngayCap", slashed_day),
    Row("identity.issued_by", "giayTo.noiCap"),
    Row("address", "noiCuTru", address),
    Row("phone", "soDienThoai"),
    Row("contact_phone", "soDienThoaiLienHe"),
    Row("relation", "quanHe", in_words),
    Row("relation_text", "quanHeGhiRo"),
    Row("receipt", "nhanTien", Part(RECEIPT)),
)
"""Người nhận trợ cấp mai táng, đại diện thân nhân."""

FUNERAL_RECIPIENT = (
    Row("person", "caNhan", Part(RECEIVING_PERSON)),
    Row("organisation", "toChuc", Part(ORGANISATION)),
    Row("organisation_receipt", "toChucNhanTien", Part(RECEIPT)),
)
"""Người hoặc tổ chức nhận trợ cấp mai táng."""

MERIT = (
    Row("category", "dien"),
    Row("decision_number", "soQuyetDinh"),
    Row("decided_on", "ngayQuyetDinh", slashed_day),
    Row("decided_by", "coQuanQuyetDinh"),
    Row("allowance", "mucTroCap"),
    Row("received_until", "daNhanHetThang", slashed_day),
    Row("raised_martyr", "nuoiLietSi"),
)
"""Người có công."""

BENEFITS = (
    Row("regime", "doiTuong"),
    Row("protection", "baoTroXaHoi"),
    Row("merit", "nguoiCoCong", Part(MERIT)),
    Row("insurance", "baoHiemXaHoi", Part(INSURANCE)),
    Row("relatives", "thanNhan", Parts(INSURED_RELATIVE)),
    Row("merit_relatives", "thanNhanNguoiCoCong", Parts(MERIT_RELATIVE)),
    Row("adult_children", "conTuDu18Tuoi", Parts(ADULT_CHILD)),
    Row("payees", "nguoiDungTenNhan", Parts(PAYEE)),
    Row("funeral_recipient", "nguoiNhanMaiTangPhi", Part(FUNERAL_RECIPIENT)),
    Row("representative", "daiDienThanNhan", Part(RECEIVING_PERSON)),
    Row("all_relatives_declared", "daKeKhaiDuThanNhan"),
)
"""Mai táng phí, tử tuất: the whole section of the form."""
