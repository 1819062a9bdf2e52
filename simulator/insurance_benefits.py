"""Social insurance reading requests about benefits after a death, by its own lights: what it makes of each field."""

from typing import Any

from pydantic import model_validator

from models.base import Model
from simulator.benefit_parts import (
    FuneralRecipient,
    Insurance,
    InsuredRelative,
    Kin,
    Organisation,
    Payee,
    Receiver,
    read,
)
from simulator.code_words import KINSHIP, SEXES, meant
from simulator.insurance_parts import as_a_record, day
from simulator.record_parts import Place, on_paper, unit
from simulator.wire import Given, Json


class BenefitEnd(Model):
    """`toKhai` of a part that ends a monthly benefit, and what every part about a death begins with."""

    MA_TINH: Given
    MA_CO_QUAN_BHXH: Given
    TEN_CO_QUAN_BHXH: Given
    MA_NOI_DANG_KY_KT: Given
    TEN_NOI_DANG_KY_KT: Given
    HO_TEN_NYC: Given
    SO_CCCD_NYC: Given
    QUAN_HE_NYC: Given | None = None
    QUAN_HE_NYC_GHI_RO: Given | None = None
    TO_CHUC_NYC: Organisation | None = None
    DIEN_THOAI_NYC: Given
    EMAIL_NYC: Given | None = None
    HO_TEN: Given
    NGAY_SINH: Given
    GIOI_TINH: Given
    SO_CCCD: Given | None = None
    SO_HO_CHIEU: Given | None = None
    NGAY_TV: Given
    baoHiemXaHoi: Insurance | None = None

    @model_validator(mode="before")
    @classmethod
    def _read(cls, said: Any) -> Any:
        return as_a_record(said)

    def understood(self) -> Json:
        """The request in the places form 02 has for it. Raises ValueError where a code or a date says nothing."""
        return {
            "recipients": {
                "province_code": self.MA_TINH,
                "social_insurance_office": unit(self.MA_CO_QUAN_BHXH, self.TEN_CO_QUAN_BHXH),
                "civil_status_office": unit(self.MA_NOI_DANG_KY_KT, self.TEN_NOI_DANG_KY_KT),
            },
            "applicant": {
                "full_name": self.HO_TEN_NYC,
                "personal_id": self.SO_CCCD_NYC,
                "relation": self.QUAN_HE_NYC and meant(KINSHIP, self.QUAN_HE_NYC),
                "relation_text": self.QUAN_HE_NYC_GHI_RO,
                "organisation": read(self.TO_CHUC_NYC),
                "phone": self.DIEN_THOAI_NYC,
                "email": self.EMAIL_NYC,
            },
            "deceased": {
                "full_name": self.HO_TEN,
                "born": day(self.NGAY_SINH),
                "sex": meant(SEXES, self.GIOI_TINH),
                "personal_id": self.SO_CCCD,
                "passport": self.SO_HO_CHIEU,
                "died_on": day(self.NGAY_TV),
            },
            "benefits": {"insurance": read(self.baoHiemXaHoi), **self._benefits()},
            "results": self._results(),
        }

    def _benefits(self) -> Json:
        return {}

    def _results(self) -> Json:
        return {}


class _Decided(BenefitEnd):
    CACH_NHAN_QUYET_DINH: Given | None = None
    NHAN_QUYET_DINH: Place | None = None

    def _results(self) -> Json:
        return {"benefit_decision_paper": on_paper(self.CACH_NHAN_QUYET_DINH, self.NHAN_QUYET_DINH)}


class FuneralBenefit(_Decided):
    """`toKhai` of a part for the funeral benefit."""

    nguoiNhanMaiTangPhi: FuneralRecipient | None = None
    thanNhan: tuple[Kin, ...] = ()

    def _benefits(self) -> Json:
        return {
            "funeral_recipient": read(self.nguoiNhanMaiTangPhi),
            "relatives": [one.read() for one in self.thanNhan],
        }


class SurvivorBenefit(_Decided):
    """`toKhai` of a part for the survivor benefit."""

    thanNhan: tuple[InsuredRelative, ...] = ()
    nguoiDungTenNhan: tuple[Payee, ...] = ()
    daiDienThanNhan: Receiver | None = None
    daKeKhaiDuThanNhan: bool | None = None

    def _benefits(self) -> Json:
        return {
            "relatives": [one.read() for one in self.thanNhan],
            "payees": [one.read() for one in self.nguoiDungTenNhan],
            "representative": read(self.daiDienThanNhan),
            "all_relatives_declared": self.daKeKhaiDuThanNhan,
        }
