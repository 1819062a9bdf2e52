"""How values of a form are written in a civil-status record of the DVCLT wire (`activities.dvclt`)."""

from collections.abc import Iterable

from activities.field_map import slashed_day
from activities.wire import Json, said
from models.address import Address
from models.agency_codes import CodeSystem, IdentityPaper, code_of
from models.form_parts import FeeRelief, NamedPerson


def address(place: Address) -> Json:
    """The object of the record towards BTP; `moRong` holds what it has no name for."""
    more = {
        "ngayMa": place.codes_on and slashed_day(place.codes_on),
        "tenHuyen": place.district_name,
        "tenXa": place.commune_name,
        "maNuoc": place.country,
    }
    record = {
        "maTinh": place.province_code,
        "maHuyen": place.district_code,
        "maXa": place.commune_code,
        "dcChiTiet": place.detail,
        "moRong": _stated(more),
    }
    return _stated(record)


def people(named: Iterable[NamedPerson]) -> list[Json] | None:
    """People by name and number."""
    return [{"hoTen": person.full_name, "soDDCN": person.personal_id} for person in named] or None


def reliefs(granted: Iterable[FeeRelief]) -> list[Json] | None:
    """Why no fee is due."""
    return [
        {"doiTuong": relief.ground.value, "soGiay": relief.number, "ngayCap": slashed_day(relief.issued_on)}
        for relief in granted
    ] or None


def passport_type(_: str) -> str:
    """The ministry's number of that paper."""
    return code_of(CodeSystem.JUSTICE, IdentityPaper.PASSPORT)


def _stated(fields: Json) -> Json:
    return {name: value for name, value in fields.items() if said(value) is not None}
