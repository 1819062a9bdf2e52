"""Communes (xã, phường, thị trấn, đặc khu) by date, and addresses judged by them.

A commune code means nothing without a date: 07375 was Thị trấn Vôi until 2025-06-30 and is Xã Lạng Giang since. A code
is refused as unknown only where a list says of itself that it is whole; elsewhere nobody here can tell, and says so.
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from models.address import Address
from models.base import Code, Text
from models.codes import Dated, fold


class CommuneType(StrEnum):
    """The kinds of commune; thị trấn ended with the districts on 2025-06-30, đặc khu began the day after."""

    XA = "xã"
    PHUONG = "phường"
    THI_TRAN = "thị trấn"
    DAC_KHU = "đặc khu"


class Commune(Dated):
    """A commune between two dates, named with its type. `successors`: the communes of 2025-07-01 it went into."""

    code: Code
    name: Text
    type: CommuneType
    province_code: Code
    district_code: Code | None = None
    district_name: Text | None = None
    successors: tuple[Code, ...] = ()

    @property
    def successor(self) -> str | None:
        """The commune it became, None where it was divided: then only a person who knows the place can tell."""
        return self.successors[0] if len(self.successors) == 1 else None

    def is_called(self, text: str) -> bool:
        """Whether a text is its name, with or without its type."""
        key = fold(text)
        return key in (fold(self.name), fold(self.name).removeprefix(f"{self.type} "))


class WholeList(Dated):
    """A statement that every commune of a province (None: of every province) is listed between two dates."""

    province_code: Code | None


class Fault(NamedTuple):
    """What is wrong with a place: the field of the address and a message for the declarant."""

    field: str
    message: str


class CommuneList(NamedTuple):
    """The content of one file."""

    communes: tuple[Commune, ...]
    whole: tuple[WholeList, ...] = ()


class _Listed(NamedTuple):
    commune: Commune
    list_number: int


class Communes:
    """Lists of communes; where two speak of one code or one is whole, the later one is believed.

    All answers about an address are for the day its codes are of.
    """

    def __init__(self, lists: Iterable[CommuneList]) -> None:
        self._rows: dict[str, list[_Listed]] = {}
        self._whole: list[tuple[WholeList, int]] = []
        for number, one in enumerate(lists):
            for commune in one.communes:
                self._rows.setdefault(commune.code, []).insert(0, _Listed(commune, number))
            self._whole += [(whole, number) for whole in one.whole]

    def find(self, code: str, on: date) -> Commune | None:
        """The commune a code denoted on a date, None when no list loaded has it."""
        for commune, number in self._rows.get(code, ()):
            if commune.in_force(on) and not self._said_whole(commune.province_code, on, after=number):
                return commune
        return None

    def meanings(self, text: str) -> tuple[Commune, ...]:
        """Everything a code, or a name with or without its type, has denoted, oldest first."""
        rows = [row.commune for listed in self._rows.values() for row in listed]
        found = {row for row in rows if row.code == text or row.is_called(text)}
        return tuple(sorted(found, key=lambda row: (row.valid_from or date.min, row.code)))

    def of_province(self, province_code: str, on: date) -> int:
        """How many communes of a province are listed on a date."""
        found = (self.find(code, on) for code in self._rows)
        return sum(row is not None and row.province_code == province_code for row in found)

    def whole(self, province_code: str, on: date) -> bool:
        """Whether a list loaded says that it has every commune of the province on that date."""
        return self._said_whole(province_code, on, after=-1)

    def fault(self, address: Address) -> Fault | None:
        """Why the codes of an address cannot be right; None also when no list can tell (see `known`)."""
        if not (address.codes_on and address.province_code and address.commune_code):
            return None
        on = address.codes_on
        commune = self.find(address.commune_code, on)
        if commune is None:
            if not self.whole(address.province_code, on):
                return None
            return Fault("commune_code", f"Không có xã, phường, đặc khu mang mã này vào ngày {on:%d/%m/%Y}.")
        if commune.province_code != address.province_code:
            return Fault("commune_code", f"Xã, phường, đặc khu mang mã này thuộc tỉnh mã {commune.province_code}.")
        if commune.district_code != address.district_code:
            return Fault("district_code", f"Xã, phường mang mã đã ghi thuộc huyện mã {commune.district_code}.")
        return None

    def known(self, address: Address) -> bool:
        """Whether a list loaded has the commune of an address; True abroad, where there is nothing to know."""
        if not (address.codes_on and address.commune_code):
            return True
        return self.find(address.commune_code, address.codes_on) is not None

    def name_differs(self, address: Address) -> bool:
        """Whether the name written is not that of the commune the code denotes."""
        if not (address.codes_on and address.commune_code and address.commune_name):
            return False
        commune = self.find(address.commune_code, address.codes_on)
        return commune is not None and not commune.is_called(address.commune_name)

    def _said_whole(self, province_code: str, on: date, after: int) -> bool:
        return any(
            number > after and one.province_code in (None, province_code) and one.in_force(on)
            for one, number in self._whole
        )
