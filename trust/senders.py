"""Who sends (bên gửi): key rings from a configured TOML file, and signatures by Standard Webhooks 1.0 (HMAC-SHA256).

    [[senders]]
    id = "provincial-79"            # what CloudEvents name as their source
    system = "provincial"
    provinces = ["79"]              # absent: all of them
    certificates = ["5f1c…"]        # SHA-256 of the client certificates it comes with; absent: it needs none
    keys = [
      { secret = "whsec_…", until = 2027-01-31T00:00:00+07:00 },
      { secret = "whsec_…", from = 2027-01-01T00:00:00+07:00 },
    ]

A key is changed without a gap by two keys whose times overlap: either is good meanwhile.
"""

import base64
import hmac
import logging
import re
import secrets
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError
from standardwebhooks import Webhook

from models.base import Code, Model
from models.codes import province_meanings
from models.senders import MAY_SEND, MESSAGE_ID, SIGNATURE, TIMESTAMP, Sender
from models.systems import System

TOLERANCE = timedelta(minutes=5)
"""How far a request's timestamp may be from our clock, either way (Standard Webhooks)."""

PREFIX = "whsec_"
_KEY_BYTES = range(24, 65)
"""The sizes of a secret that Standard Webhooks allows."""

_SMALL_BODY = 8 * 1024
"""Up to here a body that names no sender is tried against every key, so that a rightful one hears what is wrong."""

logger = logging.getLogger("lienthong.senders")


class SendersUnusable(Exception):
    """The file of senders cannot be used; the message is Vietnamese, names line or sender, and no secret."""


class Stranger(Exception):
    """Nobody we know, or nobody who proves it: nothing more is said."""


class Untimely(Exception):
    """A known sender's request whose timestamp is too far from our clock: sent again, or its clock is wrong."""

    def __init__(self, sender: Sender) -> None:
        super().__init__(sender.id)
        self.sender = sender


def _fingerprint(stated: object) -> object:
    return stated.replace(":", "").lower() if isinstance(stated, str) else stated


Fingerprint = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), BeforeValidator(_fingerprint)]
"""SHA-256 of a certificate in DER, hexadecimal; colons and capitals, as OpenSSL prints them, are fine."""


