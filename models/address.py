"""Addresses as dated codes plus the detail as typed (REQUIREMENTS §8): never flattened, codes are text."""

import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from models.base import Model, Text
from models.codes import Tiers, Vocabulary, country_codes, fold, label_of, province, tiers_on, two_tiers_from
from models.days import Day

VIETNAM = "VN"


def _digits(count: int, what: str) -> AfterValidator:
    pattern = re.compile(f"[0-9]{{{count}}}")

    def judge(value: str) -> str:
        if not pattern.fullmatch(value):
            raise PydanticCustomError(
                "place_code", "{what} phải gồm đúng {count} chữ số.", {"what": what, "count": count}
            )
        return value

    return AfterValidator(judge)


def _known_country(value: str) -> str:
    if value not in country_codes():
        raise PydanticCustomError("country", "Mã nước không có trong danh mục (2 chữ cái theo ISO 3166, ví dụ: VN).")
    return value


CountryCode = Annotated[str, AfterValidator(_known_country)]
"""ISO 3166-1 alpha-2, or XX for a stateless person."""

ProvinceCode = Annotated[str, _digits(2, "Mã tỉnh")]
DistrictCode = Annotated[str, _digits(3, "Mã huyện")]
CommuneCode = Annotated[str, _digits(5, "Mã xã")]


def field_errors(faults: dict[str, str]) -> ValidationError:
    """The error of a model whose fields contradict each other: one Vietnamese line at each field concerned."""
    return ValidationError.from_exception_data(
        "fields",
        [
            InitErrorDetails(
                type=PydanticCustomError("between_fields", "{text}", {"text": text}), loc=(field,), input=None
            )
            for field, text in faults.items()
        ],
    )


class Address(Model):
    """A place in Việt Nam by the codes of a date, or a place abroad by its detail alone.

    Three tiers (district required) until 2025-06-30, two (district forbidden) after; the province must exist on
    `codes_on`. District and commune codes are checked here by shape, against lists in `models.communes`. Names stay as
    written.
    """

    codes_on: Day | None = Field(None, title="Ngày của mã địa danh")
    province_code: ProvinceCode | None = Field(None, title="Tỉnh, thành phố")
    district_code: DistrictCode | None = Field(None, title="Huyện")
    district_name: Text | None = Field(None, title="Tên huyện")
    commune_code: CommuneCode | None = Field(None, title="Xã, phường, đặc khu")
    commune_name: Text | None = Field(None, title="Tên xã, phường, đặc khu")
    detail: Text | None = Field(None, title="Địa chỉ chi tiết")
    country: CountryCode = Field(VIETNAM, title="Nước")

    @property
    def in_vietnam(self) -> bool:
        return self.country == VIETNAM

    @property
    def tiers(self) -> Tiers | None:
        """How many tiers its codes have; None abroad."""
        return tiers_on(self.codes_on) if self.codes_on else None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        faults = self._faults_at_home() if self.in_vietnam else self._faults_abroad()
        if faults:
            raise field_errors(faults)
        return self

    def _faults_at_home(self) -> dict[str, str]:
        needed = ("codes_on", "province_code", "commune_code")
        faults = {field: "Bắt buộc với địa chỉ ở Việt Nam." for field in needed if getattr(self, field) is None}
        if self.codes_on is None:
            return faults
        if self.province_code and province(self.province_code, self.codes_on) is None:
            faults["province_code"] = f"Không có tỉnh mã {self.province_code} vào ngày {self.codes_on:%d/%m/%Y}."
        if self.tiers is Tiers.THREE and self.district_code is None:
            faults["district_code"] = (
                f"Bắt buộc: trước ngày {two_tiers_from():%d/%m/%Y} địa chỉ có ba cấp tỉnh, huyện, xã."
            )
        if self.tiers is Tiers.TWO:
            for field in ("district_code", "district_name"):
                if getattr(self, field) is not None:
                    faults[field] = f"Không ghi: từ ngày {two_tiers_from():%d/%m/%Y} không còn cấp huyện."
        return faults

    def _faults_abroad(self) -> dict[str, str]:
        only_home = ("codes_on", "province_code", "district_code", "district_name", "commune_code", "commune_name")
        faults = {
            field: "Không ghi với địa chỉ ở nước ngoài; ghi vào địa chỉ chi tiết."
            for field in only_home
            if getattr(self, field) is not None
        }
        if self.detail is None:
            faults["detail"] = "Bắt buộc với địa chỉ ở nước ngoài."
        return faults


def same_dwelling(a: Address, b: Address) -> bool:
    """Whether two addresses are the same dwelling: same codes of the same era and same detail after folding.

    Addresses without detail, or with codes of different eras, are never shown to be the same dwelling: the safe answer,
    since “the same” can remove a consent.
    """
    if not a.detail or not b.detail:
        return False
    return _place(a) == _place(b) and fold(a.detail) == fold(b.detail)


def _place(address: Address) -> tuple[str | None, ...]:
    return (address.country, address.tiers, address.province_code, address.district_code, address.commune_code)


class ResidenceKind(StrEnum):
    """Loại cư trú (form 01, note 2)."""

    PERMANENT = "permanent"
    TEMPORARY = "temporary"
    CURRENT = "current"

    @property
    def label(self) -> str:
        """As on the portal."""
        return label_of(Vocabulary.RESIDENCE_KIND, self.value)


class Residence(Model):
    """Nơi cư trú: permanent or temporary as the citizen chooses (form 01, note 2); current where there is neither."""

    kind: ResidenceKind = Field(title="Loại cư trú")
    address: Address = Field(title="Địa chỉ")
