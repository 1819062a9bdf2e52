"""Who looks (người vận hành): bearer tokens of operators from a configured TOML file, and the seam for other log-ins.

    [[operators]]
    id = "nguyen-van-a"
    role = "case_officer"           # support, case_officer, auditor
    provinces = ["79"]              # a case officer's; support without it: all
    token_sha256 = "5f1c…"          # of the token; the token itself is with its owner only
    until = 2027-01-31T00:00:00+07:00

A token is 256 random bits, so its plain SHA-256 gives nothing away.
"""

import hashlib
import re
import secrets
import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Protocol

from pydantic import AwareDatetime, StringConstraints, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from models.base import Code, Model, legal_date
from models.codes import province_meanings, provinces
from models.operators import Operator, OperatorRole
from settings import Settings
from trust.keys import OF_OTHERS
from trust.services import service_of

PREFIX = "lto_"
"""What a token begins with, so that one in the wrong place is recognised."""

_TOKEN_BYTES = 32
_TRAINING_DAYS = 30

_NO_OPERATORS = (
    "Máy chủ giải mã cần LIENTHONG_OPERATORS: tệp người vận hành và mã băm token của họ (docs/running.md). "
    "Tạo token: lienthong operators token; kiểm tra tệp: lienthong operators check."
)


class OperatorsUnusable(Exception):
    """The file of operators cannot be used; the message is Vietnamese and shows no token."""


class Unidentified(Exception):
    """Nobody we know: nothing more is said."""


class Expired(Unidentified):
    """The token of a known operator, after its end."""

    def __init__(self, operator: Operator) -> None:
        super().__init__(operator.id)
        self.operator = operator


class Identified(Model):
    """Who it is, and until when that is certain."""

    operator: Operator
    until: AwareDatetime


class Identify(Protocol):
    """Whoever says whose a bearer token is: our file, or a log-in service (OpenID Connect) in its place."""

    def identify(self, token: str, now: datetime) -> Identified:
        """Whose token it is at that instant. May block. Raises Unidentified, Expired."""
        ...


class RegisteredOperator(Operator):
    """An operator with the SHA-256 of their token, and the instant from which it is good no longer."""

    token_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    until: AwareDatetime

    @field_validator("provinces")
    @classmethod
    def _known_provinces(cls, codes: frozenset[Code] | None) -> frozenset[Code] | None:
        if codes is not None and (not codes or not all(map(province_meanings, codes))):
            raise PydanticCustomError("provinces", "phải là mã tỉnh có thật")
        return codes


class Operators:
    """Those of a file."""

    def __init__(self, registered: Iterable[RegisteredOperator]) -> None:
        self._by_token = {operator.token_sha256: operator for operator in registered}

    def __iter__(self) -> Iterator[RegisteredOperator]:
        return iter(self._by_token.values())

    @classmethod
    def load(cls, path: Path) -> "Operators":
        """From a file. Raises OperatorsUnusable with everything wrong in it."""
        try:
            file = tomllib.loads(path.read_text("utf-8"))
        except tomllib.TOMLDecodeError as error:  # its text may quote the line, and somebody may have put a token there
            line = re.search(r"at line (\d+)", str(error))
            raise _unusable(path, [f"sai cú pháp TOML ở {f'dòng {line[1]}' if line else 'cuối tệp'}"]) from None
        except (OSError, UnicodeDecodeError) as error:
            raise _unusable(path, [f"không đọc được ({type(error).__name__})"]) from None
        rows = file.get("operators")
        if not isinstance(rows, list) or not rows or set(file) != {"operators"}:
            raise _unusable(path, ["phải gồm các mục [[operators]], và chỉ các mục ấy"])
        problems: list[str] = []
        operators: list[RegisteredOperator] = []
        for place, row in enumerate(rows, 1):
            try:
                operators.append(RegisteredOperator.model_validate(row))
            except ValidationError as error:
                problems += (f"{_called(row, place)}: {problem}" for problem in problems_of(error))
        if problems := problems or list(_conflicts(operators)):
            raise _unusable(path, problems)
        return cls(operators)

    def identify(self, token: str, now: datetime) -> Identified:
        """Whose token it is. Raises Unidentified, Expired."""
        operator = self._by_token.get(digest_of(token))
        if operator is None:
            raise Unidentified
        if operator.until <= now:
            raise Expired(operator)
        return Identified(operator=operator, until=operator.until)


def operators_of(settings: Settings) -> Identify:
    """Who identifies operators: the log-in service of the settings, else their file.

    Raises OperatorsUnusable, and BadSettings for a service that cannot be had.
    """
    if settings.operator_service:
        service: Identify = service_of("LIENTHONG_OPERATOR_SERVICE", settings.operator_service)
        return service
    file = settings.operators
    if file is None:
        raise OperatorsUnusable(_NO_OPERATORS)
    operators = Operators.load(file)
    if file.stat().st_mode & OF_OTHERS:
        raise OperatorsUnusable(f"Người khác đọc hoặc sửa được {file}: chmod 600.")
    return operators


def new_token() -> str:
    """A token for an operator."""
    return PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)


def digest_of(token: str) -> str:
    """What the file has of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def row_of(operator_id: str, role: OperatorRole, provinces: Iterable[str], token: str, until: datetime) -> str:
    """An entry of the file."""
    codes = ", ".join(f'"{code}"' for code in sorted(provinces))
    return (
        f'[[operators]]\nid = "{operator_id}"\nrole = "{role.value}"\n'
        + (f"provinces = [{codes}]\n" if codes else "")
        + f'token_sha256 = "{digest_of(token)}"\nuntil = {until.isoformat()}\n'
    )


def for_training() -> tuple[str, dict[OperatorRole, str]]:
    """A file of operators, one of each role, named as it, good for 30 days; and their tokens."""
    tokens = {role: new_token() for role in OperatorRole}
    now = datetime.now(UTC).replace(microsecond=0)
    everywhere = [province.code for province in provinces(legal_date(now))]
    rows = (
        row_of(
            role.value,
            role,
            everywhere if role is OperatorRole.CASE_OFFICER else (),
            token,
            now + timedelta(days=_TRAINING_DAYS),
        )
        for role, token in tokens.items()
    )
    return "\n".join(rows), tokens


def _called(row: Any, place: int) -> str:
    name = row.get("id") if isinstance(row, dict) else None
    return f"mục {place}" + (f" ({name})" if isinstance(name, str) and re.fullmatch(r"[\w.:/+@-]{1,80}", name) else "")


def problems_of(error: ValidationError) -> Iterator[str]:
    """What is wrong where, without what stands there."""
    for one in error.errors(include_input=False, include_url=False, include_context=False):
        place = ".".join(str(part + 1 if isinstance(part, int) else part) for part in one["loc"])
        yield f"{place or 'cả mục'}: {one['msg']}"


def _conflicts(operators: Iterable[RegisteredOperator]) -> Iterator[str]:
    ids: set[Code] = set()
    owners: dict[str, Code] = {}
    for operator in operators:
        if operator.id in ids:
            yield f"{operator.id}: có hai mục cùng id"
        ids.add(operator.id)
        if (owner := owners.setdefault(operator.token_sha256, operator.id)) != operator.id:
            yield f"{operator.id}: dùng chung token với {owner}; mỗi người một token riêng"


def _unusable(path: Path, problems: Iterable[str]) -> OperatorsUnusable:
    return OperatorsUnusable(f"Tệp người vận hành {path} không dùng được: {'; '.join(problems)}.")