class Key(Model):
    """A shared secret (`whsec_` and base64 of 24–64 bytes) and the instants between which it is good."""

    secret: SecretStr
    since: AwareDatetime | None = Field(default=None, alias="from")
    until: AwareDatetime | None = None

    @field_validator("secret")
    @classmethod
    def _usable(cls, secret: SecretStr) -> SecretStr:
        if len(_bytes(secret)) not in _KEY_BYTES:
            raise PydanticCustomError("secret", "phải là whsec_ và base64 của 24 đến 64 byte")
        return secret

    @model_validator(mode="after")
    def _some_time(self) -> "Key":
        if self.since and self.until and self.since >= self.until:
            raise PydanticCustomError("times", "from phải trước until")
        return self

    def good(self, at: datetime) -> bool:
        """Whether it may be used at that instant; no longer at `until`."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


class RegisteredSender(Sender):
    """A sender with its key ring, and the certificates one of which it comes with, if any are named."""

    keys: tuple[Key, ...] = Field(min_length=1)
    certificates: tuple[Fingerprint, ...] = ()

    @field_validator("provinces")
    @classmethod
    def _known_provinces(cls, codes: frozenset[Code] | None) -> frozenset[Code] | None:
        if codes is not None and (not codes or not all(map(province_meanings, codes))):
            raise PydanticCustomError("provinces", "phải là mã tỉnh có thật; phục vụ mọi tỉnh thì bỏ dòng này")
        return codes

    def signed(self, message_id: str, body: bytes, now: datetime) -> dict[str, str]:
        """The headers of a request with that body, signed with every key good now."""
        text = body.decode()
        signatures = (_webhook(key).sign(message_id, now, text) for key in self.keys if key.good(now))
        return {
            MESSAGE_ID: message_id,
            TIMESTAMP: str(int(now.timestamp())),
            SIGNATURE: " ".join(signatures),
        }


@dataclass(frozen=True)
class SignedRequest:
    """What shows who sends: headers (lower-case names), the body as it came, the client certificate if one is known."""

    headers: Mapping[str, str]
    body: bytes
    certificate: Fingerprint | None = None


@dataclass(frozen=True)
class _Stated:
    """The headers, read without judging; what cannot be read is as if signed by nobody long ago.

    Raises Stranger for a body that is not UTF-8: Standard Webhooks sign text.
    """

    message_id: str
    at: datetime
    signatures: tuple[bytes, ...]
    text: str

    @classmethod
    def of(cls, request: SignedRequest) -> "_Stated":
        stamp = request.headers.get(TIMESTAMP, "")
        try:
            text = request.body.decode()
        except UnicodeDecodeError:
            raise Stranger from None
        return cls(
            request.headers.get(MESSAGE_ID, ""),
            datetime.fromtimestamp(int(stamp) if re.fullmatch("[0-9]{1,11}", stamp) else 0, UTC),
            tuple(_signatures(request.headers.get(SIGNATURE, ""))),
            text,
        )


class Senders:
    """Those who may send."""

    def __init__(self, registered: Iterable[RegisteredSender]) -> None:
        self._by_id = {sender.id: sender for sender in registered}
        longest = max((len(sender.keys) for sender in self._by_id.values()), default=1)
        self._decoys = tuple(Webhook(secrets.token_bytes(32)) for _ in range(longest))
        self._rings = {
            sender.id: (*map(_webhook, sender.keys), *self._decoys[len(sender.keys) :])
            for sender in self._by_id.values()
        }

    def __iter__(self) -> Iterator[RegisteredSender]:
        return iter(self._by_id.values())

    def __getitem__(self, id_: str) -> RegisteredSender:
        return self._by_id[id_]

    @classmethod
    def load(cls, path: Path) -> "Senders":
        """From a file. Raises SendersUnusable with everything wrong in it."""
        try:
            file = tomllib.loads(path.read_text("utf-8"))
        except tomllib.TOMLDecodeError as error:  # its text may quote the line, and so a secret
            line = re.search(r"at line (\d+)", str(error))
            raise _unusable(path, [f"sai cú pháp TOML ở {f'dòng {line[1]}' if line else 'cuối tệp'}"]) from None
        except (OSError, UnicodeDecodeError) as error:
            raise _unusable(path, [f"không đọc được ({type(error).__name__})"]) from None
        rows = file.get("senders")
        if not isinstance(rows, list) or not rows or set(file) != {"senders"}:
            raise _unusable(path, ["phải gồm các mục [[senders]], và chỉ các mục ấy"])
        problems: list[str] = []
        senders: list[RegisteredSender] = []
        for place, row in enumerate(rows, 1):
            try:
                senders.append(RegisteredSender.model_validate(row))
            except ValidationError as error:
                problems += (f"{_called(row, place)}: {problem}" for problem in _problems(error))
        if problems := problems or list(_conflicts(senders)):
            raise _unusable(path, problems)
        return cls(senders)

    def of_system(self, system: System) -> RegisteredSender | None:
        """The first sender of a system."""
        return next((sender for sender in self if sender.system is system), None)

    def identify(self, request: SignedRequest, now: datetime) -> RegisteredSender:
        """Who sent this. Raises Stranger, Untimely.

        Whoever is refused was compared with as many keys as the longest ring has, known or not: time tells nothing.
        """
        stated = _Stated.of(request)
        sender = next((one for one in self._candidates(request.body) if self._signed_by(one, stated, now)), None)
        if sender is None:
            raise Stranger
        if sender.certificates and request.certificate not in sender.certificates:
            logger.warning("bên gửi %s: chữ ký đúng nhưng thiếu hoặc sai chứng thư máy khách", sender.id)
            raise Stranger
        if abs(now - stated.at) > TOLERANCE:
            raise Untimely(sender)
        return sender

    def _candidates(self, body: bytes) -> tuple[RegisteredSender | None, ...]:
        """Whom the body names, None for somebody unknown; a small one that cannot be read may be anybody's."""
        try:
            return (self._by_id.get(_Envelope.model_validate_json(body).source),)
        except ValidationError:
            return tuple(self) if len(body) <= _SMALL_BODY else (None,)

    def _signed_by(self, sender: RegisteredSender | None, stated: _Stated, now: datetime) -> bool:
        matches = [_matches(key, stated) for key in (self._rings[sender.id] if sender else self._decoys)]
        if sender is None:
            return False
        good = [key.good(now) for key, match in zip(sender.keys, matches, strict=False) if match]
        if good and not any(good):
            logger.warning("bên gửi %s: ký bằng khóa ngoài thời hạn", sender.id)
        return any(good)


