"""The registry of search attributes: the one place that names them (DESIGN §3.7).

SQL visibility has room for 3 KeywordList and 3 Datetime attributes, all of them taken, and for 10 Keyword ones. Their
values are readable even with a payload codec, so nothing personal ever stands in them.
"""

from datetime import datetime
from enum import StrEnum

from models.base import Model


class AttributeType(StrEnum):
    """The types of Temporal search attributes we use."""

    KEYWORD = "Keyword"
    KEYWORD_LIST = "KeywordList"
    DATETIME = "Datetime"


class SearchAttribute(StrEnum):
    """An attribute operators can search by in the Temporal UI."""

    GROUP = "DossierGroup"
    PROVINCE = "Province"
    STAGE = "DossierStage"
    OUTCOME = "DossierOutcome"
    WAITING_FOR = "WaitingFor"
    OPEN_LEGS = "OpenLegs"
    GROUP_DUE = "GroupDue"
    NEXT_DUE = "NextDue"
    OVERDUE_AT = "OverdueAt"
    WAITING_SINCE = "WaitingSince"
    STUCK_SINCE = "StuckSince"
    TIMELINESS = "Timeliness"

    @property
    def type(self) -> AttributeType:
        return _TYPES.get(self, AttributeType.KEYWORD)

    @property
    def meaning(self) -> str:
        """What operators read in the documentation."""
        return _MEANINGS[self]


_TYPES = {
    SearchAttribute.WAITING_FOR: AttributeType.KEYWORD_LIST,
    SearchAttribute.OPEN_LEGS: AttributeType.KEYWORD_LIST,
    SearchAttribute.GROUP_DUE: AttributeType.DATETIME,
    SearchAttribute.NEXT_DUE: AttributeType.DATETIME,
    SearchAttribute.OVERDUE_AT: AttributeType.KEYWORD_LIST,
    SearchAttribute.WAITING_SINCE: AttributeType.DATETIME,
}

CITIZEN, CONSENT = "citizen", "consent"
"""Values of `WaitingFor` besides the systems: the citizen's documents or payment, people asked for consent in VNeID."""

OPERATOR = "operator"
"""The value of `WaitingFor` when a person at our own desk must decide something on record."""

UNREACHED, REJECTED = "unreached", "rejected"
"""Values of `WaitingFor` beside the system that does not take what it is sent: it does not answer, or it refuses."""

NO_AGENCY = "no_agency"
"""The value of `OverdueAt` when the whole group is late and no leg is (REQUIREMENTS §6.8: “late, no agency”)."""

_MEANINGS = {
    SearchAttribute.GROUP: "nhóm thủ tục: birth (khai sinh), death (khai tử)",
    SearchAttribute.PROVINCE: "mã tỉnh của hồ sơ",
    SearchAttribute.STAGE: "giai đoạn của hồ sơ",
    SearchAttribute.OUTCOME: "kết quả khi đã kết thúc",
    SearchAttribute.WAITING_FOR: (
        "đang chờ ai: citizen, consent, operator (người vận hành quyết định), hoặc hệ thống cơ quan; kèm unreached khi "
        "một hệ thống không trả lời, rejected khi hệ thống không nhận thông điệp"
    ),
    SearchAttribute.OPEN_LEGS: "các thủ tục chưa kết thúc",
    SearchAttribute.GROUP_DUE: "hạn của cả nhóm",
    SearchAttribute.NEXT_DUE: "hạn sớm nhất sắp tới trong các thủ tục cơ quan đang giải quyết (hạn đã qua: OverdueAt)",
    SearchAttribute.OVERDUE_AT: "các hệ thống cơ quan đang quá hạn; no_agency: cả nhóm quá hạn, không cơ quan nào trễ",
    SearchAttribute.WAITING_SINCE: (
        "từ lúc nào chờ việc lâu nhất của công dân: xác nhận hoặc văn bản đồng ý, giấy tờ, bổ sung, lệ phí"
    ),
    SearchAttribute.STUCK_SINCE: (
        "ngày (yyyy-mm-dd) từ đó một thủ tục chờ cơ quan mà không có hạn: đã gửi chưa được tiếp nhận, "
        "đã giải quyết còn thiếu bản điện tử"
    ),
    SearchAttribute.TIMELINESS: "khi đã kết thúc: early sớm hạn, on_time đúng hạn, late quá hạn",
}


class AttributeValues(Model):
    """The values of one dossier; None or empty means unset."""

    keywords: dict[SearchAttribute, str]
    lists: dict[SearchAttribute, tuple[str, ...]]
    instants: dict[SearchAttribute, datetime]
