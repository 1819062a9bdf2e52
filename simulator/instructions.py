"""What a person or a test tells one system to do with one dossier (`PUT /instructions/{dossier_code}/{system}`)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from models.base import Model, Text
from models.dossier import Refusal
from models.messages import BirthNoticeState

EVERY_DOSSIER = "*"
"""In place of a dossier code: the default for all dossiers without an instruction of their own."""


class FailWith(StrEnum):
    """How a request goes wrong, when not with a plain HTTP status."""

    HTML = "html"
    """200 with a maintenance page."""

    PROBLEM = "problem"
    """422 with a problem document (RFC 9457)."""

    CODE = "code"
    """200 with an error code in the body."""

    DROP = "drop"
    """Everything is done, but the answer is lost on the way (502)."""


class ConsentReply(StrEnum):
    """What a person does with a consent request."""

    GRANTED = "granted"
    DECLINED = "declined"
    SILENT = "silent"


class Instruction(Model):
    """How a system treats a dossier; the default is the straight path.

    `delay` is seconds before each event, in place of the simulator's pace; `answer_after` is seconds by which each
    answer to a message (POST) leaves late, when everything is done. The first `fail_times` messages (POST) fail
    as `fail_with` says, with `retry_after` as it stands and, for "code", `fail_code` as the phrase or code. `consents`
    answers by personal number or by role. Look-ups never fail.
    """

    delay: float | None = Field(default=None, ge=0, le=86_400)
    answer_after: float = Field(default=0, ge=0, le=600)
    fail_times: int = Field(default=0, ge=0)
    fail_with: Annotated[int, Field(ge=400, le=599)] | FailWith = 503
    fail_code: Text | None = None
    retry_after: Text | None = None
    silent: bool = False
    verification: bool = False
    no_certificate: bool = False
    refuse: Refusal | None = None
    consents: Mapping[str, ConsentReply] = {}
    birth_notice: BirthNoticeState | None = None