def new_secret() -> str:
    """A secret for a new key."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode("ascii")


def for_training() -> str:
    """A file of senders with new keys: each system is one, named as itself, and serves all provinces."""
    rows = (
        f'[[senders]]\nid = "{system.value}"\nsystem = "{system.value}"\nkeys = [{{ secret = "{new_secret()}" }}]\n'
        for system in sorted(frozenset[System]().union(*MAY_SEND.values()))
    )
    return "\n".join(rows)


class _Envelope(BaseModel):
    """The little that is read before it is known who sends."""

    source: str


def _matches(webhook: Webhook, stated: _Stated) -> bool:
    expected = base64.b64decode(webhook.sign(stated.message_id, stated.at, stated.text).removeprefix("v1,"))
    return sum(hmac.compare_digest(expected, signature) for signature in stated.signatures) > 0  # all, whichever fits


def _signatures(header: str) -> Iterator[bytes]:
    for one in header.split():
        version, _, encoded = one.partition(",")
        if version == "v1":
            try:
                yield base64.b64decode(encoded, validate=True)
            except ValueError:
                continue


def _webhook(key: Key) -> Webhook:
    return Webhook(_bytes(key.secret))


def _bytes(secret: SecretStr) -> bytes:
    """What the secret stands for, nothing when it cannot be read."""
    text = secret.get_secret_value()
    try:
        return base64.b64decode(text.removeprefix(PREFIX), validate=True) if text.startswith(PREFIX) else b""
    except ValueError:
        return b""


def _called(row: Any, place: int) -> str:
    name = row.get("id") if isinstance(row, dict) else None
    return f"mục {place}" + (f" ({name})" if isinstance(name, str) and re.fullmatch(r"[\w.:/+-]{1,80}", name) else "")


def _problems(error: ValidationError) -> Iterator[str]:
    """What is wrong where, without what stands there."""
    for one in error.errors(include_input=False, include_url=False, include_context=False):
        place = ".".join(str(part + 1 if isinstance(part, int) else part) for part in one["loc"])
        yield f"{place or 'cả mục'}: {one['msg']}"


def _conflicts(senders: Iterable[RegisteredSender]) -> Iterator[str]:
    ids: set[str] = set()
    owners: dict[bytes, str] = {}
    for sender in senders:
        if sender.id in ids:
            yield f"{sender.id}: có hai mục cùng id"
        ids.add(sender.id)
        for key in sender.keys:
            if owners.setdefault(_bytes(key.secret), sender.id) != sender.id:
                yield f"{sender.id}: dùng chung khóa với {owners[_bytes(key.secret)]}; mỗi bên gửi một khóa riêng"


def _unusable(path: Path, problems: Iterable[str]) -> SendersUnusable:
    return SendersUnusable(f"Tệp bên gửi {path} không dùng được: {'; '.join(problems)}.")
