"""What the civil-status software's records of births and deaths have in common, by its own lights."""

from datetime import datetime

from models.base import Model
from simulator.code_words import HANDED_OVER, RESIDENCES, meant
from simulator.wire import Given, Json

_PASSPORT = "6"


class _More(Model):
    ngayMa: Given | None = None
    tenHuyen: Given | None = None
    tenXa: Given | None = None
    maNuoc: Given


class Place(Model):
    """An address."""

    maTinh: Given | None = None
    maHuyen: Given | None = None
    maXa: Given | None = None
    dcChiTiet: Given | None = None
    moRong: _More

    def read(self) -> Json:
        """The address in the form's own places."""
        return {
            "codes_on": self.moRong.ngayMa and day(self.moRong.ngayMa),
            "province_code": self.maTinh,
            "district_code": self.maHuyen,
            "district_name": self.moRong.tenHuyen,
            "commune_code": self.maXa,
            "commune_name": self.moRong.tenXa,
            "detail": self.dcChiTiet,
            "country": self.moRong.maNuoc,
        }


class Person(Model):
    """A person by name and number."""

    hoTen: Given
    soDDCN: Given


class Relief(Model):
    """Why no fee is due."""

    doiTuong: Given
    soGiay: Given
    ngayCap: Given

    def read(self) -> Json:
        """The ground in the form's own places."""
        return {"ground": self.doiTuong, "number": self.soGiay, "issued_on": day(self.ngayCap)}


def day(text: str | None) -> str:
    """dd/MM/yyyy, MM/yyyy or yyyy as an ISO date of the same precision."""
    for written, iso in (("%d/%m/%Y", "%Y-%m-%d"), ("%m/%Y", "%Y-%m"), ("%Y", "%Y")):
        try:
            return datetime.strptime(text or "", written).strftime(iso)  # noqa: DTZ007
        except ValueError:
            continue
    raise ValueError("not a date of this wire")


def passport(kind: str | None, number: str | None) -> str | None:
    """The number of a passport, if there is one. Raises ValueError for another paper."""
    if number and kind != _PASSPORT:
        raise ValueError("a paper that is no passport")
    return number


def unit(code: str, name: str) -> Json:
    """A body chosen from a list."""
    return {"code": code, "name": name}


def listed(code: str | None, text: str) -> Json:
    """An ethnic group or a nationality."""
    return {"code": code, "text": text}


def residence(kind: str, place: Place) -> Json:
    """Where somebody lives, and how."""
    return {"kind": meant(RESIDENCES, kind), "address": place.read()}


def on_paper(place: str | None, address: Place | None) -> Json | None:
    """Where a result is handed over on paper, if it is."""
    return {"place": meant(HANDED_OVER, place), "address": address and address.read()} if place else None
