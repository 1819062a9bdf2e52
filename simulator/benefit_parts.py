"""Benefits after a death as the simulated systems read them, by their own lights: people, money, what is claimed."""

from typing import Any

from models.base import Model
from simulator.code_words import KINSHIP, RECEIVES_AS, SEXES, meant
from simulator.record_parts import Place, day
from simulator.wire import Given, Json


class Money(Model):
    """How money is received."""

    hinhThuc: Given
    chuTaiKhoan: Given | None = None
    soTaiKhoan: Given | None = None
    nganHang: Given | None = None
    soViDienTu: Given | None = None

    def read(self) -> Json:
        """The same in the form's own places."""
        account = {"holder": self.chuTaiKhoan, "number": self.soTaiKhoan, "bank": self.nganHang}
        return {
            "way": self.hinhThuc,
            "account": account if any(account.values()) else None,
            "wallet_phone": self.soViDienTu,
        }


class Organisation(Model):
    """An organisation."""

    ten: Given
    diaChi: Place
    nguoiDaiDien: Given
    chucVu: Given
    soDienThoai: Given

    def read(self) -> Json:
        """The same in the form's own places."""
        return {
            "name": self.ten,
            "address": self.diaChi.read(),
            "representative": self.nguoiDaiDien,
            "position": self.chucVu,
            "phone": self.soDienThoai,
        }


class Insurance(Model):
    """The insurance of the deceased."""

    maSoBHXH: Given
    noiHuong: Given | None = None
    noiDong: Given | None = None

    def read(self) -> Json:
        """The same in the form's own places."""
        return {"number": self.maSoBHXH, "pension_place": self.noiHuong, "voluntary_place": self.noiDong}


class Kin(Model):
    """A relative by name, and how related."""

    hoTen: Given
    soDDCN: Given | None = None
    quanHe: Given
    quanHeGhiRo: Given | None = None
    daChet: bool

    def read(self) -> Json:
        """The same in the form's own places."""
        return {
            "full_name": self.hoTen,
            "personal_id": self.soDDCN,
            "relation": meant(KINSHIP, self.quanHe),
            "relation_text": self.quanHeGhiRo,
            "deceased": self.daChet,
        }


class Relative(Kin):
    """A relative as both tables of the form have one."""

    ngaySinh: Given
    gioiTinh: Given
    noiCuTru: Place | None = None
    soDienThoai: Given | None = None
    deNghi: Given | None = None
    nhanTien: Money | None = None
    matNangLucHanhVi: bool

    def read(self) -> Json:
        """The same in the form's own places."""
        return {
            **super().read(),
            "born": day(self.ngaySinh),
            "sex": meant(SEXES, self.gioiTinh),
            "address": self.noiCuTru and self.noiCuTru.read(),
            "phone": self.soDienThoai,
            "claim": self.deNghi,
            "receipt": self.nhanTien and self.nhanTien.read(),
            "lacks_capacity": self.matNangLucHanhVi,
        }


class InsuredRelative(Relative):
    """A relative under the law on social insurance."""

    maSoBHXH: Given | None = None
    thuNhapThang: int | None = None
    suyGiamKhaNangLaoDong: bool
    thanhToanPhiGiamDinh: bool

    def read(self) -> Json:
        """The same in the form's own places."""
        return {
            **super().read(),
            "social_insurance_number": self.maSoBHXH,
            "monthly_income_vnd": self.thuNhapThang,
            "capacity_reduced": self.suyGiamKhaNangLaoDong,
            "assessment_fee": self.thanhToanPhiGiamDinh,
        }


class MeritRelative(Relative):
    """A relative of a person with merit."""

    hoanCanh: Given | None = None

    def read(self) -> Json:
        """The same in the form's own places."""
        return {**super().read(), "circumstances": self.hoanCanh}


class AdultChild(Model):
    """A child of full age, studying or disabled."""

    hoTen: Given
    namSinh: int
    khuyetTatTu: Given | None = None
    ketThucPhoThong: Given | None = None
    coSoGiaoDuc: Given | None = None
    batDauHoc: Given | None = None

    def read(self) -> Json:
        """The same in the form's own places."""
        return {
            "full_name": self.hoTen,
            "birth_year": self.namSinh,
            "disabled_since": self.khuyetTatTu,
            "school_ended": self.ketThucPhoThong and day(self.ketThucPhoThong),
            "school": self.coSoGiaoDuc,
            "school_since": self.batDauHoc and day(self.batDauHoc),
        }


class Payee(Model):
    """Who receives for somebody else."""

    nguoiHuong: Given
    hoTen: Given
    quanHe: Given
    quanHeGhiRo: Given | None = None
    soDDCN: Given | None = None
    maSoBHXH: Given | None = None
    soHoChieu: Given | None = None
    noiCuTru: Place | None = None
    soDienThoai: Given | None = None
    nhanTien: Money

    def read(self) -> Json:
        """The same in the form's own places."""
        return {
            "beneficiary": self.nguoiHuong,
            "full_name": self.hoTen,
            "relation": meant(RECEIVES_AS, self.quanHe),
            "relation_text": self.quanHeGhiRo,
            "personal_id": self.soDDCN,
            "social_insurance_number": self.maSoBHXH,
            "passport": self.soHoChieu,
            "address": self.noiCuTru and self.noiCuTru.read(),
            "phone": self.soDienThoai,
            "receipt": self.nhanTien.read(),
        }


class _IdentityPaper(Model):
    so: Given
    ngayCap: Given
    noiCap: Given


class Receiver(Model):
    """A person who receives money."""

    hoTen: Given
    soDDCN: Given
    ngaySinh: Given
    gioiTinh: Given
    giayTo: _IdentityPaper | None = None
    noiCuTru: Place
    soDienThoai: Given
    soDienThoaiLienHe: Given | None = None
    quanHe: Given
    quanHeGhiRo: Given | None = None
    nhanTien: Money

    def read(self) -> Json:
        """The same in the form's own places."""
        paper = self.giayTo
        return {
            "full_name": self.hoTen,
            "personal_id": self.soDDCN,
            "born": day(self.ngaySinh),
            "sex": meant(SEXES, self.gioiTinh),
            "identity": paper and {"number": paper.so, "issued_on": day(paper.ngayCap), "issued_by": paper.noiCap},
            "address": self.noiCuTru.read(),
            "phone": self.soDienThoai,
            "contact_phone": self.soDienThoaiLienHe,
            "relation": meant(KINSHIP, self.quanHe),
            "relation_text": self.quanHeGhiRo,
            "receipt": self.nhanTien.read(),
        }


class FuneralRecipient(Model):
    """Who receives the funeral benefit."""

    caNhan: Receiver | None = None
    toChuc: Organisation | None = None
    toChucNhanTien: Money | None = None

    def read(self) -> Json:
        """The same in the form's own places."""
        return {
            "person": read(self.caNhan),
            "organisation": read(self.toChuc),
            "organisation_receipt": read(self.toChucNhanTien),
        }


def read(part: Any) -> Json | None:
    """What an optional part says."""
    return part.read() if part else None
