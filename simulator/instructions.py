"""What a person or a test tells one system to do with one dossier (`PUT /instructions/{dossier_code}/{system}`)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from models.base import Code, LongText, Model, Text
from models.messages import NoticeState

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


class SealFault(StrEnum):
    """What is wrong with the signature of a result paper."""

    UNSIGNED = "unsigned"
    BROKEN = "broken"
    """Changed after signing."""
    TWICE = "twice"
    """The seal was pressed twice (STANDARDS §2)."""
    OTHER_AUTHORITY = "other_authority"
    """By an authority that nobody knows."""


class ConsentReply(StrEnum):
    """What a person does with a consent request."""

    GRANTED = "granted"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    SILENT = "silent"


class Step(StrEnum):
    """The steps of a part through an office."""

    RECEIVED = "received"
    PASSED_ON = "passed_on"
    UNCLASSIFIED = "unclassified"
    SUPPLEMENT_REQUESTED = "supplement_requested"
    SUPPLEMENT_RECEIVED = "supplement_received"
    RETURNED = "returned"
    VERIFICATION = "verification"
    REFUSED = "refused"
    DECIDED = "decided"
    RESULT_DOCUMENT = "result_document"
    ACKNOWLEDGED = "acknowledged"
    CORRECTED = "corrected"


class Grounds(Model):
    """What a demand says (`models.facts.Demand` without its time); whatever is left out is not stated."""

    reason_code: Code | None = None
    documents: tuple[Code, ...] = ()
    fields: tuple[Code, ...] = ()
    legal_basis: LongText | None = None
    text: LongText | None = None


class CorrectionOrder(Model):
    """An office is to issue the result of a part anew (`POST /corrections/{dossier_code}/{system}`).

    `text` says why; `new_number`: under a number of its own; `leg`: of which part, where the office has several.
    """

    leg: Code | None = None
    text: LongText | None = None
    new_number: bool = False


class Instruction(Model):
    """How a system treats a dossier; the default is the straight path.

    `delay` is seconds before each event, in place of the simulator's pace; `answer_after` is seconds by which each
    answer to a message (POST) leaves late, when everything is done. The first `fail_times` messages (POST) fail
    as `fail_with` says, with `retry_after` as it stands and, for "code", `fail_code` as the phrase or code. `consents`
    answers by personal number or by role; `notice` is what is said of a birth or death notice. Look-ups never fail.

    Demands, in the order in which an office makes them: `unclassified` is free text without grounds; `supplement` is
    asked for `supplement_rounds` times, `returned` gives the dossier back, both before a verification unless
    `after_verification`; `refuse` refuses. After any of them the office waits for something more from us (after free
    text only if it `insists`), and after a refusal it is done; where the gateway does not accept the demand, it goes on
    as if it had not made it. Free text is followed, when we demand grounds, by the demand instructed beside it.
    `no_certificate`: the result paper is never issued; `lose`: these steps happen, but are not told until asked for.
    `seal_fault`: the result paper is signed badly; a better one is issued when the result is asked for.
    `legs`: the legs that all of this but failures is about, where the system has several; none named: all.
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
    seal_fault: SealFault | None = None
    lose: frozenset[Step] = frozenset()
    unclassified: LongText | None = None
    insists: bool = True
    supplement: Grounds | None = None
    supplement_rounds: int = Field(default=1, ge=1, le=5)
    returned: Grounds | None = None
    after_verification: bool = False
    refuse: Grounds | None = None
    consents: Mapping[str, ConsentReply] = {}
    notice: NoticeState | None = None
    legs: frozenset[Code] = frozenset()

    @property
    def grounds(self) -> Grounds | None:
        """What it gives as its grounds when we demand them after free text."""
        return self.supplement or self.returned or self.refuse

    def about(self, leg: str) -> "Instruction":
        """What it means for a leg: nothing but the pace, where it names other legs."""
        return self if not self.legs or leg in self.legs else Instruction(delay=self.delay)
