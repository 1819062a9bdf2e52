"""The registry of search attributes: the one place that names them (DESIGN §3.7).

SQL visibility has room for 3 KeywordList and 3 Datetime attributes. Their values are readable even with a payload
codec, so nothing personal ever stands in them.
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
}

_MEANINGS = {
    SearchAttribute.GROUP: "nhóm thủ tục: birth",
    SearchAttribute.PROVINCE: "mã tỉnh của hồ sơ",
    SearchAttribute.STAGE: "giai đoạn của hồ sơ",
    SearchAttribute.OUTCOME: "kết quả khi đã kết thúc",
    SearchAttribute.WAITING_FOR: "đang chờ ai: citizen, consent, hoặc hệ thống cơ quan",
    SearchAttribute.OPEN_LEGS: "các thủ tục chưa kết thúc",
    SearchAttribute.GROUP_DUE: "hạn của cả nhóm",
    SearchAttribute.NEXT_DUE: "hạn sớm nhất trong các thủ tục đang giải quyết",
}


class AttributeValues(Model):
    """The values of one dossier; None or empty means unset."""

    keywords: dict[SearchAttribute, str]
    lists: dict[SearchAttribute, tuple[str, ...]]
    instants: dict[SearchAttribute, datetime]
