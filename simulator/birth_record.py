"""The civil-status software reading `hoTich` of a birth, by its own lights: what it makes of each field.

Names and codes are those of practice (STANDARDS §§2, 3.2); nothing here comes from who writes them. A field it does not
know, "", a filler phrase, text that is not NFC: none of this wire.
"""

from typing import Any

from models.base import Model
from simulator.code_words import RELATIONS, SEXES, meant
from simulator.record_parts import Person, Place, Relief, day, listed, on_paper, passport, residence, unit
from simulator.wire import Given, Json


class _Recipients(Model):
    maTinh: Given
    tenCoQuanHoTich: Given
    maCoQuanCuTru: Given
    tenCoQuanCuTru: Given
    maCoQuanBHXH: Given
    tenCoQuanBHXH: Given


class _Marriage(Model):
    so: Given
    quyenSo: Given | None = None
    ngayDangKy: Given
    noiDangKy: Given


class _Residence(Model):
    chuHoHoTen: Given
    chuHoSoDDCN: Given
    quanHeChuHo: Given
    noiDangKy: Place
    chuSoHuu: tuple[Person, ...] = ()


class _Insurance(Model):
    maNoiKCB: Given
    tenNoiKCB: Given
    soHoNgheo: Given | None = None
    ngayCapHoNgheo: Given | None = None


class _Paper(Model):
    cuTruNoiNhan: Given | None = None
    cuTruDiaChi: Place | None = None
    theBHYTNoiNhan: Given | None = None
    theBHYTDiaChi: Place | None = None


class _More(Model):
    """What the linking software adds to the record of practice."""

    kinhGui: _Recipients
    nksGioSinh: Given | None = None
    nksCoSoSinh: Given | None = None
    truongHop: Given
    coSoCapGCS: Given | None = None
    meDaMat: bool = False
    chaDaMat: bool = False
    ketHon: _Marriage | None = None
    thuongTru: _Residence
    bhyt: _Insurance
    deNghiCapTheCanCuoc: bool
    mienLePhi: tuple[Relief, ...] = ()
    nhanBanGiay: _Paper = _Paper()
    tichHopVNeID: bool
    maLanNop: Given | None = None
    camDoan: bool


