"""Benefits after a death at social insurance: which field of form 02 goes there with which part, and which do not.

QĐ 296/QĐ-VPCP splits the dossier (phân tách) before it goes on. As for a child's card, only what a part needs leaves
[choice]: who died and under which insurance number, who declares, and

- for the funeral benefit who buried, how the money is received, and who the relatives are that let one receive for all;
- for the survivor benefit the relatives as declared, who receives for them, and who represents them;
- to end a monthly benefit nothing more: it is the deceased's own.

Neither the cause of death nor a relative's income or account goes with a part that does not turn on it. The deceased is
named as on the gateway's death notice (STANDARDS §1.4), days are yyyyMMdd, or less where less is known, and addresses
go field by field; the rest as in `benefit_rows`.
"""

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain

from activities.benefit_rows import (
    FUNERAL_RECIPIENT,
    INSURANCE,
    INSURED_RELATIVE,
    KINSHIP,
    ORGANISATION,
    PAYEE,
    RECEIVING_PERSON,
)
from activities.dvclt_values import address
from activities.field_map import PAPER_PLACE, Part, Parts, Row, compact_day, in_words, sex, slashed_day
from activities.insurance_values import flat_address

_PLACES = {"diaChi": "DIA_CHI", "noiCuTru": "CU_TRU"}
"""How the addresses of `benefit_rows` end here."""


def _here(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Rows of `benefit_rows` with days and addresses as this wire writes them."""
    return tuple(chain.from_iterable(map(_written_here, rows)))


def _written_here(row: Row) -> tuple[Row, ...]:
    if isinstance(row.write, Part | Parts):
        return (replace(row, write=replace(row.write, rows=_here(row.write.rows))),)
    if row.write is address:
        return flat_address(row.form, _PLACES[row.wire])
    return (replace(row, write=compact_day) if row.write is slashed_day else row,)


_CASE = (
    # Kính gửi
    Row("recipients.province_code", "MA_TINH"),
    Row("recipients.social_insurance_office.code", "MA_CO_QUAN_BHXH"),
    Row("recipients.social_insurance_office.name", "TEN_CO_QUAN_BHXH"),
    Row("recipients.civil_status_office.code", "MA_NOI_DANG_KY_KT"),
    Row("recipients.civil_status_office.name", "TEN_NOI_DANG_KY_KT"),
    # Người yêu cầu
    Row("applicant.full_name", "HO_TEN_NYC"),
    Row("applicant.personal_id", "SO_CCCD_NYC"),
    Row("applicant.relation", "QUAN_HE_NYC", in_words),
    Row("applicant.relation_text", "QUAN_HE_NYC_GHI_RO"),
    Row("applicant.organisation", "TO_CHUC_NYC", Part(_here(ORGANISATION))),
    Row("applicant.phone", "DIEN_THOAI_NYC"),
    Row("applicant.email", "EMAIL_NYC"),
    # Người chết
    Row("deceased.full_name", "HO_TEN"),
    Row("deceased.born", "NGAY_SINH", compact_day),
    Row("deceased.sex", "GIOI_TINH", sex),
    Row("deceased.personal_id", "SO_CCCD"),
    Row("deceased.passport", "SO_HO_CHIEU"),
    Row("deceased.died_on", "NGAY_TV", compact_day),
    Row("benefits.insurance", "baoHiemXaHoi", Part(INSURANCE)),
)

_PAPER = (
    Row("results.benefit_decision_paper.place", "CACH_NHAN_QUYET_DINH", PAPER_PLACE),
    *flat_address("results.benefit_decision_paper.address", "NHAN_QUYET_DINH"),
)

FUNERAL_BENEFIT = (
    *_CASE,
    Row("benefits.funeral_recipient", "nguoiNhanMaiTangPhi", Part(_here(FUNERAL_RECIPIENT))),
    Row("benefits.relatives", "thanNhan", Parts(KINSHIP)),
    *_PAPER,
)
"""Trợ cấp mai táng."""

SURVIVOR_BENEFIT = (
    *_CASE,
    Row("benefits.relatives", "thanNhan", Parts(_here(INSURED_RELATIVE))),
    Row("benefits.payees", "nguoiDungTenNhan", Parts(_here(PAYEE))),
    Row("benefits.representative", "daiDienThanNhan", Part(_here(RECEIVING_PERSON))),
    Row("benefits.all_relatives_declared", "daKeKhaiDuThanNhan"),
    *_PAPER,
)
"""Trợ cấp tuất."""

BENEFIT_END = _CASE
"""Thôi hưởng trợ cấp tuất hằng tháng."""
