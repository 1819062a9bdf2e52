"""How social insurance reads days and addresses, by its own lights."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from simulator.wire import Json

_IN_ADDRESS = {"MATINH": "maTinh", "MAHUYEN": "maHuyen", "MAXA": "maXa", "NOI": "dcChiTiet"}
_BESIDES = {"NGAY_MA": "ngayMa", "TENHUYEN": "tenHuyen", "TENXA": "tenXa", "MANUOC": "maNuoc"}
_PLACES = {"DIA_CHI": "diaChi", "CU_TRU": "noiCuTru", "NHAN_QUYET_DINH": "NHAN_QUYET_DINH"}
_DAYS = frozenset({"ngayMa", "ngaySinh", "ngayCap"})


def day(text: str | None) -> str:
    """yyyyMMdd, yyyyMM or yyyy as an ISO date of the same precision. Raises ValueError."""
    for length, written, iso in ((8, "%Y%m%d", "%Y-%m-%d"), (6, "%Y%m", "%Y-%m"), (4, "%Y", "%Y")):
        if text and len(text) == length:
            return datetime.strptime(text, written).strftime(iso)  # noqa: DTZ007
    raise ValueError("not a date of this wire")


def as_a_record(said: Any) -> Any:
    """What this wire says of people and places, spelt as `record_parts` and `benefit_parts` read it."""
    if isinstance(said, list):
        return [as_a_record(one) for one in said]
    if not isinstance(said, Mapping):
        return said
    record: Json = {}
    for name, value in said.items():
        field, place = _of_a_place(name)
        if place is None:
            record[name] = _value(name, value)
            continue
        address = record.setdefault(_PLACES[place], {"moRong": {}})
        if field in _IN_ADDRESS:
            address[_IN_ADDRESS[field]] = value
        else:
            address["moRong"][_BESIDES[field]] = _value(_BESIDES[field], value)
    return record


def _of_a_place(name: str) -> tuple[str, str | None]:
    """A name as the field of an address and the place it is of; of anything else, no place."""
    for place in _PLACES:
        field = name.removesuffix(f"_{place}")
        if field != name and field in {*_IN_ADDRESS, *_BESIDES}:
            return field, place
    return name, None


def _value(name: str, value: Any) -> Any:
    return "/".join(reversed(day(value).split("-"))) if name in _DAYS else as_a_record(value)
