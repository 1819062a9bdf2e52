"""Social insurance reading the request for a child's card, by its own lights: what it makes of each field."""

from typing import Any

from models.base import Model
from simulator.code_words import HANDED_OVER, RELATIONS, SEXES, meant
from simulator.insurance_parts import day
from simulator.wire import Given, Json


class CardRequest(Model):
    """`toKhai` of a part: who the child is, whose, where it lives and is treated."""

    MA_TINH: Given
    MA_CO_QUAN_BHXH: Given
    TEN_CO_QUAN_BHXH: Given
    MA_NOI_DANG_KY_KS: Given
    TEN_NOI_DANG_KY_KS: Given
    HO_TEN_NYC: Given
    SO_CCCD_NYC: Given
    QUAN_HE_NYC: Given
    DIEN_THOAI_NYC: Given
    EMAIL_NYC: Given | None = None
    HO_TEN_CON: Given
    NGAY_SINH_CON: Given
    GIOI_TINH_CON: Given
    MA_DANTOC_CON: Given | None = None
    TEN_DANTOC_CON: Given
    MA_QUOCTICH_CON: Given
    TEN_QUOCTICH_CON: Given
    MA_GCS: Given | None = None
    HO_TEN_ME: Given | None = None
    SO_CCCD_ME: Given | None = None
    SO_HO_CHIEU_ME: Given | None = None
    HO_TEN_CHA: Given | None = None
    SO_CCCD_CHA: Given | None = None
    SO_HO_CHIEU_CHA: Given | None = None
    NGAY_MA_CU_TRU: Given | None = None
    MATINH_CU_TRU: Given | None = None
    MAHUYEN_CU_TRU: Given | None = None
    TENHUYEN_CU_TRU: Given | None = None
    MAXA_CU_TRU: Given | None = None
    TENXA_CU_TRU: Given | None = None
    NOI_CU_TRU: Given | None = None
    MANUOC_CU_TRU: Given
    MA_KCB_BAN_DAU: Given
    TEN_KCB_BAN_DAU: Given
    SO_HO_NGHEO: Given | None = None
    NGAY_CAP_HO_NGHEO: Given | None = None
    CACH_NHAN_THE: Given | None = None
    NGAY_MA_NHAN_THE: Given | None = None
    MATINH_NHAN_THE: Given | None = None
    MAHUYEN_NHAN_THE: Given | None = None
    TENHUYEN_NHAN_THE: Given | None = None
    MAXA_NHAN_THE: Given | None = None
    TENXA_NHAN_THE: Given | None = None
    NOI_NHAN_THE: Given | None = None
    MANUOC_NHAN_THE: Given | None = None

    def understood(self) -> Json:
        """The request in the places form 01 has for it. Raises ValueError where a code or a date says nothing."""
        return {
            "recipients": {
                "province_code": self.MA_TINH,
                "social_insurance_office": {"code": self.MA_CO_QUAN_BHXH, "name": self.TEN_CO_QUAN_BHXH},
                "civil_status_office": {"code": self.MA_NOI_DANG_KY_KS, "name": self.TEN_NOI_DANG_KY_KS},
            },
            "applicant": {
                "full_name": self.HO_TEN_NYC,
                "personal_id": self.SO_CCCD_NYC,
                "relation": meant(RELATIONS, self.QUAN_HE_NYC),
                "phone": self.DIEN_THOAI_NYC,
                "email": self.EMAIL_NYC,
            },
            "child": {
                "full_name": self.HO_TEN_CON,
                "born_on": day(self.NGAY_SINH_CON),
                "sex": meant(SEXES, self.GIOI_TINH_CON),
                "ethnicity": {"code": self.MA_DANTOC_CON, "text": self.TEN_DANTOC_CON},
                "nationality": {"code": self.MA_QUOCTICH_CON, "text": self.TEN_QUOCTICH_CON},
            },
            "birth_notice": self.MA_GCS and {"number": self.MA_GCS},
            "mother": self._parent("ME"),
            "father": self._parent("CHA"),
            "residence_registration": {"address": self._address("CU_TRU")},
            "health_insurance": {
                "initial_facility": {"code": self.MA_KCB_BAN_DAU, "name": self.TEN_KCB_BAN_DAU},
                "poor_household": self.SO_HO_NGHEO
                and {"number": self.SO_HO_NGHEO, "issued_on": day(self.NGAY_CAP_HO_NGHEO)},
            },
            "results": {
                "health_card_paper": self.CACH_NHAN_THE
                and {
                    "place": meant(HANDED_OVER, self.CACH_NHAN_THE),
                    "address": self._address("NHAN_THE") if self.MANUOC_NHAN_THE else None,
                }
            },
        }

    def _parent(self, suffix: str) -> Json | None:
        if not self._said("HO_TEN", suffix):
            return None
        return {
            "full_name": self._said("HO_TEN", suffix),
            "personal_id": self._said("SO_CCCD", suffix),
            "passport": self._said("SO_HO_CHIEU", suffix),
        }

    def _address(self, suffix: str) -> Json:
        coded_on = self._said("NGAY_MA", suffix)
        return {
            "codes_on": coded_on and day(coded_on),
            "province_code": self._said("MATINH", suffix),
            "district_code": self._said("MAHUYEN", suffix),
            "district_name": self._said("TENHUYEN", suffix),
            "commune_code": self._said("MAXA", suffix),
            "commune_name": self._said("TENXA", suffix),
            "detail": self._said("NOI", suffix),
            "country": self._said("MANUOC", suffix),
        }

    def _said(self, field: str, suffix: str) -> Any:
        return getattr(self, f"{field}_{suffix}")
