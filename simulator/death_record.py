"""The civil-status software reading `hoTich` of a death, by its own lights: what it makes of each field.

As for a birth (`simulator.birth_record`): names and codes are those of practice, and nothing unknown is let pass.
"""

from models.base import Model
from simulator.benefit_parts import (
    AdultChild,
    FuneralRecipient,
    Insurance,
    InsuredRelative,
    MeritRelative,
    Organisation,
    Payee,
    Receiver,
    read,
)
from simulator.code_words import KINSHIP, SEXES, SUBSTITUTES, meant
from simulator.record_parts import Place, Relief, day, listed, on_paper, passport, residence, unit
from simulator.wire import Given, Json


class _Recipients(Model):
    maTinh: Given
    tenCoQuanHoTich: Given
    maCoQuanCuTru: Given
    tenCoQuanCuTru: Given
    maCoQuanBHXH: Given | None = None
    tenCoQuanBHXH: Given | None = None
    maCoQuanXaHoi: Given | None = None
    tenCoQuanXaHoi: Given | None = None


class _Merit(Model):
    dien: Given
    soQuyetDinh: Given
    ngayQuyetDinh: Given
    coQuanQuyetDinh: Given
    mucTroCap: Given
    daNhanHetThang: Given | None = None
    nuoiLietSi: bool

    def read(self) -> Json:
        return {
            "category": self.dien,
            "decision_number": self.soQuyetDinh,
            "decided_on": day(self.ngayQuyetDinh),
            "decided_by": self.coQuanQuyetDinh,
            "allowance": self.mucTroCap,
            "received_until": self.daNhanHetThang and day(self.daNhanHetThang),
            "raised_martyr": self.nuoiLietSi,
        }


class _Benefits(Model):
    doiTuong: Given
    baoTroXaHoi: Given | None = None
    nguoiCoCong: _Merit | None = None
    baoHiemXaHoi: Insurance | None = None
    thanNhan: tuple[InsuredRelative, ...] = ()
    thanNhanNguoiCoCong: tuple[MeritRelative, ...] = ()
    conTuDu18Tuoi: tuple[AdultChild, ...] = ()
    nguoiDungTenNhan: tuple[Payee, ...] = ()
    nguoiNhanMaiTangPhi: FuneralRecipient | None = None
    daiDienThanNhan: Receiver | None = None
    daKeKhaiDuThanNhan: bool

    def read(self) -> Json:
        return {
            "regime": self.doiTuong,
            "protection": self.baoTroXaHoi,
            "merit": read(self.nguoiCoCong),
            "insurance": read(self.baoHiemXaHoi),
            "relatives": [one.read() for one in self.thanNhan],
            "merit_relatives": [one.read() for one in self.thanNhanNguoiCoCong],
            "adult_children": [one.read() for one in self.conTuDu18Tuoi],
            "payees": [one.read() for one in self.nguoiDungTenNhan],
            "funeral_recipient": read(self.nguoiNhanMaiTangPhi),
            "representative": read(self.daiDienThanNhan),
            "all_relatives_declared": self.daKeKhaiDuThanNhan,
        }


class _PoorHousehold(Model):
    so: Given
    ngayCap: Given


class _Paper(Model):
    xoaThuongTruNoiNhan: Given | None = None
    xoaThuongTruDiaChi: Place | None = None
    quyetDinhNoiNhan: Given | None = None
    quyetDinhDiaChi: Place | None = None


class _More(Model):
    """What the linking software adds to the record of practice."""

    kinhGui: _Recipients
    nycSoDDCN: Given
    nycLoaiCuTru: Given
    nycQuanHeGhiRo: Given | None = None
    nycToChuc: Organisation | None = None
    soThuTuc: Given
    nktSoDDCN: Given | None = None
    nktCoSoChet: Given | None = None
    nktMaBenh: Given | None = None
    nktLaChuHo: bool
    coSoCapGBT: Given | None = None
    maiTangTuTuat: _Benefits | None = None
    mienLePhi: tuple[Relief, ...] = ()
    hoNgheo: _PoorHousehold | None = None
    nhanBanGiay: _Paper = _Paper()
    maLanNop: Given | None = None
    camDoan: bool


