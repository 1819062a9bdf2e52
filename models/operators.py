"""Who may look (người vận hành): roles, and what of a dossier's data each of them may see in Temporal."""

from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from models.base import Code, Model
from models.labelled import Labelled


class OperatorRole(Labelled):
    """What an operator is there for; what they see follows from it."""

    SUPPORT = "support", "hỗ trợ"
    CASE_OFFICER = "case_officer", "cán bộ thụ lý"
    AUDITOR = "auditor", "kiểm toán"


class Sight(StrEnum):
    """How somebody sees a payload."""

    CLEAR = "clear"
    MASKED = "masked"


class NotForThem(StrEnum):
    """Why an operator may not see what they ask for."""

    ROLE = "role"
    PROVINCE = "province"


class NotPermitted(Exception):
    """An operator may not see it; `text` says why in Vietnamese, without personal data."""

    def __init__(self, why: NotForThem, text: str) -> None:
        super().__init__(text)
        self.why = why
        self.text = text


OPERATOR_ID = r"[A-Za-z0-9][A-Za-z0-9._/+@-]{0,79}"
OperatorId = Annotated[str, StringConstraints(pattern=rf"^{OPERATOR_ID}$")]
"""What an operator goes by, whether they look or act, and on the audit trail: a code or an address of e-mail."""


class Operator(Model):
    """A person who operates dossiers of their `provinces`: a case officer's are named, support without any has all."""

    id: OperatorId
    role: OperatorRole
    provinces: frozenset[Code] | None = None

    @model_validator(mode="after")
    def _provinces_fit_role(self) -> "Operator":
        if self.role is OperatorRole.CASE_OFFICER and not self.provinces:
            raise PydanticCustomError("provinces", "cán bộ thụ lý phải có provinces")
        if self.role is OperatorRole.AUDITOR and self.provinces is not None:
            raise PydanticCustomError("provinces", "kiểm toán không có provinces: nhật ký là của cả hệ thống")
        return self

    def expect_may_look(self) -> None:
        """Raises NotPermitted when their role sees no data of dossiers at all."""
        if self.role is OperatorRole.AUDITOR:
            raise NotPermitted(NotForThem.ROLE, "Vai trò kiểm toán xem nhật ký, không xem dữ liệu hồ sơ.")

    def sight_of(self, province_code: Code | None) -> Sight:
        """How they see the payloads of a dossier; its province is None where nobody knows. Raises NotPermitted."""
        self.expect_may_look()
        if self.provinces is not None and province_code not in self.provinces:
            raise NotPermitted(NotForThem.PROVINCE, f"Hồ sơ không thuộc tỉnh, thành phố của {self.id}.")
        return Sight.CLEAR if self.role is OperatorRole.CASE_OFFICER else Sight.MASKED

    def expect_may_read_trail(self) -> None:
        """Raises NotPermitted."""
        if self.role is not OperatorRole.AUDITOR:
            raise NotPermitted(NotForThem.ROLE, f"Vai trò {self.role.label} không xem nhật ký kiểm toán.")