class BirthRecord(Model):
    """`hoTich` of module LTKS."""

    maGCS: Given | None = None
    ngayCapGCS: Given | None = None
    noiDangKy: Given
    soLuongBanSao: Given
    nksHoTen: Given
    nksGioiTinh: Given
    nksNgaySinh: Given
    nksNgaySinhBangChu: Given
    nksNoiSinh: Place
    nksQueQuan: Place
    nksDanToc: Given | None = None
    nksDanTocKhac: Given
    nksQuocTich: Given
    nksQuocTichKhac: Given
    meHoTen: Given | None = None
    meNgaySinh: Given | None = None
    meDanToc: Given | None = None
    meDanTocKhac: Given | None = None
    meQuocTich: Given | None = None
    meQuocTichKhac: Given | None = None
    meLoaiCuTru: Given | None = None
    meNoiCuTru: Place | None = None
    meSoDDCN: Given | None = None
    meLoaiGiayToTuyThan: Given | None = None
    meSoGiayToTuyThan: Given | None = None
    chaHoTen: Given | None = None
    chaNgaySinh: Given | None = None
    chaDanToc: Given | None = None
    chaDanTocKhac: Given | None = None
    chaQuocTich: Given | None = None
    chaQuocTichKhac: Given | None = None
    chaLoaiCuTru: Given | None = None
    chaNoiCuTru: Place | None = None
    chaSoDDCN: Given | None = None
    chaLoaiGiayToTuyThan: Given | None = None
    chaSoGiayToTuyThan: Given | None = None
    nycHoTen: Given
    nycQuanHe: Given
    nycSoDDCN: Given
    nycSoDienThoai: Given
    nycEmail: Given | None = None
    nycLoaiCuTru: Given
    nycNoiCuTru: Place
    moRong: _More

    def understood(self) -> Json:
        """The record as form 01 has it, without attachments. Raises ValueError (KeyError too) where it says nothing."""
        more, at_home, paper = self.moRong, self.moRong.thuongTru, self.moRong.nhanBanGiay
        return {
            "submission_id": more.maLanNop,
            "recipients": {
                "province_code": more.kinhGui.maTinh,
                "civil_status_office": unit(self.noiDangKy, more.kinhGui.tenCoQuanHoTich),
                "residence_office": unit(more.kinhGui.maCoQuanCuTru, more.kinhGui.tenCoQuanCuTru),
                "social_insurance_office": unit(more.kinhGui.maCoQuanBHXH, more.kinhGui.tenCoQuanBHXH),
            },
            "applicant": {
                "full_name": self.nycHoTen,
                "personal_id": self.nycSoDDCN,
                "residence": residence(self.nycLoaiCuTru, self.nycNoiCuTru),
                "relation": meant(RELATIONS, self.nycQuanHe),
                "phone": self.nycSoDienThoai,
                "email": self.nycEmail,
            },
            "child": {
                "full_name": self.nksHoTen,
                "born_on": day(self.nksNgaySinh),
                "born_at": more.nksGioSinh,
                "birth_date_in_words": self.nksNgaySinhBangChu,
                "birthplace": {"facility": more.nksCoSoSinh, "address": self.nksNoiSinh.read()},
                "sex": meant(SEXES, self.nksGioiTinh),
                "ethnicity": listed(self.nksDanToc, self.nksDanTocKhac),
                "nationality": listed(self.nksQuocTich, self.nksQuocTichKhac),
                "hometown": self.nksQueQuan.read(),
            },
            "circumstance": more.truongHop,
            "birth_notice": self.maGCS
            and {"number": self.maGCS, "issued_on": day(self.ngayCapGCS), "facility": more.coSoCapGCS},
            "mother": self._parent("me", more.meDaMat),
            "father": self._parent("cha", more.chaDaMat),
            "marriage": more.ketHon
            and {
                "number": more.ketHon.so,
                "book": more.ketHon.quyenSo,
                "registered_on": day(more.ketHon.ngayDangKy),
                "place": more.ketHon.noiDangKy,
            },
            "residence_registration": {
                "householder": {"full_name": at_home.chuHoHoTen, "personal_id": at_home.chuHoSoDDCN},
                "relation_to_householder": at_home.quanHeChuHo,
                "address": at_home.noiDangKy.read(),
                "dwelling_owners": [
                    {"full_name": owner.hoTen, "personal_id": owner.soDDCN} for owner in at_home.chuSoHuu
                ],
            },
            "health_insurance": {
                "initial_facility": unit(more.bhyt.maNoiKCB, more.bhyt.tenNoiKCB),
                "poor_household": more.bhyt.soHoNgheo
                and {"number": more.bhyt.soHoNgheo, "issued_on": day(more.bhyt.ngayCapHoNgheo)},
            },
            "results": {
                "birth_certificate_copies": int(self.soLuongBanSao),
                "residence_notice_paper": on_paper(paper.cuTruNoiNhan, paper.cuTruDiaChi),
                "health_card_paper": on_paper(paper.theBHYTNoiNhan, paper.theBHYTDiaChi),
            },
            "vneid_integration": more.tichHopVNeID,
            "fee_relief": [relief.read() for relief in more.mienLePhi],
            "identity_card": {"requested": more.deNghiCapTheCanCuoc},
            "attested": more.camDoan,
        }

    def _parent(self, prefix: str, deceased: bool) -> Json | None:
        """The mother (`me`) or the father (`cha`), if the record has one."""

        def said(field: str) -> Any:
            return getattr(self, f"{prefix}{field}")

        if said("HoTen") is None:
            return None
        return {
            "full_name": said("HoTen"),
            "personal_id": said("SoDDCN"),
            "passport": passport(said("LoaiGiayToTuyThan"), said("SoGiayToTuyThan")),
            "born": day(said("NgaySinh")),
            "ethnicity": listed(said("DanToc"), said("DanTocKhac")),
            "nationality": listed(said("QuocTich"), said("QuocTichKhac")),
            "residence": said("NoiCuTru") and residence(said("LoaiCuTru"), said("NoiCuTru")),
            "deceased": deceased,
        }