class DeathRecord(Model):
    """`hoTich` of module LTKT."""

    maGBT: Given | None = None
    ngayCapGBT: Given | None = None
    noiDangKy: Given
    soLuongBanSao: Given
    nktHoTen: Given
    nktGioiTinh: Given
    nktNgaySinh: Given
    nktDanToc: Given | None = None
    nktDanTocKhac: Given
    nktQuocTich: Given
    nktQuocTichKhac: Given
    nktLoaiCuTru: Given
    nktNoiCuTru: Place
    nktLoaiGiayToTuyThan: Given | None = None
    nktSoGiayToTuyThan: Given | None = None
    nktNgayChet: Given
    nktGioPhutChet: Given | None = None
    nktNoiChet: Place
    nktNguyenNhanChet: Given | None = None
    gbtLoai: Given | None = None
    gbtSo: Given | None = None
    gbtNgay: Given | None = None
    gbtCoQuanCap: Given | None = None
    nycHoTen: Given
    nycQuanHe: Given | None = None
    nycSoDienThoai: Given
    nycEmail: Given | None = None
    nycNoiCuTru: Place
    moRong: _More

    def understood(self) -> Json:
        """The record as form 02 has it, without attachments. Raises ValueError where a code or a date says nothing."""
        more, paper = self.moRong, self.moRong.nhanBanGiay
        return {
            "submission_id": more.maLanNop,
            "recipients": self._recipients(),
            "applicant": {
                "full_name": self.nycHoTen,
                "personal_id": more.nycSoDDCN,
                "residence": residence(more.nycLoaiCuTru, self.nycNoiCuTru),
                "relation": self.nycQuanHe and meant(KINSHIP, self.nycQuanHe),
                "relation_text": more.nycQuanHeGhiRo,
                "organisation": read(more.nycToChuc),
                "phone": self.nycSoDienThoai,
                "email": self.nycEmail,
            },
            "scope": more.soThuTuc,
            "deceased": self._deceased(),
            "death_notice": self.maGBT
            and {"number": self.maGBT, "issued_on": day(self.ngayCapGBT), "facility": more.coSoCapGBT},
            "notice_substitute": self.gbtLoai
            and {
                "kind": meant(SUBSTITUTES, self.gbtLoai),
                "number": self.gbtSo,
                "issued_on": day(self.gbtNgay),
                "issuer": self.gbtCoQuanCap,
            },
            "benefits": read(more.maiTangTuTuat),
            "fee_relief": [relief.read() for relief in more.mienLePhi],
            "poor_household": more.hoNgheo and {"number": more.hoNgheo.so, "issued_on": day(more.hoNgheo.ngayCap)},
            "results": {
                "death_extract_copies": int(self.soLuongBanSao),
                "deregistration_notice_paper": on_paper(paper.xoaThuongTruNoiNhan, paper.xoaThuongTruDiaChi),
                "benefit_decision_paper": on_paper(paper.quyetDinhNoiNhan, paper.quyetDinhDiaChi),
            },
            "attested": more.camDoan,
        }

    def _recipients(self) -> Json:
        to = self.moRong.kinhGui
        return {
            "province_code": to.maTinh,
            "civil_status_office": unit(self.noiDangKy, to.tenCoQuanHoTich),
            "residence_office": unit(to.maCoQuanCuTru, to.tenCoQuanCuTru),
            "social_insurance_office": _unit(to.maCoQuanBHXH, to.tenCoQuanBHXH),
            "social_affairs_office": _unit(to.maCoQuanXaHoi, to.tenCoQuanXaHoi),
        }

    def _deceased(self) -> Json:
        more = self.moRong
        return {
            "full_name": self.nktHoTen,
            "born": day(self.nktNgaySinh),
            "sex": meant(SEXES, self.nktGioiTinh),
            "ethnicity": listed(self.nktDanToc, self.nktDanTocKhac),
            "nationality": listed(self.nktQuocTich, self.nktQuocTichKhac),
            "last_residence": residence(self.nktLoaiCuTru, self.nktNoiCuTru),
            "personal_id": more.nktSoDDCN,
            "passport": passport(self.nktLoaiGiayToTuyThan, self.nktSoGiayToTuyThan),
            "died_on": day(self.nktNgayChet),
            "died_at": self.nktGioPhutChet,
            "place": {"facility": more.nktCoSoChet, "address": self.nktNoiChet.read()},
            "cause": self.nktNguyenNhanChet,
            "cause_icd10": more.nktMaBenh,
            "householder": more.nktLaChuHo,
        }


def _unit(code: str | None, name: str | None) -> Json | None:
    return unit(code, name) if code and name else None
